package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
)

// labelWidth is the width of the column with "sent", "want" and so on, as
// testkit writes it; indent is what stands before each line of a failure.
const (
	labelWidth = 7
	indent     = "  "
)

// under is where the text under a label begins.
var under = indent + strings.Repeat(" ", labelWidth)

// label returns text wrapped under a label, such as "got" or "next".
func label(name, text string) []string {
	return show.Hang(indent+fmt.Sprintf("%-*s", labelWidth, name), text)
}

// failure shows a red test in full: the header, what the test said, what the
// program printed, and, if it is the one to look at, where to go next.
func (r *Report) failure(f *Failure, next bool) []string {
	lines := r.header(f)
	said, printed := f.Test.Messages()
	said = own(said)
	switch {
	case r.panicked(f):
		lines = append(lines, r.panic()...)
	case r.timedOut(f):
		lines = append(lines, r.hang()...)
	case f.Test.Outcome == gotest.Unfinished:
		lines = append(lines, r.exited("in the middle of this test")...)
	case strings.HasPrefix(f.Test.Name, "Example"):
		var body []string
		body, printed = example(printed)
		lines = append(lines, body...)
	}
	for i, m := range said {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, message(m.Text)...)
	}
	races := r.races(f.Test.Name)
	lines = append(lines, races...)
	if len(lines) == len(r.header(f)) {
		lines = append(lines, label("got", "the test failed and did not say why")...)
	}
	lines = append(lines, printedLines(printed)...)
	if next {
		lines = append(lines, r.next(f)...)
	}
	return lines
}

// header is the line that names the task, the test and its place.
func (r *Report) header(f *Failure) []string {
	left := "FAIL " + f.Task.Name()
	if f.Task.ID == "" {
		left = "FAIL Example"
	}
	if s := r.sentence(f); !strings.EqualFold(s, f.Task.Title) {
		left += ": " + s
	}
	row := r.tree.Row(r.Step.Dir, f.Test.Name)
	file, line := row.File, row.Line
	if said, _ := f.Test.Messages(); len(own(said)) > 0 && !row.Exact {
		file, line = own(said)[0].File, own(said)[0].Line
	}
	lines := []string{left}
	if file != "" {
		lines = show.Ends(left, fmt.Sprintf("%s:%d", file, line))
	}
	lines[0] = r.Shop.Style.Red("FAIL") + strings.TrimPrefix(lines[0], "FAIL")
	return lines
}

// sentence says what the test checks: its row's name, or its own.
func (r *Report) sentence(f *Failure) string {
	top, _, _ := strings.Cut(f.Test.Name, "/")
	s := r.tree.Row(r.Step.Dir, f.Test.Name).Sentence
	seed, isSeed := strings.CutPrefix(s, "seed#")
	switch {
	case s == "":
		return noun(top)
	case strings.HasPrefix(top, "Fuzz") && isSeed:
		return noun(top) + ", input " + seed + " of the fuzz test"
	case strings.HasPrefix(top, "Fuzz"):
		return noun(top) + ", the fuzz test's input " + s
	}
	return show.Clean(s)
}

// message shows what a test said. A testkit.Report is laid out already; other
// text, such as that of cmp.Diff, stays as it is.
func message(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(indent+show.Clean(line), " ")
	}
	return lines
}

// printedLines shows what the learner's program printed, at most twenty lines.
func printedLines(printed []string) []string {
	const most = 20
	for len(printed) > 0 && printed[len(printed)-1] == "" {
		printed = printed[:len(printed)-1]
	}
	if len(printed) == 0 {
		return nil
	}
	lines := []string{indent + "your program printed"}
	for i, text := range printed {
		if i == most && len(printed) > most+1 {
			lines = append(lines, fmt.Sprintf("%s... %d lines more ...", under, len(printed)-most))
			break
		}
		lines = append(lines, strings.TrimRight(under+show.Clean(text), " "))
	}
	return lines
}

// example shows what the output of an example was and should have been. It
// returns what else was printed.
func example(output []string) (lines, printed []string) {
	got := slices.Index(output, "got:")
	want := slices.IndexFunc(output, func(s string) bool { return strings.HasPrefix(s, "want") && strings.HasSuffix(s, ":") })
	if got < 0 || want < got {
		return nil, output
	}
	part := func(name string, texts []string) {
		texts = strings.Split(strings.Trim(strings.Join(texts, "\n"), "\n"), "\n")
		for i, text := range texts {
			if i > 0 {
				name = ""
			}
			if text == "" && len(texts) == 1 {
				text = "nothing"
			}
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%s%-*s%s", indent, labelWidth, name, show.Clean(text)), " "))
		}
	}
	part("want", output[want+1:])
	part("got", output[got+1:want])
	return append(lines, label("why", "an example stands in the documentation, and go test runs it: what it prints has to be what its last comment says")...), output[:got]
}

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

// code says where the task is to be written.
func (r *Report) code(f *Failure) []string {
	const most = 3
	name := "code"
	var lines []string
	todos := r.tree.Todos(r.Step.Dir, f.Task.ID)
	for i, todo := range todos {
		if i == most {
			return append(lines, fmt.Sprintf("%sand %d places more", under, len(todos)-most))
		}
		text := fmt.Sprintf("%s:%d, %s", todo.File, todo.Line, todo.Func)
		if todo.Text != "" {
			text += ": " + todo.Text
		}
		lines = append(lines, label(name, text)...)
		name = ""
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
	return append(lines, indentAll(show.Choices([][2]string{
		{r.Shop.Command("test", fmt.Sprintf("STEP=%d", below.Number)), "write that one first"},
		{r.Shop.Command("test", fmt.Sprintf("STEP=%d", n), "BASE=reference"), "or go on with the reference's"},
	}))...)
}

// indentAll puts the indent of a failure before each line.
func indentAll(lines []string) []string {
	for i, line := range lines {
		lines[i] = indent + line
	}
	return lines
}
