package bundle

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/internal/starter"
)

// TestStudent makes the repository that is handed out: nothing of the reference is in
// it, its commands work or say what they lack, and what is handed in of it can be found.
func TestStudent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a course")
	if _, err := Write(t.Context(), "student", dir, Options{Root: root(t)}); err != nil {
		t.Fatal(err)
	}
	files := readAll(t, dir)
	if n := len(files); n < 200 {
		t.Fatalf("%d files", n)
	}
	for name := range files {
		if strings.Contains(name, "solutions") || strings.HasSuffix(name, ".txtar") || strings.HasPrefix(name, "checker/red") {
			t.Errorf("%s is handed out", name)
		}
	}
	secrets := reference(t)
	if len(secrets) < 2000 {
		t.Fatalf("only %d lines of the reference are not in the starters", len(secrets))
	}
	for name, text := range files {
		if strings.HasPrefix(name, "checker/course/") || strings.HasSuffix(name, "_test.go") {
			continue // hints have a line of code here and there, and tests say what they want
		}
		// A line that anybody might write is no secret, three after one another are.
		run := 0
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); !secrets[line] {
				run = 0
			} else if run++; run == 3 {
				t.Errorf("%s: three lines of the reference, of which the last is %q", name, line)
			}
		}
	}
	t.Run("commands", func(t *testing.T) {
		for _, test := range []struct {
			command string
			status  int
			says    string
		}{
			{"progress", 0, "1 TCP echo"},
			{"test 1", 1, "FAIL"},
			{"hint 1.1", 0, "Hint 1 of 3"},
			{"test 4 -base reference", 1, "solutions/02-request-line is not here"},
			{"solution 2", 1, "is not here"},
			{"reset 2", 2, "git checkout"},
			{"bisect 4", 1, "is not here"},
			{"docs", 2, "the chapters are in the folder docs"},
			{"check", 2, "this copy of the course has none"},
			{"grade .", 2, "this copy of the course has none"},
			{"exercise", 0, "WebSocket"},
		} {
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "checker"}, strings.Fields(test.command)...)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "NO_COLOR=1", "GOFLAGS=", "GOWORK=off", "UPDATE=")
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != test.status || !strings.Contains(strings.Join(strings.Fields(string(out)), " "), test.says) {
				t.Errorf("%s: exit status %d, want %d, and %q in\n%s", test.command, got, test.status, test.says, out)
			}
		}
	})
	t.Run("pages", func(t *testing.T) {
		link := regexp.MustCompile(`\]\(([^)\s#:]+)[^)]*\)`)
		for name, text := range files {
			if filepath.Ext(name) != ".md" || strings.HasPrefix(name, "checker/") {
				continue
			}
			if strings.Contains(text, "reference explained") {
				t.Errorf("%s explains the reference", name)
			}
			for _, m := range link.FindAllStringSubmatch(text, -1) {
				if _, err := os.Stat(filepath.Join(dir, filepath.Dir(name), m[1])); err != nil {
					t.Errorf("%s leads to %s, which is not there", name, m[1])
				}
			}
		}
	})
}

// TestStudent_steps hands some steps out, and refuses what does not fit together.
func TestStudent_steps(t *testing.T) {
	for _, test := range []struct{ name, steps, want, wrong string }{
		{"the first two", "1-2", "01-tcp-echo 02-request-line", ""},
		{"one that needs none", "5", "05-thread-pool", ""},
		{"two ranges", "1-3, 5", "01-tcp-echo 02-request-line 03-headers-bodies 05-thread-pool", ""},
		{"one that needs another", "3", "", "imports step 02-request-line, which is left out"},
		{"one too many", "1-11", "", "no step from 1 to 10"},
		{"backwards", "4-1", "", "no range"},
		{"a word", "all", "", "no step"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := Write(t.Context(), "student", dir, Options{Root: root(t), Steps: test.steps})
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("error %v, want %q", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, parent := range []string{"steps", "docs", "checker/handout"} {
				var got []string
				entries, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(parent)))
				for _, e := range entries {
					if name, _, _ := strings.Cut(e.Name(), "."); regexp.MustCompile(`^\d\d-`).MatchString(name) {
						got = append(got, name)
					}
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("%s has %s, want %s", parent, got, test.want)
				}
			}
			if _, err := Write(t.Context(), "student", dir, Options{Root: root(t)}); err == nil {
				t.Error("a folder with something in it is written to")
			}
		})
	}
}

// readAll reads the files below dir.
func readAll(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// reference returns the lines of the solutions that are in no starter, but for those that
// are too short to tell anything.
func reference(t *testing.T) map[string]bool {
	dirs, err := filepath.Glob(filepath.Join(root(t), "solutions", "[01]*"))
	if err != nil || len(dirs) != 10 {
		t.Fatal(dirs, err)
	}
	secrets, open := map[string]bool{}, []string(nil)
	for _, dir := range dirs {
		starters, err := starter.Generate(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range starters {
			open = append(open, string(text))
		}
		sources, err := starter.Package(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range sources {
			for line := range bytes.Lines(text) {
				if line := strings.TrimSpace(string(line)); len(line) > 25 && !strings.HasPrefix(line, "//") {
					secrets[line] = true
				}
			}
		}
	}
	for _, text := range open {
		for line := range strings.Lines(text) {
			delete(secrets, strings.TrimSpace(line))
		}
	}
	return secrets
}
