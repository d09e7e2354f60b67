package report_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/report"

	"github.com/google/go-cmp/cmp"
)

// TestPrint runs step 3 of each workshop in testdata and compares the report.
func TestPrint(t *testing.T) {
	for _, archive := range fixture.Archives(t) {
		t.Run(archive.Name(), func(t *testing.T) {
			if archive.Name() == "race" && !raceWorks() {
				t.Skip("the race detector does not work here")
			}
			text := printed(t, archive)
			for again := 0; again < 10 && strings.Contains(strings.Join(strings.Fields(text), " "), "could not say where"); again++ {
				text = printed(t, archive) // the machine had too much to do
			}
			archive.Compare(t, text)
		})
	}
}

func raceWorks() bool {
	return exec.Command("go", "test", "-race", "-run=^$", "sort").Run() == nil
}

// printed returns the report. That of a few archives is printed with ALL=1 too,
// and all are printed with colours, which may change nothing else.
func printed(t *testing.T, archive fixture.Archive) string {
	t.Helper()
	shop := archive.Lay(t)
	step, err := shop.Step("3")
	if err != nil {
		t.Fatal(err)
	}
	race := archive.Name() == "race"
	run := gotest.Run{Dir: shop.Root, Packages: []string{"./steps/" + step.Dir}, Args: []string{"-timeout=2s"}}
	if race {
		run.Args = []string{"-race"}
	}
	result, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := report.Report{Shop: shop, Step: step, Package: result.Packages[0], Race: race}
	text := textOf(&r)
	shop.Style.Color = true
	if got := sgr.ReplaceAllString(textOf(&r), ""); got != text {
		t.Errorf("without its colours the report is another (-plain +coloured):\n%s", cmp.Diff(text, got))
	}
	shop.Style.Color = false
	if name := archive.Name(); name == "red" || name == "loop" {
		r.All = true
		text += "\n---- with ALL=1 ----\n\n" + textOf(&r)
	}
	return text
}

// sgr is a change of colour.
var sgr = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// textOf prints r into a string.
func textOf(r *report.Report) string {
	var b bytes.Buffer
	r.Shop.Out = &b
	r.Print()
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}
