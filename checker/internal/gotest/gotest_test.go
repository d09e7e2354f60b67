package gotest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/gotest"

	"golang.org/x/tools/txtar"
)

// unpack writes the fixture modules into a new folder, with a space in its name.
func unpack(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/kinds.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a folder")
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	return dir
}

// describe writes a package as text, without what differs from run to run.
func describe(p *gotest.Package) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s ok=%t\n", p.Path, p.Outcome, p.OK())
	for _, t := range p.Tests {
		fmt.Fprintf(&b, "  %s %s\n", t.Name, t.Outcome)
		said, printed := t.Messages()
		for _, m := range said {
			fmt.Fprintf(&b, "    %s:%d said %.60q\n", m.File, m.Line, m.Text)
		}
		for _, text := range printed {
			fmt.Fprintf(&b, "    printed %q\n", text)
		}
	}
	if len(p.Missing) > 0 {
		fmt.Fprintf(&b, "  missing %s\n", strings.Join(p.Missing, " "))
	}
	for _, text := range p.Output {
		fmt.Fprintf(&b, "  printed %q\n", text)
	}
	if p.Exit != "" {
		fmt.Fprintf(&b, "  %s\n", p.Exit)
	}
	for _, e := range p.Build {
		fmt.Fprintf(&b, "  build %s:%d:%d %q\n", e.File, e.Line, e.Col, e.Msg)
	}
	if p.Panic != nil {
		fmt.Fprintf(&b, "  panic in %s: %s (fatal %t)\n    %s\n", p.Panic.Test, p.Panic.Value, p.Panic.Fatal, own(p.Panic.Stack))
	}
	if p.Timeout != nil {
		fmt.Fprintf(&b, "  time-out after %s in %s\n", p.Timeout.After, p.Timeout.Tests)
		for _, g := range p.Timeout.Goroutines {
			if at := own(g.Stack); at != "" {
				fmt.Fprintf(&b, "    %s: %s\n", g.State, at)
			}
		}
	}
	for _, r := range p.Races {
		fmt.Fprintf(&b, "  race in %s\n", r.Test)
		for _, a := range r.Accesses {
			fmt.Fprintf(&b, "    %s\n", own(a.Stack))
		}
	}
	return b.String()
}

// own returns the innermost frame in the package's own code.
func own(stack []gotest.Frame) string {
	for _, f := range stack {
		if strings.HasSuffix(f.File, "/a.go") {
			return fmt.Sprintf("%s %s:%d", f.Func, f.File, f.Line)
		}
	}
	return ""
}

func run(t *testing.T, r gotest.Run) string {
	t.Helper()
	result, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range result.Packages {
		b.WriteString(describe(p))
	}
	return b.String()
}

// TestKinds runs every fixture and compares what was found with
// testdata/kinds.txt.
func TestKinds(t *testing.T) {
	kinds := strings.Fields("pass red compile vet below import panics gopanic overflow hang exit exit3 survives nosuch")
	r := gotest.Run{Dir: unpack(t), Args: []string{"-timeout=2s"}}
	for _, kind := range kinds {
		r.Packages = append(r.Packages, "./"+kind)
	}
	fixture.Golden(t, "testdata/kinds.txt", strings.ReplaceAll(run(t, r), r.Dir, "DIR"))
}

func TestRace(t *testing.T) {
	if text, err := exec.Command("go", "test", "-race", "-run=^$", "sort").CombinedOutput(); err != nil {
		t.Skipf("the race detector does not work here: %s", text)
	}
	got := run(t, gotest.Run{Dir: unpack(t), Packages: []string{"./race"}, Args: []string{"-race"}})
	// Which of the two comes first is up to the scheduler.
	if !strings.Contains(got, "race in TestOne") || strings.Count(got, "race/a.go:") != 2 {
		t.Errorf("got:\n%s\nwant a race in TestOne between two lines of race/a.go", got)
	}
}

func TestSelection(t *testing.T) {
	r := gotest.Run{Dir: unpack(t), Packages: []string{"./panics"}, Args: []string{"-run=^TestTwo$/x"}}
	if got, want := run(t, r), "fixture/panics pass ok=true\n  TestTwo pass\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	r.Args = []string{"-run", "^TestNone$"}
	if got, want := run(t, r), "fixture/panics pass ok=false\n"; got != want {
		t.Errorf("no test: got:\n%s\nwant:\n%s", got, want)
	}
}

func TestOverlay(t *testing.T) {
	dir := unpack(t)
	text := filepath.Join(t.TempDir(), "new_test.go")
	if err := os.WriteFile(text, []byte("package a_test\nimport \"testing\"\nfunc TestNew(t *testing.T) {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	replace := fmt.Sprintf(`{"Replace": {%q: %q, %q: ""}}`, filepath.Join(dir, "red", "new_test.go"), text, filepath.Join(dir, "red", "a_test.go"))
	if err := os.WriteFile(overlay, []byte(replace), 0o666); err != nil {
		t.Fatal(err)
	}
	r := gotest.Run{Dir: dir, Packages: []string{"./red"}, Overlay: overlay}
	if got, want := run(t, r), "fixture/red pass ok=true\n  TestNew pass\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestStop ends a run while a test hangs: no program may stay behind.
func TestStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := gotest.Run{Dir: unpack(t), Packages: []string{"./hang"}, Args: []string{"-timeout=60s"}}
	time.AfterFunc(200*time.Millisecond, cancel)
	if _, err := r.Do(ctx); err != context.Canceled {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestUnusable(t *testing.T) {
	r := gotest.Run{Dir: unpack(t), Packages: []string{"./pass"}, Args: []string{"-timeout=soon"}}
	if _, err := r.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "soon") {
		t.Errorf("error %v, want one that names the flag", err)
	}
}
