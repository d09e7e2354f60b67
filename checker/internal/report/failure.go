package report

import (
	"fmt"
	"slices"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
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
	body, printed := r.body(f)
	lines := append(r.header(f), body...)
	lines = append(lines, printedLines(printed)...)
	if next {
		lines = append(lines, r.next(f)...)
	}
	return lines
}

// Said returns what a red test is told, without its name and without what to do next.
func (r *Report) Said(f *Failure) string {
	r.read()
	body, _ := r.body(f)
	return strings.Join(body, "\n")
}

// body is what a red test is told under its header, and what the program printed.
func (r *Report) body(f *Failure) (lines, printed []string) {
	said, printed := f.Test.Messages()
	said = own(said)
	switch {
	case r.panicked(f):
		lines = r.panic()
	case r.timedOut(f):
		lines = r.hang()
	case f.Test.Outcome == gotest.Unfinished:
		lines = r.exited("in the middle of this test")
	case strings.HasPrefix(f.Test.Name, "Example"):
		lines, printed = example(printed)
	}
	for i, m := range said {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, message(m.Text)...)
	}
	lines = append(lines, r.races(f.Test.Name)...)
	if len(lines) == 0 {
		lines = label("got", "the test failed and did not say why")
	}
	return lines, printed
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
