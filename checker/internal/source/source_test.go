package source_test

import (
	"os"
	"testing"

	"barewire/checker/internal/source"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

const files = `
-- solutions/03-headers-bodies/field.go --
package message

// Parse parses.
//
//starter:todo 3.1 Find the colon.
func (f *Field) Parse() error { return nil }

//starter:todo 3.2 Count the Host fields.
func Host() int { return 0 }
-- steps/03-headers-bodies/field.go --
package message

func (f *Field) Parse() error {
	return helper()
}

// Host counts.
func Host() int {
	// TODO 3.4: this comes later now.
	return 0
}

func helper() error { return nil }
-- steps/03-headers-bodies/broken.go --
package message

func Broken( {
-- steps/03-headers-bodies/field_test.go --
package message_test

func TestTask2_Host(t *testing.T) {
	for _, test := range []struct{ name, in string }{
		{"two Host fields", "a"},
		{"a/b and_c", "GET"},
		{"GET", "x"},
	} {
	}
}
`

func tree(t *testing.T) *source.Tree {
	fsys, err := txtar.FS(txtar.Parse([]byte(files)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	return source.New(dir)
}

func TestFunc(t *testing.T) {
	tree := tree(t)
	const file = "steps/03-headers-bodies/field.go"
	for line, want := range map[int]string{1: "", 3: "Field.Parse", 4: "Field.Parse", 7: "", 9: "Host", 13: "helper", 99: ""} {
		if got := tree.Func(file, line); got != want {
			t.Errorf("line %d is in %q, want %q", line, got, want)
		}
	}
	if got := tree.Func("checker/main.go", 1); got != "" {
		t.Errorf("a file of no step is in %q", got)
	}
}

func TestTask(t *testing.T) {
	tree := tree(t)
	for name, want := range map[string]string{
		"Field.Parse": "3.1", // its TODO line is gone: the solution knows
		"Host":        "3.4", // the learner's TODO line wins
		"helper":      "",
	} {
		if got := tree.Task("03-headers-bodies", name); got != want {
			t.Errorf("%s is for task %q, want %q", name, got, want)
		}
	}
}

func TestRow(t *testing.T) {
	tree := tree(t)
	for name, want := range map[string]source.Row{
		"TestTask2_Host/two_Host_fields":       {Sentence: "two Host fields", File: "field_test.go", Line: 5, Exact: true},
		"TestTask2_Host/two_Host_fields/whole": {Sentence: "two Host fields, whole", File: "field_test.go", Line: 5, Exact: true},
		"TestTask2_Host/a/b_and_c":             {Sentence: "a/b and_c", File: "field_test.go", Line: 6, Exact: true},
		"TestTask2_Host/GET":                   {Sentence: "GET", File: "field_test.go", Line: 3},
		"TestTask2_Host/a_computed_name":       {Sentence: "a computed name", File: "field_test.go", Line: 3},
		"TestTask2_Host":                       {File: "field_test.go", Line: 3},
		"TestTask9_None/a_b":                   {Sentence: "a b"},
	} {
		if diff := cmp.Diff(want, tree.Row("03-headers-bodies", name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLine(t *testing.T) {
	tree := tree(t)
	if got, ok := tree.Line("steps/03-headers-bodies/field.go", 4); got != "\treturn helper()" || !ok {
		t.Errorf("line 4 is %q, %t", got, ok)
	}
	if _, ok := tree.Line("steps/03-headers-bodies/none.go", 1); ok {
		t.Error("there is a line in a file that is not there")
	}
}

func TestOwn(t *testing.T) {
	for file, want := range map[string]bool{
		"steps/03-headers-bodies/field.go":      true,
		"steps/03-headers-bodies/demo/main.go":  true,
		"steps/03-headers-bodies/field_test.go": false,
		"solutions/03-headers-bodies/field.go":  false,
		"checker/main.go":                       false,
		"/usr/local/go/src/net/net.go":          false,
	} {
		if got := source.Own(file); got != want {
			t.Errorf("Own(%q) = %t", file, got)
		}
	}
}

func TestFind(t *testing.T) {
	want := []source.Place{{File: "steps/03-headers-bodies/field.go", Line: 4}, {File: "steps/03-headers-bodies/field.go", Line: 13}}
	if diff := cmp.Diff(want, tree(t).Find("03-headers-bodies", "helper()", "nowhere")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTodos(t *testing.T) {
	tree := tree(t)
	const file = "steps/03-headers-bodies/field.go"
	for task, want := range map[string][]source.Todo{
		"3.1": {{Place: source.Place{File: file, Line: 3}, Func: "Field.Parse"}},
		"3.4": {{Place: source.Place{File: file, Line: 9}, Func: "Host", Text: "this comes later now."}},
		"3.9": nil,
	} {
		if diff := cmp.Diff(want, tree.Todos("03-headers-bodies", task)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", task, diff)
		}
	}
}
