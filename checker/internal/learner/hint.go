package learner

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/report"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
	"barewire/checker/internal/workshop"
)

// lastHint is how many hints a task has.
const lastHint = 3

// Hint shows a hint for a task, or for the first red one of a step: the first, and each
// time it is asked for again while the same test is red, one more.
func Hint(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("hint", flag.ContinueOnError)
	level := flags.Int("level", 0, "show this hint, `1`, 2 or 3, instead of one more")
	base := flags.String("base", "", "reference: a step's tests run on the `reference`'s earlier steps")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(1, "hint", names)
	}
	if err == nil {
		*base, err = baseOf("hint", *base)
	}
	if err == nil && (*level < 0 || *level > lastHint) {
		err = fmt.Errorf("hint: there is no hint %d; a task has hints 1, 2 and 3", *level)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	var step course.Step
	var task course.Task
	if len(names) == 1 && strings.Contains(names[0], ".") {
		if step, task, err = w.Task(names[0]); err != nil {
			return w.Fail(workshop.Usage, err)
		}
	} else {
		if len(names) == 1 {
			if step, err = w.Step(names[0]); err != nil {
				return w.Fail(workshop.Usage, err)
			}
		}
		defer Soothe(w)()
		at, o, err := place(ctx, w, step, *base)
		if err != nil {
			return w.Fail(workshop.Red, err)
		}
		var status int
		if step, task, status = redTask(w, at, o); task.ID == "" {
			return status
		}
		if len(names) == 0 {
			elsewhere(w, step)
		}
	}
	return showHint(w, step, task, *level)
}

// place is what became of the tests of a step, or of the step that the learner is on if
// none is named. Where the last run was red with the race detector, that watches again:
// what it has found is not red without it.
func place(ctx context.Context, w *workshop.Workshop, step course.Step, base string) (at Place, o Options, err error) {
	o.Base = base
	raced := w.State().Raced
	for _, s := range w.StepsHere() {
		if s.Number == raced && (step.Number == raced || step.Number == 0) {
			step, o.Race = s, true
		}
	}
	if step.Number == 0 {
		at, err = Current(ctx, w)
		return at, o, err
	}
	at.Step = step
	at.Package, err = first(Run(ctx, w, o, step))
	return at, o, err
}

// elsewhere says how to get hints for a later step that is begun, where the first red
// one is not: its writer works on the reference's earlier steps.
func elsewhere(w *workshop.Workshop, step course.Step) {
	if !Untouched(w, step) {
		return
	}
	for _, s := range slices.Backward(w.StepsHere()) {
		if s.Number > step.Number && len(s.Tasks) > 0 && !Untouched(w, s) {
			w.Lines(show.Hang("note  ", fmt.Sprintf("step %d is not begun, and step %d is: %s is for a task of that one",
				step.Number, s.Number, w.Command("hint", "TASK="+s.Tasks[0].ID)))...)
			w.Lines("")
			return
		}
	}
}

// redTask returns the task of the first red test. Where there is none it says
// why, and returns the status to exit with.
func redTask(w *workshop.Workshop, at Place, o Options) (course.Step, course.Task, int) {
	if at.Green {
		w.Lines("Nothing is red: every step that is here is done.")
		return at.Step, course.Task{}, workshop.Green
	}
	if at.Package.OK() {
		w.Lines(fmt.Sprintf("Nothing is red in step %d.", at.Step.Number))
		return at.Step, course.Task{}, workshop.Green
	}
	r := &report.Report{Shop: w, Step: at.Step, Package: at.Package, Base: o.Base, Race: o.Race}
	Remember(w, r)
	first := report.FirstRed(r.Tasks())
	if first == nil || first.Task.Hints[0] == "" {
		r.Print() // it does not compile, or not one test ran: the report is the hint
		return at.Step, course.Task{}, workshop.Red
	}
	return at.Step, first.Task.Task, workshop.Red
}

// showHint prints a hint of the task and remembers which.
func showHint(w *workshop.Workshop, step course.Step, task course.Task, level int) int {
	state := w.State()
	failure := state.Failures[task.ID]
	hints, kind := task.HintsFor(failure.Test, failure.Said)
	seen := state.Hints[task.ID]
	if seen.Failure != failure.Test || seen.Kind != kind {
		seen = workshop.Hinted{Failure: failure.Test, Kind: kind}
	}
	again := seen.Level == lastHint && level == 0
	if level == 0 {
		level = min(seen.Level+1, lastHint)
	}
	seen.Level = max(seen.Level, level)
	state.Hints[task.ID] = seen
	if err := w.Save(state); err != nil {
		return w.Fail(workshop.Red, fmt.Errorf("hint: cannot remember which hints were shown: %w", err))
	}
	w.Lines(w.Style.Bold(fmt.Sprintf("Hint %d of %d for %s %s", level, lastHint, task.ID, task.Title)))
	if again {
		w.Lines("(this was the last one; here it is again)")
	}
	if failure.Test != "" {
		w.Lines(show.Hang("red now: ", sentence(w, step, failure.Test))...)
	}
	if level == 1 && kind == "" {
		w.Lines("")
		w.Lines(show.Markdown(task.What, "")...)
	}
	w.Lines("")
	w.Lines(show.Markdown(hints[level-1], "  ")...)
	w.Lines("")
	w.Lines(afterHint(w, step, task, level, state.Raced == step.Number)...)
	return workshop.Green
}

// sentence says what a test checks.
func sentence(w *workshop.Workshop, step course.Step, test string) string {
	if row := source.New(w.Root).Row(step.Dir, test); row.Sentence != "" {
		return row.Sentence
	}
	return test
}

// afterHint says what can be done with a hint, or without one.
func afterHint(w *workshop.Workshop, step course.Step, task course.Task, level int, race bool) []string {
	id := "TASK=" + task.ID
	again := []string{id}
	if race {
		again = append(again, "RACE=1")
	}
	if slices.ContainsFunc(dependencies(w, step), func(s course.Step) bool { return Untouched(w, s) && w.HasReference(s) }) {
		again = append(again, "BASE=reference")
	}
	choices := [][2]string{{w.Command("test", again...), "after your change"}}
	if level < lastHint {
		choices = append(choices, [2]string{w.Command("hint", id), "one more hint"})
	} else if w.HasReference(step) {
		choices = append(choices, [2]string{w.Command("solution", fmt.Sprintf("STEP=%d", step.Number)), "the reference, beside your code"})
	}
	if chapter := w.Chapter(step); chapter != "" {
		choices = append(choices, [2]string{chapter, "the chapter"})
	}
	return show.Choices(choices)
}

// FirstRed returns the task of the first red test, with its hints, or none.
func FirstRed(step course.Step, p *gotest.Package) course.Task {
	if p == nil {
		return course.Task{}
	}
	if first := report.FirstRed(report.TasksOf(step, p)); first != nil && first.Task.Hints[0] != "" {
		return first.Task.Task
	}
	return course.Task{}
}
