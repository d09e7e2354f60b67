package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/workshop"
)

// target is a target of the Makefile with its one line.
var target = regexp.MustCompile(`(?m)^(\w+):\n\t@(.*)\n?(\t.*)?`)

// TestMakefile says that make and the program have the same commands, and that
// every target is one line that starts with go.
func TestMakefile(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := make(map[string]bool)
	for _, m := range target.FindAllStringSubmatch(string(text), -1) {
		targets[m[1]] = true
		if !strings.HasPrefix(m[2]+" ", "go tool checker "+m[1]+" ") || m[3] != "" {
			t.Errorf("make %s is %q%q, not one line that calls the command of the same name", m[1], m[2], m[3])
		}
	}
	for _, c := range commands() {
		if len(c.forms) > 0 && c.forms[0].withMake != "" && !targets[c.name] {
			t.Errorf("the Makefile has no target %s", c.name)
		}
		delete(targets, c.name)
	}
	delete(targets, "help")
	for name := range targets {
		t.Errorf("make %s has no command", name)
	}
}

// TestMakeWithoutModule says that make explains a go.mod that is gone or that names
// another module, where go would only say that there is no such tool.
func TestMakeWithoutModule(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		return // the Makefile is of no use here
	}
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, module, want string }{
		{"no go.mod", "", "go.mod is gone"},
		{"another module", "module example.com/mine\n\ngo 1.26\n", "says module example.com/mine, and the module of this course has to be called barewire"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			err := os.WriteFile(filepath.Join(dir, "Makefile"), text, 0o666)
			if err == nil && test.module != "" {
				err = os.WriteFile(filepath.Join(dir, "go.mod"), []byte(test.module), 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("make", "test")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("make says %q, %v, want %q", out, err, test.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var b bytes.Buffer
	help(&workshop.Workshop{Out: &b})
	fixture.Narrow(t, b.String())
	for _, c := range commands() {
		if !strings.Contains(b.String(), "\n  "+c.name+" ") {
			t.Errorf("help says nothing about %s", c.name)
		}
	}
}

// typed is a command as it is written in a text, with make or without.
var typed = regexp.MustCompile("`(?:make|go tool checker) ([a-z]+)([^`]*)`")

// TestReadme says that every command in the README is one, with flags and
// variables that exist.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := typed.FindAllStringSubmatch(string(text), -1)
	if len(found) < 20 {
		t.Errorf("only %d commands found", len(found))
	}
	for _, m := range found {
		if !strings.Contains(string(makefile), "\n"+m[1]+":\n") {
			t.Errorf("%s: there is no such command", m[0])
		}
		own, _, _ := strings.Cut(m[2], " -- ") // what stands behind is for the step's program
		for word := range strings.FieldsSeq(own) {
			name, _, isVar := strings.Cut(word, "=")
			if isVar && !strings.Contains(string(makefile), "$("+name+")") {
				t.Errorf("%s: make knows no %s", m[0], name)
			}
			if strings.HasPrefix(word, "-") && !strings.Contains(strings.ReplaceAll(string(makefile), ",", " "), " "+word) {
				t.Errorf("%s: make never uses %s", m[0], word)
			}
		}
	}
}

// TestEditor says that the tasks of the editor are commands, and that it finds the place
// that a red block names.
func TestEditor(t *testing.T) {
	text, err := os.ReadFile("../.vscode/tasks.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tasks []struct {
			Command        string
			Args           []string
			ProblemMatcher any
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Tasks) < 5 {
		t.Errorf("only %d tasks", len(file.Tasks))
	}
	for _, task := range file.Tasks {
		known := slices.ContainsFunc(commands(), func(c command) bool {
			return len(task.Args) > 2 && task.Args[2] == c.name
		})
		if !known || task.Command != "go" || task.Args[0] != "tool" || task.Args[1] != "checker" {
			t.Errorf("%s %q is no command of the checker", task.Command, task.Args)
		}
	}
	matcher, _ := file.Tasks[0].ProblemMatcher.(map[string]any)
	pattern, _ := matcher["pattern"].(map[string]any)
	place, _ := pattern["regexp"].(string)
	red, err := os.ReadFile("internal/learner/testdata/test.txtar")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?m)" + place).FindSubmatch(red)
	if m == nil || string(m[1]) != "steps/02-request-line/line.go" || len(m[3]) == 0 {
		t.Errorf("%s finds %q in the red block of a golden run", place, m)
	}
}
