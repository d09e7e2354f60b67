package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/report"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// stdout is the file of an archive that holds what is printed.
const stdout = "stdout"

// lay writes the base workshop, changed by the archive, into a new folder.
func lay(t *testing.T, archive *txtar.Archive) *workshop.Workshop {
	t.Helper()
	base, err := txtar.ParseFile("testdata/base.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a workshop")
	for _, f := range append(base.Files, archive.Files...) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c, err := course.Parse(os.DirFS(filepath.Join(dir, "course")))
	if err != nil {
		t.Fatal(err)
	}
	return &workshop.Workshop{Root: dir, Course: c, ByMake: true}
}

// Each archive in testdata is a workshop and what is printed for it. UPDATE=1
// writes what is printed anew.
func TestPrint(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		if name == "base" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if name == "race" && !raceWorks() {
				t.Skip("the race detector does not work here")
			}
			got := printed(t, archive, name)
			compare(t, path, archive, got)
			narrow(t, got)
		})
	}
}

func raceWorks() bool {
	return exec.Command("go", "test", "-race", "-run=^$", "sort").Run() == nil
}

// printed runs the tests of the archive's step 3 and returns the report. That of
// a few archives is printed with ALL=1 too, and with colours.
func printed(t *testing.T, archive *txtar.Archive, name string) string {
	t.Helper()
	shop := lay(t, archive)
	step, err := shop.Step("3")
	if err != nil {
		t.Fatal(err)
	}
	run := gotest.Run{Dir: shop.Root, Packages: []string{"./steps/" + step.Dir}, Args: []string{"-timeout=2s"}}
	if name == "race" {
		run.Args = []string{"-race"}
	}
	result, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := report.Report{Shop: shop, Step: step, Package: result.Packages[0], Race: name == "race"}
	text := textOf(&r)
	shop.Style.Color = true
	if got := sgr.ReplaceAllString(textOf(&r), ""); got != text {
		t.Errorf("without its colours the report is another (-plain +coloured):\n%s", cmp.Diff(text, got))
	}
	shop.Style.Color = false
	if name == "red" || name == "loop" {
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
	return b.String()
}

func compare(t *testing.T, path string, archive *txtar.Archive, got string) {
	t.Helper()
	want := ""
	if n := len(archive.Files); n > 0 && archive.Files[n-1].Name == stdout {
		want = string(archive.Files[n-1].Data)
		archive.Files = archive.Files[:n-1]
	}
	if os.Getenv("UPDATE") != "" {
		archive.Files = append(archive.Files, txtar.File{Name: stdout, Data: []byte(got)})
		if err := os.WriteFile(path, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// escape begins what a terminal would not print.
var escape = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]`)

// narrow fails t for a line that is wider than the screen without need, or that
// would do something to the terminal.
func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		if utf8.RuneCountInString(line) > show.Width && !strings.Contains(words[len(words)-1], "longlong") {
			t.Errorf("a line of %d columns:\n%s", utf8.RuneCountInString(line), line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("a line with spaces at its end: %q", line)
		}
		if escape.MatchString(line) {
			t.Errorf("a line with a control character: %q", line)
		}
	}
}
