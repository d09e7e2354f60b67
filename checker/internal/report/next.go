package report

import (
	"fmt"
	"regexp"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
)

// next says where to go from a failure.
func (r *Report) next(f *Failure) []string {
	if below, ok := r.unwritten(f); ok {
		return r.writeFirst(below)
	}
	var lines []string
	if !r.panicked(f) && !r.timedOut(f) && f.Test.Outcome != gotest.Unfinished && len(r.races(f.Test.Name)) == 0 {
		lines = r.code(f) // otherwise the place is there already
	}
	var places []string
	if below := r.below(f); below != "" {
		places = append(places, below)
	} else if f.Task.ID != "" && f.Task.Hints[0] != "" {
		places = append(places, r.Shop.Command("hint", "TASK="+f.Task.ID))
	}
	if chapter := r.Shop.Chapter(r.Step); chapter != "" {
		places = append(places, chapter)
	}
	if len(places) == 0 {
		places = append(places, "change it, save, and run the tests again: "+r.again())
	}
	next := label("next", strings.Join(places, " · "))
	next[0] = strings.Replace(next[0], places[0], r.Shop.Style.Bold(places[0]), 1)
	return append(lines, next...)
}

// code says where the task is to be written: the place that the test is most likely
// about first.
func (r *Report) code(f *Failure) []string {
	const most = 3
	name := "code"
	var lines []string
	todos := r.tree.Todos(r.Step.Dir, f.Task.ID)
	n := min(r.likely(f, todos), most)
	for _, todo := range todos[:n] {
		text := fmt.Sprintf("%s:%d, %s", todo.File, todo.Line, todo.Func)
		if todo.Text != "" {
			text += ": " + todo.Text
		}
		lines = append(lines, label(name, text)...)
		name = ""
	}
	if rest := len(todos) - n; rest > 0 {
		lines = append(lines, fmt.Sprintf("%sand %s more", under, show.Count(rest, "place")))
	}
	return lines
}

// below returns the command that tests the earlier step in which the program
// crashed, or "" if it did not crash there.
func (r *Report) below(f *Failure) string {
	if !r.panicked(f) {
		return ""
	}
	frame, ok := ownFrame(r.Package.Panic.Stack)
	step, err := r.Shop.Course.Step(source.StepOf(frame.File))
	if !ok || err != nil || step.Number == r.Step.Number {
		return ""
	}
	return r.Shop.Command("test", fmt.Sprintf("STEP=%d", step.Number))
}

// notWritten is what a starter's functions return instead of a result.
var notWritten = regexp.MustCompile(`task (\d+)\.\d+ is not written yet`)

// unwritten returns the earlier step that has to be written before the test can
// be green, if that is known: it is not begun, or the test ran into a task of it.
func (r *Report) unwritten(f *Failure) (course.Step, bool) {
	if r.Base == "reference" {
		return course.Step{}, false
	}
	if len(r.Below) > 0 {
		return r.Below[0], true
	}
	m := notWritten.FindStringSubmatch(strings.Join(f.Test.Output, "\n"))
	if m == nil {
		return course.Step{}, false
	}
	step, err := r.Shop.Course.Step(m[1])
	return step, err == nil && step.Number < r.Step.Number
}

// writeFirst says what to do about an earlier step that is not written.
func (r *Report) writeFirst(below course.Step) []string {
	n := r.Step.Number
	lines := label("note", fmt.Sprintf("step %d stands on step %d, %s, which is not written yet", n, below.Number, below.Title))
	choices := [][2]string{{r.Shop.Command("test", fmt.Sprintf("STEP=%d", below.Number)), "write that one first"}}
	if r.Shop.HasReference(below) {
		choices = append(choices, [2]string{r.Shop.Command("test", fmt.Sprintf("STEP=%d", n), "BASE=reference"), "or go on with the reference's"})
	}
	return append(lines, indentAll(show.Choices(choices))...)
}

// indentAll puts the indent of a failure before each line.
func indentAll(lines []string) []string {
	for i, line := range lines {
		lines[i] = indent + line
	}
	return lines
}
