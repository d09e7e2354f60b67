package compare

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/fixture"
	"barewire/checker/internal/workshop"

	"github.com/google/go-cmp/cmp"
)

const (
	reference1 = "// Package echo echoes.\npackage echo\n\n// Echo sends back.\n//\n//starter:todo 1.1 Send back.\nfunc Echo(s string) string { return s }\n"
	starter1   = "// Package echo echoes.\npackage echo\n\n// Echo sends back.\nfunc Echo(s string) string {\n\t// TODO 1.1: Send back.\n\treturn \"\"\n}\n"
	mine1      = "package echo\n\nfunc Echo(s string) string { return s + s }\n"
	test1      = "package echo_test\n"
)

// lay writes a workshop whose step 1 holds files.
func lay(t *testing.T, files map[string]string) (*workshop.Workshop, *bytes.Buffer) {
	t.Helper()
	all := fstest.MapFS{
		"go.mod":                         {Data: []byte("module barewire\n\ngo 1.26\n")},
		"solutions/01-tcp-echo/echo.go":  {Data: []byte(reference1)},
		"solutions/01-tcp-echo/extra.go": {Data: []byte("package echo\n\nconst size = 1\n")},
	}
	for name, text := range files {
		all["steps/01-tcp-echo/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	dir := filepath.Join(t.TempDir(), "a workshop")
	if err := os.CopyFS(dir, all); err != nil {
		t.Fatal(err)
	}
	c, err := course.Parse(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	return &workshop.Workshop{Root: dir, Course: c, ByMake: true, Out: &b, Err: &b}, &b
}

// tree returns the files below dir.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// backups returns the files of all backups, without the names of their folders.
func backups(t *testing.T, w *workshop.Workshop) map[string]string {
	all := make(map[string]string)
	for name, text := range tree(t, w.Path(".barewire/backup")) {
		_, name, _ = strings.Cut(name, "/")
		all[name] = text
	}
	return all
}

var written = map[string]string{
	"echo.go": mine1, "mine.go": "package echo\n", "demo/notes.txt": "notes\n",
	"echo_test.go": test1, "testdata/in": "in\n",
}

func TestReset(t *testing.T) {
	w, b := lay(t, written)
	if status := Reset(t.Context(), w, []string{"1"}); status != workshop.Green {
		t.Fatalf("exit status %d:\n%s", status, b)
	}
	want := map[string]string{
		"echo.go": starter1, "extra.go": "package echo\n\nconst size = 1\n",
		"echo_test.go": test1, "testdata/in": "in\n",
	}
	if diff := cmp.Diff(want, tree(t, w.Path("steps/01-tcp-echo"))); diff != "" {
		t.Errorf("the step (-want +got):\n%s", diff)
	}
	kept := map[string]string{"echo.go": mine1, "mine.go": "package echo\n", "demo/notes.txt": "notes\n"}
	if diff := cmp.Diff(kept, backups(t, w)); diff != "" {
		t.Errorf("the backup (-want +got):\n%s", diff)
	}
	for _, part := range []string{"back again    extra.go", "begun anew    echo.go", "taken away    demo/notes.txt, mine.go", ".barewire/backup/2", "make test STEP=1"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is not in what is printed:\n%s", part, b)
		}
	}
	fixture.Narrow(t, b.String())
	b.Reset()
	Reset(t.Context(), w, []string{"1"})
	if !strings.Contains(b.String(), "nothing to reset") || len(backups(t, w)) != len(kept) {
		t.Errorf("a second reset did something:\n%s", b)
	}
}

// TestResetTwiceInASecond says that a backup never replaces another one.
func TestResetTwiceInASecond(t *testing.T) {
	w, _ := lay(t, written)
	now := time.Now()
	for i := range 2 {
		step, err := w.Step("1")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(w.Path("steps/01-tcp-echo/echo.go"), []byte(mine1+strings.Repeat("\n", i)), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := (&reset{root: w.Root, step: step, now: now}).run(); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(w.Path(".barewire/backup")); len(entries) != 2 {
		t.Errorf("%d backups, want 2", len(entries))
	}
}

// TestResetFails stops a reset before each of its changes in turn: every line
// that the learner wrote must be in the step or in the backup.
func TestResetFails(t *testing.T) {
	for stop := range 4 {
		w, _ := lay(t, written)
		step, err := w.Step("1")
		if err != nil {
			t.Fatal(err)
		}
		broken, n := errors.New("the disk is broken"), 0
		r := &reset{root: w.Root, step: step, now: time.Now(), fail: func(string) error {
			if n++; n > stop {
				return broken
			}
			return nil
		}}
		if err := r.run(); !errors.Is(err, broken) {
			t.Fatalf("stopped before change %d: error %v", stop, err)
		}
		if !r.kept {
			t.Errorf("stopped before change %d: the learner would not hear where the backup is", stop)
		}
		there := slices.Collect(maps.Values(tree(t, w.Path("steps/01-tcp-echo"))))
		there = append(there, slices.Collect(maps.Values(backups(t, w)))...)
		for name, text := range written {
			if !slices.Contains(there, text) {
				t.Errorf("stopped before change %d: %s is lost", stop, name)
			}
		}
		for name := range tree(t, w.Root) {
			if strings.HasSuffix(name, ".new") {
				t.Errorf("stopped before change %d: %s is left behind", stop, name)
			}
		}
	}
}

// TestResetWithoutBackup says that nothing is changed if nothing can be kept.
func TestResetWithoutBackup(t *testing.T) {
	w, b := lay(t, written)
	if err := os.WriteFile(w.Path(".barewire"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if status := Reset(t.Context(), w, []string{"1"}); status != workshop.Red {
		t.Errorf("exit status %d:\n%s", status, b)
	}
	if diff := cmp.Diff(written, tree(t, w.Path("steps/01-tcp-echo"))); diff != "" {
		t.Errorf("the step has changed (-want +got):\n%s", diff)
	}
}

func TestChangedTests(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	w, _ := lay(t, map[string]string{"echo.go": mine1, "echo_test.go": test1, "other_test.go": test1})
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "all"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = w.Root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	step, err := w.Step("1")
	if err != nil {
		t.Fatal(err)
	}
	if got := changedTests(t.Context(), w.Root, step); got != nil {
		t.Errorf("nothing was changed, but %q", got)
	}
	for _, name := range []string{"echo_test.go", "new_test.go"} {
		if err := os.WriteFile(w.Path("steps/01-tcp-echo/"+name), []byte("package echo_test // mine\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"steps/01-tcp-echo/echo_test.go", "steps/01-tcp-echo/new_test.go"}
	if diff := cmp.Diff(want, changedTests(t.Context(), w.Root, step)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSolution(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	w, b := lay(t, written)
	if status := Solution(t.Context(), w, []string{"1"}); status != workshop.Green {
		t.Fatalf("exit status %d:\n%s", status, b)
	}
	text := b.String()
	for _, part := range []string{
		"gives the answer away", "--- yours/echo.go\n+++ reference/echo.go\n",
		"-func Echo(s string) string { return s + s }\n", "+// Echo sends back.\n+func Echo(s string) string { return s }\n",
		"+++ reference/extra.go",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
	if strings.Contains(text, "starter:") || strings.Contains(text, "_test.go") {
		t.Errorf("a directive or a test is shown:\n%s", text)
	}
}

func TestSolutionIsTheSame(t *testing.T) {
	w, b := lay(t, map[string]string{
		"echo.go":  strings.ReplaceAll("// Package echo echoes.\npackage echo\n\n// Echo sends back.\nfunc Echo(s string) string { return s }\n", "\n", "\r\n"),
		"extra.go": "package echo\n\nconst size = 1\n", "echo_test.go": test1,
	})
	if status := Solution(t.Context(), w, []string{"1"}); status != workshop.Green || !strings.Contains(b.String(), "are the same") {
		t.Errorf("exit status %d:\n%s", status, b)
	}
}

// TestWithoutGit says that the reference is shown where there is no git.
func TestWithoutGit(t *testing.T) {
	w, b := lay(t, written)
	t.Setenv("PATH", t.TempDir())
	if status := Solution(t.Context(), w, []string{"1"}); status != workshop.Green || !strings.Contains(b.String(), "\necho.go\n\n// Package echo echoes.\n") {
		t.Errorf("exit status %d:\n%s", status, b)
	}
}

func TestUsage(t *testing.T) {
	for name, command := range map[string]func(w *workshop.Workshop, args []string) int{
		"solution": func(w *workshop.Workshop, args []string) int { return Solution(t.Context(), w, args) },
		"reset":    func(w *workshop.Workshop, args []string) int { return Reset(t.Context(), w, args) },
	} {
		w, b := lay(t, written)
		for _, args := range [][]string{nil, {"9"}, {"1", "2"}, {"-fast", "1"}} {
			if status := command(w, args); status != workshop.Usage {
				t.Errorf("%s %q: exit status %d", name, args, status)
			}
		}
		fixture.Narrow(t, b.String())
	}
}
