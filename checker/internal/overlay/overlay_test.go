package overlay_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/internal/overlay"
)

// fixture is a module with two steps, in one of which a learner has worked.
var fixture = map[string]string{
	"go.mod":                      "module barewire\n\ngo 1.26\n",
	"solutions/01-a/a.go":         "// Package a is first.\npackage a\n\n// F is the answer.\n//\n//starter:todo 1.1 Answer.\nfunc F() int { return 42 }\n",
	"solutions/02-b/b.go":         "package b\n\nimport a \"barewire/solutions/01-a\"\n\nfunc G() int { return a.F() + helper }\n",
	"solutions/02-b/helper.go":    "package b\n\nconst helper = 1\n",
	"solutions/02-b/demo/main.go": "package main\n\nimport b \"barewire/solutions/02-b\"\n\nfunc main() { println(b.G()) }\n",
	"solutions/02-b/testdata/s":   "not for the steps",
	"steps/01-a/a.go":             "package a\n\nfunc F() int { return mine() }\n",
	"steps/01-a/mine.go":          "package a\n\nfunc mine() int { return 7 }\n",
	"steps/02-b/b.go":             "package b\n\nimport a \"barewire/steps/01-a\"\n\nfunc G() int { return a.F() * 1000 }\n",
	"steps/02-b/b_test.go":        "package b_test\n\nimport (\n\t\"testing\"\n\n\tb \"barewire/steps/02-b\"\n)\n\nfunc TestTask1_G(t *testing.T) { t.Fatal(b.G()) }\n",
	"steps/02-b/testdata/seed":    "a seed",
}

// write lays the files in a folder that has a space in its name.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "a learner's copy")
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestPlan reads with the overlay what go would read, file by file.
func TestPlan(t *testing.T) {
	const hidden = "(hidden)"
	tests := []struct {
		name string
		plan func(p *overlay.Plan) error
		want map[string]string // parts of what is seen; every file that is laid over is named
	}{
		{"the tests over the solution",
			func(p *overlay.Plan) error { return p.TestsOverSolution("02-b") },
			map[string]string{
				"solutions/02-b/b_test.go":     "\"barewire/solutions/02-b\"",
				"solutions/02-b/testdata/seed": "a seed",
			}},
		{"the reference under a learner's step",
			func(p *overlay.Plan) error { return p.ReferenceUnder("01-a") },
			map[string]string{
				"steps/01-a/a.go":    "return 42",
				"steps/01-a/mine.go": hidden,
			}},
		{"the reference with a program to talk to",
			func(p *overlay.Plan) error { return p.ReferenceUnder("02-b") },
			map[string]string{
				"steps/02-b/b.go":         "import a \"barewire/steps/01-a\"",
				"steps/02-b/helper.go":    "helper = 1",
				"steps/02-b/demo/main.go": "b \"barewire/steps/02-b\"",
			}},
		{"the starter where a learner has worked",
			func(p *overlay.Plan) error { return p.StarterUnder("01-a") },
			map[string]string{
				"steps/01-a/a.go":    "// TODO 1.1: Answer.",
				"steps/01-a/mine.go": hidden,
			}},
		{"a wrong program over the reference",
			func(p *overlay.Plan) error {
				err := p.ReferenceUnder("01-a")
				p.Replace("steps/01-a/a.go", []byte("return 43"))
				return err
			},
			map[string]string{
				"steps/01-a/a.go":    "return 43",
				"steps/01-a/mine.go": hidden,
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := write(t, fixture)
			plan := overlay.New(root)
			if err := test.plan(plan); err != nil {
				t.Fatal(err)
			}
			seen := read(t, root, plan)
			for name, want := range test.want {
				if got, ok := seen[name]; !ok || !strings.Contains(got, want) {
					t.Errorf("%s is seen as %q, want %q in it", name, got, want)
				}
				delete(seen, name)
			}
			for name := range seen {
				t.Errorf("%s is laid over too, want it left alone", name)
			}
		})
	}
}

// read writes the plan and returns what is seen at each path it names.
func read(t *testing.T, root string, plan *overlay.Plan) map[string]string {
	t.Helper()
	file, closePlan, err := plan.Write()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for name, at := range o.Replace {
		rel, err := filepath.Rel(root, name)
		if err != nil || !filepath.IsLocal(rel) {
			continue // the root's other name, where a link leads to it
		}
		rel = filepath.ToSlash(rel)
		if seen[rel] = "(hidden)"; at == "" {
			continue
		}
		b, err := os.ReadFile(at)
		if err != nil {
			t.Error(err)
		}
		seen[rel] = string(b)
	}
	if err := closePlan(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("the folder of the overlay is still there: %v", err)
	}
	return seen
}

// TestPlan_go runs go from another folder than the root.
func TestPlan_go(t *testing.T) {
	root := write(t, fixture)
	broken := write(t, fixture)
	if err := os.WriteFile(filepath.Join(broken, "solutions", "02-b", "helper.go"), []byte("package b\n\nconst helper = \"x\"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		root string
		plan func(p *overlay.Plan) error
		pkg  string
		want string
		why  string
	}{
		{"a learner's own step", root, func(*overlay.Plan) error { return nil }, "./steps/02-b", "b_test.go:9: 7000", "an empty plan changes nothing"},
		{"on the reference", root, func(p *overlay.Plan) error { return p.ReferenceUnder("01-a") }, "./steps/02-b", "b_test.go:9: 42000", "the learner's step on the right one"},
		{"the tests over the solution", root, func(p *overlay.Plan) error { return p.TestsOverSolution("02-b") }, "./solutions/02-b", "b_test.go:9: 43", "the solution is seen by its tests"},
		{"a compile error in the reference", broken, func(p *overlay.Plan) error { return p.ReferenceUnder("02-b") }, "./steps/02-b",
			filepath.Join("solutions", "02-b", "b.go") + ":5", "the compiler names the file that has to be mended"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plan := overlay.New(test.root)
			if err := test.plan(plan); err != nil {
				t.Fatal(err)
			}
			file, closePlan, err := plan.Write()
			if err != nil {
				t.Fatal(err)
			}
			defer closePlan()
			cmd := exec.Command("go", "test", "-vet=off", "-overlay", file, test.pkg)
			cmd.Dir = test.root
			if test.pkg == "./steps/02-b" {
				cmd.Dir = filepath.Join(test.root, "steps")
				cmd.Args[len(cmd.Args)-1] = "./02-b"
			}
			out, _ := cmd.CombinedOutput()
			if !strings.Contains(string(out), test.want) {
				t.Errorf("go test printed:\n%swant %q in it: %s", out, test.want, test.why)
			}
		})
	}
}

func ExamplePlan_ReferenceUnder() {
	plan := overlay.New(".")
	for _, step := range []string{"01-tcp-echo", "02-request-line"} {
		if err := plan.ReferenceUnder(step); err != nil {
			fmt.Println(err)
			return
		}
	}
	file, closePlan, err := plan.Write()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closePlan()
	_ = exec.Command("go", "test", "-overlay", file, "./steps/03-headers-bodies")
}
