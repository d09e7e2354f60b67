package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/learner"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// below returns the earlier steps that the learner's program in dir is made of. There are
// none where go cannot tell: then it does not build either, and that says why.
func below(ctx context.Context, w *workshop.Workshop, step course.Step, dir string) []course.Step {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "./"+dir)
	cmd.Dir = w.Root
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	imported := make(map[string]bool)
	for path := range strings.FieldsSeq(string(out)) {
		imported[path] = true
	}
	var steps []course.Step
	for _, s := range w.Course.Steps {
		if s.Number < step.Number && imported["barewire/steps/"+s.Dir] {
			steps = append(steps, s)
		}
	}
	return steps
}

// refuse says that a program cannot run since some of the steps that it is made of are
// not begun, or returns false. About tasks of theirs that are not written it says no more
// than that: the program may do without them.
func refuse(w *workshop.Workshop, step course.Step, below []course.Step) bool {
	var untouched []course.Step
	var tasks []string
	for _, s := range below {
		if learner.Untouched(w, s) {
			untouched = append(untouched, s)
		} else {
			tasks = append(tasks, unwritten(w, s)...)
		}
	}
	onReference := w.Command("run", fmt.Sprintf("STEP=%d", step.Number), "BASE=reference")
	has := !slices.ContainsFunc(below, func(s course.Step) bool { return !w.HasReference(s) })
	if len(untouched) == 0 {
		if len(tasks) > 0 && has {
			w.Lines(show.Hang("note   ", fmt.Sprintf("%s not written yet. If the program ends because of that, type: %s",
				isAre("task", tasks), onReference))...)
			w.Lines("")
		}
		return false
	}
	var numbers []string
	for _, s := range untouched {
		numbers = append(numbers, fmt.Sprint(s.Number))
	}
	w.Lines(show.Wrap(fmt.Sprintf("The program of step %d, %s, stands on earlier steps, and %s not written yet.",
		step.Number, step.Title, isAre("step", numbers)), show.Width)...)
	write := w.Command("test", fmt.Sprintf("STEP=%d", untouched[0].Number))
	if has {
		w.Lines("", "next   "+w.Style.Bold(onReference)+"   puts the reference in their place", "       "+write+"   to write them")
	} else {
		w.Lines("", "next   "+w.Style.Bold(write)+"   to write them")
	}
	return true
}

// isAre is the beginning of a sentence about one thing or several.
func isAre(noun string, items []string) string {
	if len(items) == 1 {
		return noun + " " + items[0] + " is"
	}
	return noun + "s " + show.List(items) + " are"
}

// notWritten is what the starter's functions return that have an error to return.
var notWritten = regexp.MustCompile(`errors\.New\("task (\d+\.\d+) is not written yet"\)`)

// unwritten returns the tasks of a step that are known not to be written.
func unwritten(w *workshop.Workshop, s course.Step) []string {
	var tasks []string
	seen := make(map[string]bool)
	dir := "steps/" + s.Dir
	entries, _ := os.ReadDir(w.Path(dir)) // it has just been built from
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, _ := os.ReadFile(w.Path(dir + "/" + e.Name()))
		for _, m := range notWritten.FindAllStringSubmatch(string(text), -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				tasks = append(tasks, m[1])
			}
		}
	}
	return tasks
}

// onReference writes the overlay that lays the reference under a step, and returns the
// flag for go. The caller calls end when go has ended.
func onReference(w *workshop.Workshop, step course.Step) (flag string, end func() error, err error) {
	plan, err := learner.OnReference(w, step)
	if err != nil {
		return "", nil, err
	}
	file, end, err := plan.Write()
	return "-overlay=" + file, end, err
}
