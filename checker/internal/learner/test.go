package learner

import (
	"context"
	"flag"
	"fmt"
	"path"
	"strings"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/report"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

// patience is how long nothing may be said before the learner hears why.
const patience = 4 * time.Second

// Test runs the tests of one step, or of one task, and prints the report.
func Test(ctx context.Context, w *workshop.Workshop, args []string) int {
	step, o, err := testArgs(w, args)
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	defer Soothe(w)()
	at := Place{Step: step}
	named := step.Number != 0
	if !named {
		at, err = Current(ctx, w)
	}
	if err == nil && (named || o.Race || o.Base != "") {
		at.Package, err = first(Run(ctx, w, o, at.Step))
	}
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	return Report(w, at, o)
}

// first returns the first of the packages.
func first[T any](all []T, err error) (one T, _ error) {
	if err != nil {
		return one, err
	}
	return all[0], nil
}

// Report prints what became of a step's tests, remembers it, and returns the
// status to exit with.
func Report(w *workshop.Workshop, at Place, o Options) int {
	r := &report.Report{Shop: w, Step: at.Step, Package: at.Package, Task: o.Task, All: o.All, Base: o.Base, Race: o.Race}
	if o.Base == "" && !at.Package.OK() {
		for _, s := range dependencies(w, at.Step) {
			if Untouched(w, s) {
				r.Below = append(r.Below, s)
			}
		}
	}
	r.Notes = differences(w, at)
	r.Print()
	Remember(w, r)
	if at.Package.OK() {
		return workshop.Green
	}
	return workshop.Red
}

// differences says what is not as it was handed out, where it should be: the tests, and
// if the step does not compile, the files of the starter.
func differences(w *workshop.Workshop, at Place) (notes []string) {
	changed, gone := starter.Handout(w.Root, at.Step.Dir)
	for _, file := range changed {
		notes = append(notes, fmt.Sprintf("%s is not the test that was handed out, so its word does not count: git checkout %s brings it back", path.Base(file), file))
	}
	for _, file := range gone {
		if strings.HasSuffix(file, "_test.go") || len(at.Package.Build) > 0 {
			notes = append(notes, fmt.Sprintf("%s is gone, which was handed out: git checkout %s brings it back", path.Base(file), file))
		}
	}
	return notes
}

// testArgs reads the arguments of test. No step stands for the current one.
func testArgs(w *workshop.Workshop, args []string) (step course.Step, o Options, err error) {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.StringVar(&o.Task, "task", "", "run the tests of this task only, such as `3.2`")
	flags.StringVar(&o.Base, "base", "", "`reference` lays the reference under your earlier steps")
	flags.BoolVar(&o.Race, "race", false, "watch for data races; needs a C compiler")
	flags.BoolVar(&o.All, "all", false, "show every red test in full")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(1, "test", names)
	}
	if err != nil {
		return step, o, err
	}
	if o.Base, err = baseOf("test", o.Base); err != nil {
		return step, o, err
	}
	if len(names) == 1 && o.Task == "" && isTask(names[0]) {
		o.Task, names = names[0], nil
	}
	if o.Task != "" {
		s, task, err := w.Task(o.Task)
		if err != nil {
			return step, o, err
		}
		if len(names) == 1 && names[0] != fmt.Sprint(s.Number) {
			return step, o, fmt.Errorf("test: task %s is not one of step %s; leave the step out", o.Task, names[0])
		}
		o.Task = task.ID
		return s, o, nil
	}
	if len(names) == 1 {
		step, err = w.Step(names[0])
	}
	return step, o, err
}

// baseOf returns what a flag -base stands for: "" for the learner's own earlier steps.
func baseOf(command, base string) (string, error) {
	switch base {
	case "", "reference":
		return base, nil
	case "mine":
		return "", nil
	}
	return "", fmt.Errorf("%s: -base %s: the earlier steps are mine, which is what happens anyway, or reference", command, base)
}

// isTask reports whether a name looks like "3.2".
func isTask(name string) bool {
	var n, m int
	_, err := fmt.Sscanf(name, "%d.%d", &n, &m)
	return err == nil
}

// Soothe says why nothing is said, if nothing was said for some time. The caller
// calls what it returns when there is something to say.
func Soothe(w *workshop.Workshop) (stop func()) {
	if !w.Tty {
		return func() {}
	}
	timer := time.AfterFunc(patience, func() {
		fmt.Fprintf(w.Err, "Still working. The first run compiles a lot, once; a test that hangs is\nstopped after %v.\n\n", timeLimit)
	})
	return func() { timer.Stop() }
}
