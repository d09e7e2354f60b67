package starter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"barewire/checker/internal/starter"
)

// write lays files below a temporary folder, which it returns.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
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

// TestGenerate makes the starter of the first step in each archive, and
// compares it with the files below want/.
func TestGenerate(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			input, want := map[string]string{}, map[string]string{}
			step := ""
			for _, f := range archive.Files {
				if path, ok := strings.CutPrefix(f.Name, "want/"); ok {
					want[path] = string(f.Data)
					continue
				}
				input[f.Name] = string(f.Data)
				if step == "" {
					step = strings.Split(f.Name, "/")[1]
				}
			}
			root := write(t, input)
			files, err := starter.Generate(filepath.Join(root, "solutions", step))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for path, content := range files {
				got[path] = string(content)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the starter is not as %s says (-want +got):\n%s\n%s", name, diff, archive.Comment)
			}
		})
	}
}

// TestGenerate_misuse gives each way to misuse a directive the message, with
// its line, that a maintainer has to see.
func TestGenerate_misuse(t *testing.T) {
	tests := []struct {
		name string
		src  string
		want string // after the file's name
		why  string
	}{
		{"a todo on a type", "//starter:todo 2.1 Write it.\ntype T int\n", ":3: //starter:todo on something that is not a function", "there is no body to replace"},
		{"a todo on a field", "type T struct {\n//starter:todo 2.1 Write it.\nx int\n}\n", ":4: //starter:todo on something that is not a function", "there is no body to replace"},
		{"a todo in a body", "func f() {\n//starter:todo 2.1 Write it.\n}\n", ":4: //starter:todo belongs in the doc comment of what it is about", "nothing would happen"},
		{"a directive apart from its function", "//starter:omit\n\nfunc f() {}\n", ":3: //starter:omit belongs in the doc comment", "an empty line ends a doc comment"},
		{"an unknown directive", "//starter:hide\nfunc f() {}\n", ":3: unknown directive //starter:hide; there are todo, return and omit", "a slip of the pen"},
		{"no task", "//starter:todo Write it.\nfunc f() {}\n", `:3: //starter:todo needs a task and what to do, such as "2.1 Find both spaces first.", not "Write it."`, "the runner finds tasks by number"},
		{"a task without text", "//starter:todo 2.1\nfunc f() {}\n", `:3: //starter:todo needs a task and what to do`, "a TODO has to say what to do"},
		{"a task of another step", "//starter:todo 3.1 Write it.\nfunc f() {}\n", ":3: task 3.1 is not one of step 2", "copied from elsewhere"},
		{"a todo without a body", "//starter:todo 2.1 Write it.\nfunc f()\n", ":4: //starter:todo on a function without a body", "there is nothing to replace"},
		{"too few results", "//starter:todo 2.1 Write it.\n//starter:return 1\nfunc f() (int, error) { return 0, nil }\n", ":4: //starter:return gives 1 value(s); f returns 2", "it would not compile"},
		{"results where there are none", "//starter:todo 2.1 Write it.\n//starter:return 1\nfunc f() {}\n", ":4: //starter:return gives 1 value(s); f returns 0", "it would not compile"},
		{"results that are no Go", "//starter:todo 2.1 Write it.\n//starter:return 1 +\nfunc f() int { return 0 }\n", ":4: //starter:return 1 +: not a list of expressions", "it would not compile"},
		{"a return without a todo", "//starter:return 1\nfunc f() int { return 0 }\n", ":3: //starter:return without //starter:todo", "half a directive"},
		{"two returns", "//starter:todo 2.1 Write it.\n//starter:return 1\n//starter:return 2\nfunc f() int { return 0 }\n", ":5: a second //starter:return", "one of them would be ignored"},
		{"omit beside todo", "//starter:omit\n//starter:todo 2.1 Write it.\nfunc f() {}\n", ":3: //starter:omit leaves out the whole function", "one of them would be ignored"},
		{"an omitted constant that others count from", "const (\n\ta = iota\n\t//starter:omit\n\tb\n\tc\n)\n", ":6: omitting this constant would change c", "the starter's constants would differ from the reference's"},
		{"a file that does not parse", "func f( {\n", ":3:9: ", "a maintainer wants the compiler's line"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := write(t, map[string]string{"solutions/02-request-line/a.go": "package reqline\n\n" + test.src})
			dir := filepath.Join(root, "solutions", "02-request-line")
			_, err := starter.Generate(dir)
			if err == nil {
				t.Fatalf("no error, want %q: %s", test.want, test.why)
			}
			if want := filepath.Join(dir, "a.go") + test.want; !strings.Contains(err.Error(), want) {
				t.Errorf("error %q, want %q in it: %s", err, want, test.why)
			}
		})
	}
}

// TestGenerate_allErrors sees to it that one run reports every misuse.
func TestGenerate_allErrors(t *testing.T) {
	root := write(t, map[string]string{
		"solutions/02-x/a.go":      "package x\n\n//starter:no\nfunc f() {}\n\n//starter:nor\nvar v int\n",
		"solutions/02-x/demo/b.go": "//starter:todo 2.1 Before the package.\n\npackage main\n",
	})
	_, err := starter.Generate(filepath.Join(root, "solutions", "02-x"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"//starter:no;", "//starter:nor;", "only //starter:omit may stand before the package clause"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q in it", err, want)
		}
	}
}

// TestGenerate_nothing says what a step without a solution gives.
func TestGenerate_nothing(t *testing.T) {
	files, err := starter.Generate(filepath.Join(t.TempDir(), "solutions", "11-none"))
	if err != nil || len(files) != 0 {
		t.Errorf("Generate of nothing = %v, %v, want no files and no error", files, err)
	}
}
