// Package report prints what a run of a step's tests says to the one who wrote
// the step: the tasks and how far they are, then the first red test in full,
// with the bytes, what was wanted, what came, and where to go next.
//
// It leaves out running anything. Read report.go first, then tasks.go, which
// sorts tests by task, then failure.go, next.go and likely.go; build.go and crash.go are for
// programs that do not compile or do not go on, and words.go says it plainly.
package report

import (
	"fmt"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
	"barewire/checker/internal/workshop"
)

// A Report is the result of a run of one step's tests.
type Report struct {
	Shop    *workshop.Workshop
	Step    course.Step
	Package *gotest.Package
	Task    string        // the only task whose tests ran, such as "3.2", or ""
	All     bool          // show every red test in full
	Base    string        // "reference" if the earlier steps are the reference's
	Race    bool          // the race detector watched
	Notes   []string      // what to know before all else, a sentence each
	Below   []course.Step // earlier steps that this one stands on and that are not begun

	tree  *source.Tree
	tasks []*Task
}

// Tasks returns the tasks of the step, with what became of their tests.
func (r *Report) Tasks() []*Task {
	if r.tasks == nil {
		for _, t := range TasksOf(r.Step, r.Package) {
			if r.Task == "" || t.ID == r.Task {
				r.tasks = append(r.tasks, t)
			}
		}
	}
	return r.tasks
}

// read makes the sources at hand, in which everything has its place.
func (r *Report) read() {
	if r.tree == nil {
		r.tree = source.New(r.Shop.Root)
	}
}

// Print prints the report.
func (r *Report) Print() {
	r.read()
	r.Shop.Lines(r.title(), "")
	for _, note := range r.Notes {
		r.Shop.Lines(append(show.Hang("note   ", note), "")...)
	}
	switch {
	case len(r.Package.Build) > 0:
		r.Shop.Lines(r.build()...)
	case r.Package.OK():
		r.Shop.Lines(r.green()...)
	default:
		r.Shop.Lines(r.table()...)
		r.Shop.Lines("")
		r.Shop.Lines(r.red()...)
	}
}

// title says which step was run, and how.
func (r *Report) title() string {
	title := fmt.Sprintf("Step %d of %d: %s", r.Step.Number, len(r.Shop.Course.Steps), r.Step.Title)
	var notes []string
	if r.Base == "reference" {
		notes = append(notes, "on the reference's earlier steps")
	}
	if r.Race {
		notes = append(notes, "with the race detector")
	}
	if len(notes) > 0 {
		title += " (" + strings.Join(notes, ", ") + ")"
	}
	return r.Shop.Style.Bold(title)
}

// table has a line for each task.
func (r *Report) table() []string {
	width := 0
	for _, t := range r.Tasks() {
		width = max(width, len([]rune(t.Name())))
	}
	width = min(width, 40)
	here := slices.IndexFunc(r.Tasks(), func(t *Task) bool { return !t.Done() && (len(t.Red) > 0 || len(t.Missing) > 0) })
	var lines []string
	for i, t := range r.Tasks() {
		status := "to do: "
		switch {
		case t.Done():
			lines = append(lines, fmt.Sprintf("  %-*s   %s, %s", width, t.Name(), r.Shop.Style.Green("done"), show.Count(t.Tests, "test")))
			continue
		case i == here:
			status = "you are here: "
		}
		lines = append(lines, fmt.Sprintf("  %-*s   %s", width, t.Name(), status+countRed(t)))
	}
	return lines
}

// countRed says how many of a task's tests are red.
func countRed(t *Task) string {
	total, red := max(t.Tests, len(t.Red)), len(t.Red)
	var text string
	switch {
	case total == 0 && len(t.Missing) > 0:
		return "its tests did not run"
	case total == 0:
		return "it has no tests yet"
	case red == 0:
		text = "none red"
	case total == 1:
		text = "its one test is red"
	default:
		text = fmt.Sprintf("%d of %d tests red", red, total)
	}
	if len(t.Missing) > 0 {
		text += ", others did not run"
	}
	return text
}

// red shows the first red test in full, or all of them, and lists the others of
// its task.
func (r *Report) red() []string {
	first := FirstRed(r.Tasks())
	if first == nil {
		return r.noneRed()
	}
	if r.All {
		var lines []string
		for _, t := range r.Tasks() {
			for _, f := range t.Red {
				if f != first {
					lines = append(lines, "")
				}
				lines = append(lines, r.failure(f, f == first)...)
			}
		}
		return append(lines, r.ended(nil)...)
	}
	lines := append(r.failure(first, true), r.hidden(first)...)
	lines = append(lines, r.ended(first)...)
	return append(lines, r.others(first)...)
}

// hidden says that tests of an earlier task did not run, because the program ended in
// one of a later task.
func (r *Report) hidden(first *Failure) []string {
	i := slices.IndexFunc(r.Tasks(), func(t *Task) bool { return t == first.Task || t.ID != "" && len(t.Missing) > 0 })
	if t := r.Tasks()[i]; t != first.Task {
		return append([]string{""}, show.Wrap(fmt.Sprintf("Task %s comes before, and its tests did not run. By themselves: %s",
			t.Name(), r.Shop.Command("test", r.how("TASK="+t.ID)...)), show.Width)...)
	}
	return nil
}

// others lists the red tests of the same task after the first.
func (r *Report) others(first *Failure) []string {
	const most = 8
	rest := first.Task.Red[1:]
	later := 0
	for _, t := range r.Tasks() {
		if t != first.Task {
			later += len(t.Red)
		}
	}
	var lines []string
	if len(rest) > 0 {
		lines = append(lines, "", fmt.Sprintf("%s red in %s:", moreAre(len(rest)), first.Task.Name()))
		for i, f := range rest {
			if i == most && len(rest) > most+1 {
				lines = append(lines, fmt.Sprintf("  and %d more", len(rest)-most))
				break
			}
			lines = append(lines, show.Hang("  - ", r.sentence(f))...)
		}
	}
	if len(rest)+later > 0 {
		all := fmt.Sprintf("All %d red tests in full: ", 1+len(rest)+later)
		lines = append(lines, "", all+r.again("ALL=1"))
	}
	return lines
}

func moreAre(n int) string {
	if n == 1 {
		return "1 more is"
	}
	return fmt.Sprintf("%d more are", n)
}

// again returns the command that was run, with more variables.
func (r *Report) again(vars ...string) string {
	if r.Task == "" {
		return r.whole(vars...)
	}
	return r.Shop.Command("test", append(r.how("TASK="+r.Task), vars...)...)
}

// whole returns the command that runs the whole step in the same way.
func (r *Report) whole(vars ...string) string {
	return r.Shop.Command("test", append(r.how(fmt.Sprintf("STEP=%d", r.Step.Number)), vars...)...)
}

// how adds to what is run how it is run.
func (r *Report) how(what string) []string {
	vars := r.onBase(what)
	if r.Race {
		vars = append(vars, "RACE=1")
	}
	return vars
}

// onBase returns the variables of a command that goes on as this one did: whoever has
// begun in the middle has no earlier steps to run it on.
func (r *Report) onBase(vars ...string) []string {
	if r.Base != "" {
		vars = append(vars, "BASE="+r.Base)
	}
	return vars
}

// allGreen says that a number of tests is green.
func allGreen(n int) string {
	if n == 1 {
		return "its test is green"
	}
	return fmt.Sprintf("all %d tests are green", n)
}

// green says that everything passed, and what comes next.
func (r *Report) green() []string {
	tests := 0
	for _, t := range r.Tasks() {
		tests += t.Tests
	}
	step := fmt.Sprintf("STEP=%d", r.Step.Number)
	if r.Task != "" {
		return []string{
			r.Shop.Style.Green(fmt.Sprintf("Task %s is done: %s.", r.tasks[0].Name(), allGreen(tests))), "",
			"next   " + r.whole() + "   all tasks of the step",
		}
	}
	lines := []string{r.Shop.Style.Green(fmt.Sprintf("Step %d is done: %s.", r.Step.Number, allGreen(tests))), ""}
	var choices [][2]string
	if r.Shop.Program("steps", r.Step) != "" {
		choices = append(choices, [2]string{r.Shop.Command("run", r.onBase(step)...), "try your code by hand"})
	}
	choices = append(choices, [2]string{r.Shop.Command("solution", step), "read the reference beside yours"})
	if next, ok := r.Shop.Next(r.Step); ok {
		command := r.Shop.Command("test", r.onBase(fmt.Sprintf("STEP=%d", next.Number))...)
		choices = append(choices, [2]string{command, fmt.Sprintf("go on with step %d, %s", next.Number, next.Title)})
	} else {
		choices = append(choices, [2]string{r.Shop.Command("progress"), "see all steps; no later one is here yet"})
	}
	return append(lines, show.Choices(choices)...)
}
