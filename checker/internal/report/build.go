package report

import (
	"fmt"
	"strconv"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/source"
)

// mostBuildErrors is how many complaints are shown; the first is the one to
// look at, and later ones often follow from it.
const mostBuildErrors = 5

// build shows why the program could not be built.
func (r *Report) build() []string {
	errs := r.Package.Build
	what := "the code does not compile yet, so no test ran"
	if strings.HasPrefix(buildWords(errs[0].Msg), "go vet") {
		what = "go vet found a mistake, so no test ran"
	}
	lines := []string{r.Shop.Style.Red("FAIL") + " " + what, ""}
	for i, e := range errs {
		if i == mostBuildErrors {
			lines = append(lines, fmt.Sprintf("and %d more", len(errs)-i), "")
			break
		}
		lines = append(lines, r.buildError(e)...)
		lines = append(lines, "")
	}
	return append(lines, r.afterBuild(errs)...)
}

// buildError shows one complaint: its place, the line, and what it means.
func (r *Report) buildError(e gotest.BuildError) []string {
	in := indent + "    "
	var lines []string
	if e.File != "" {
		lines = show.Ends(fmt.Sprintf("%s%s:%d:%d", indent, e.File, e.Line, e.Col), r.around(e.File, e.Line))
		lines = append(lines, r.excerpt(e.File, e.Line, e.Col)...)
	}
	for i, text := range strings.Split(e.Msg, "\n") {
		text = show.Clean(strings.TrimSpace(text))
		if i == 0 {
			lines = append(lines, show.Hang(in, text)...)
		} else {
			lines = append(lines, in+"    "+text)
		}
	}
	if words := buildWords(e.Msg); words != "" {
		lines = append(lines, show.Hang(in, words)...)
	}
	return lines
}

// around says in which function a line is, and for which task that is.
func (r *Report) around(file string, line int) string {
	name := r.tree.Func(file, line)
	if name == "" {
		return ""
	}
	if task := r.tree.Task(source.StepOf(file), name); task != "" {
		return fmt.Sprintf("in %s, task %s", name, task)
	}
	return "in " + name
}

// excerpt shows a line of code, with a caret under a column unless that is 0.
func (r *Report) excerpt(file string, line, col int) []string {
	text, ok := r.tree.Line(file, line)
	code := strings.TrimLeft(text, " \t")
	cut := len(text) - len(code)
	if !ok || code == "" {
		return nil
	}
	number := under + strconv.Itoa(line) + " | "
	code = show.Clean(strings.ReplaceAll(code, "\t", " "))
	if room := show.Width - len(number); len([]rune(code)) > room {
		code = string([]rune(code)[:room-4]) + " ..."
	}
	lines := []string{number + code}
	if at := len(number) + col - 1 - cut; col > cut && at < show.Width {
		lines = append(lines, strings.Repeat(" ", at)+"^")
	}
	return lines
}

// afterBuild says what to do about the complaints.
func (r *Report) afterBuild(errs []gotest.BuildError) []string {
	first := errs[0]
	dir := source.StepOf(first.File)
	step, err := r.Shop.Course.Step(dir)
	switch {
	case strings.Contains(first.Msg, "no non-test Go files"):
		return label("next", "the files of this step are gone; this puts those of the beginning back: "+
			r.Shop.Command("reset", fmt.Sprintf("STEP=%d", r.Step.Number)))
	case strings.HasSuffix(first.File, "_test.go"):
		return label("next", fmt.Sprintf("the tests of the step use this. What the starter exports has to stay, with its parameters and results: "+
			"%s shows how it was", r.Shop.Command("solution", fmt.Sprintf("STEP=%d", r.Step.Number))))
	case dir != "" && err == nil && step.Number != r.Step.Number:
		return label("next", fmt.Sprintf("this is in your step %d, on which step %d stands: %s", step.Number, r.Step.Number,
			r.Shop.Command("test", fmt.Sprintf("STEP=%d", step.Number))))
	case len(errs) > 1:
		return label("next", "look at the first one and save; the others often go away with it")
	}
	return label("next", "change it, save, and run the tests again: "+r.again())
}
