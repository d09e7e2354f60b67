package gate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"barewire/checker/internal/starter"

	"golang.org/x/tools/txtar"
)

// workshop is a small workshop in which everything holds: one step, one task.
const workshop = `
-- go.mod --
module barewire

go 1.26
-- solutions/01-tcp-echo/add.go --
// Package echo adds.
package echo

// Add returns the sum of a and b.
//
//starter:todo 1.1 Use the operator.
func Add(a, b int) int {
	return a + b
}
-- steps/01-tcp-echo/add.go --
// Package echo adds.
package echo

// Add returns the sum of a and b.
func Add(a, b int) int {
	// TODO 1.1: Use the operator.
	return 0
}
-- steps/01-tcp-echo/add_test.go --
package echo_test

import (
	"testing"

	echo "barewire/steps/01-tcp-echo"
)

func TestTask1_Add(t *testing.T) {
	t.Run("two and two", func(t *testing.T) {
		if got := echo.Add(2, 2); got != 4 {
			t.Errorf("got %d, want 4", got)
		}
	})
}
-- checker/wrong/01-tcp-echo/1.1-minus.txtar --
It subtracts.

caught-by: TestTask1_Add/two_and_two
-- add.go --
a + b
.. with ..
a - b
-- checker/wrong/01-tcp-echo/1.1-one-more.txtar --
It is off by one.

caught-by: TestTask1_Add/two_and_two
-- add.go --
a + b
.. with ..
a + b + 1
-- checker/red/01-tcp-echo.md --
# What a wrong 01-tcp-echo is told

Each mistake of ~checker/wrong/01-tcp-echo~, and what its test says to the one who made it.
~UPDATE=1 go tool checker check -only wrong -step 01~ writes this file; the gate compares it, numbers apart.

## 1.1-minus

It subtracts.

~~~text
got 0, want 4
~~~

## 1.1-one-more

It is off by one.

~~~text
got 5, want 4
~~~
-- checker/red/hints.md --
# Which mistakes have hints of their own

Each wrong program of ~checker/wrong~ whose failure is of a kind that ~checker/course~ has hints for, and that kind. All others get the hints of their task.
~UPDATE=1 go tool checker check -only course~ writes this file; the gate compares it.

## 01-tcp-echo

- 1.1-minus: ~two and two~
- 1.1-one-more: ~two and two~
-- checker/_right/loop/01-tcp-echo/add.go --
// Package echo adds.
package echo

// Add returns the sum of a and b.
func Add(a, b int) int {
	for ; b > 0; b-- {
		a++
	}
	return a
}
-- checker/_right/short/01-tcp-echo/add.go --
// Package echo adds.
package echo

// Add returns the sum of a and b.
func Add(a, b int) int { return b + a }
-- checker/_right/sly/01-tcp-echo/add.go --
// Package echo adds.
package echo

// Add returns the sum of a and b.
func Add(a, b int) int { return a - -b }
-- checker/course/01-tcp-echo.md --
# Adding

It adds.

## 1.1 Add (5 minutes)

The sum is right.

### Hint 1
Look at the tests.
### Hint 2
Think of an operator.
### Hint 3
It looks like a cross.
### For ~two and two~
1. Two and two are not nothing.
2. What is the other sign?
3. A cross.
`

// lay writes a workshop to a folder with a space in its name. A wrong program is
// an archive in an archive, so its second marker is written with dots.
func lay(t *testing.T, edits ...string) string {
	t.Helper()
	// The inner archives' first markers would end the outer file too.
	text := strings.ReplaceAll(workshop, "-- add.go --", ".. add.go ..")
	text = strings.ReplaceAll(text, "~", "`")
	root := filepath.Join(t.TempDir(), "a workshop")
	files := txtar.Parse([]byte(text)).Files
	for i := 0; i+2 < len(edits); i += 3 {
		if edits[i+1] == "" { // a file that was not there
			files = append(files, txtar.File{Name: edits[i], Data: []byte(edits[i+2])})
		}
	}
	for _, f := range files {
		content := f.Data
		if strings.HasSuffix(f.Name, ".txtar") {
			content = bytes.ReplaceAll(content, []byte(".. add.go .."), []byte("-- add.go --"))
			content = bytes.ReplaceAll(content, []byte(".. with .."), []byte("-- with --"))
		}
		for i := 0; i+2 < len(edits); i += 3 {
			if f.Name == edits[i] && edits[i+1] != "" {
				if !bytes.Contains(content, []byte(edits[i+1])) {
					t.Fatalf("%s has no %q", f.Name, edits[i+1])
				}
				content = bytes.Replace(content, []byte(edits[i+1]), []byte(edits[i+2]), 1)
			}
		}
		name := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	stale, err := starter.CompareHandout(root, "01-tcp-echo")
	if err == nil {
		err = starter.Write(root, root, stale)
	}
	if err != nil {
		t.Log(err) // the stage fresh says it, of a solution that is no Go
	}
	return root
}

const (
	solution    = "solutions/01-tcp-echo/add.go"
	starterFile = "steps/01-tcp-echo/add.go"
	tests       = "steps/01-tcp-echo/add_test.go"
	wrongFile   = "checker/wrong/01-tcp-echo/1.1-minus.txtar"
	rightFile   = "checker/_right/loop/01-tcp-echo/add.go"
	courseFile  = "checker/course/01-tcp-echo.md"
)

// Every way in which a workshop can be broken turns the stage that looks for it
// red, and the failure says where.
func TestGate(t *testing.T) {
	const body = "\treturn a + b\n"
	for _, test := range []struct {
		name  string
		only  string
		edits []string // file, old, new; a file with "" for old is made
		want  []string // in what is printed; nothing for a workshop that is all right
	}{
		{"all is right", "format,course,fresh,green,red,wrong,right", nil, nil},
		{"a file that gofmt would change", "format", []string{solution, "return a + b", "return a+b"}, []string{solution}},
		{"a file with the line ends of Windows", "format", []string{solution, "package echo\n", "package echo\r\n"}, []string{solution, "CR LF"}},
		{"a solution changed without its starter", "fresh", []string{solution, "the operator", "an operator"}, []string{starterFile, "make starters"}},
		{"a directive that is misspelt", "fresh", []string{solution, "starter:todo", "starter:tood"}, []string{"add.go:6"}},
		{"a solution that is broken", "green", []string{solution, body, "\treturn a - b\n"}, []string{"solutions/01-tcp-echo: TestTask1_Add/two_and_two: fail"}},
		{"a solution that does not compile", "green", []string{solution, body, "\treturn a + c\n"}, []string{"add.go:8", "undefined: c"}},
		{"a solution that ends the program", "green", []string{solution, "package echo\n", "package echo\n\nimport \"os\"\n\nfunc init() { os.Exit(0) }\n"}, []string{"did not run: TestTask1_Add"}},
		{"a test that passes on the starter", "green,red", []string{tests, "Add(2, 2); got != 4", "Add(2, 2); got > 4"}, []string{"steps/01-tcp-echo: TestTask1_Add/two_and_two: pass on the starter"}},
		{"a starter that panics", "red", []string{solution, "operator.\n", "operator.\n//starter:return []int{}[a]\n"}, []string{"a panic"}},
		{"a subtest that only one side runs", "green,red", []string{tests, `t.Run("two and two"`, `if echo.Add(1, 1) == 2 {
		t.Run("one and one", func(t *testing.T) {})
	}
	t.Run("two and two"`}, []string{"one_and_one runs on the solution only"}},
		{"a wrong program that passes", "wrong", []string{wrongFile, "a - b", "b + a"}, []string{wrongFile, "not caught"}},
		{"a wrong program whose test is gone", "wrong", []string{wrongFile, "two_and_two", "two_and_three"}, []string{"there is no test"}},
		{"a wrong program whose text is gone", "wrong", []string{wrongFile, "a + b", "a * b"}, []string{"0 times"}},
		{"a test that says something else about a mistake", "wrong", []string{tests, `"got %d, want 4", got`, `"it is %d", got`}, []string{wrongFile, "another text", "it is 0"}},
		{"a mistake that is described in other words", "wrong", []string{wrongFile, "It subtracts.", "It takes away."}, []string{"checker/red/01-tcp-echo.md is out of date"}},
		{"a right program that is refused", "right", []string{rightFile, "a++", "a--"}, []string{rightFile[:len("checker/_right/loop/01-tcp-echo")] + " is refused", "TestTask1_Add/two_and_two", "got 0, want 4"}},
		{"a right program that does not compile", "right", []string{rightFile, "a++", "c++"}, []string{rightFile + ":7", "undefined: c"}},
		{"a right program that ends the process", "right", []string{rightFile, "package echo\n", "package echo\n\nimport \"os\"\n\nfunc init() { os.Exit(0) }\n"}, []string{"did not run: TestTask1_Add"}},
		{"a hint that is missing", "course", []string{courseFile, "### Hint 3\nIt looks like a cross.\n", ""}, []string{"01-tcp-echo.md"}},
		{"a hint that is a copy", "course", []string{courseFile, "It looks like a cross.", "`func Add(a, b int) int { return a + b }`"}, []string{"a hint for 1.1 is a copy of the solution: func Add ("}},
		{"hints for a failure that nobody has", "course", []string{courseFile, "### For `two and two`", "### For `three`"}, []string{"no wrong program of 1.1 fails like `three`", "out of date"}},
		{"a test of no task", "course", []string{tests, "TestTask1_Add", "TestAdd"}, []string{"TestAdd is named after no task", "1.1 has no test"}},
		{"a test of a task that is not there", "course", []string{tests, "TestTask1_Add", "TestTask2_Add"}, []string{"task 1.2"}},
		{"a test of the reference in a file that the step has as well", "course", []string{"solutions/01-tcp-echo/add_test.go", "", "package echo_test\n"}, []string{"solutions/01-tcp-echo/add_test.go: there is a steps/01-tcp-echo/add_test.go"}},
		{"a todo comment of a task that is not there", "course", []string{solution, "todo 1.1", "todo 1.2"}, []string{"task 1.2"}},
		{"too few wrong programs", "course", []string{wrongFile, "It subtracts.\n\ncaught", "It subtracts.\n\nnot-caught"}, []string{"caught-by"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out, complaints bytes.Buffer
			status := Main(t.Context(), lay(t, test.edits...), []string{"-only", test.only}, &out, &complaints)
			if want := min(len(test.want), 1); status != want || complaints.Len() > 0 {
				t.Errorf("exit status %d, want %d\n%s%s", status, want, complaints.String(), out.String())
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("nothing says %q:\n%s", want, out.String())
				}
			}
		})
	}
}

// What skips itself is named with its reason, which says how to install what is missing.
func TestSkips(t *testing.T) {
	const events = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: not run: no sandbox:\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"        apt-get install bubblewrap\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"    a_test.go:19: hello\n"}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"skip","Package":"p","Test":"TestC","Elapsed":0}
{"Action":"skip","Package":"without tests","Elapsed":0}
`
	got := strings.Join(skips(strings.NewReader(events), "docs"), "\n")
	want := "1 test(s) in docs (TestC): it does not say why\n1 test(s) in docs (TestA): no sandbox:\napt-get install bubblewrap"
	if got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}

func TestUnknownStage(t *testing.T) {
	var out, complaints bytes.Buffer
	if status := Main(t.Context(), t.TempDir(), []string{"-only", "smell"}, &out, &complaints); status != 2 {
		t.Errorf("exit status %d, want 2", status)
	}
	if !strings.Contains(complaints.String(), `"smell"`) || !strings.Contains(complaints.String(), "staticcheck") {
		t.Errorf("it says %q, and not what there is", complaints.String())
	}
}

// A stage that finds nothing to check has not passed.
func TestNothingChecked(t *testing.T) {
	var out, complaints bytes.Buffer
	if status := Main(t.Context(), t.TempDir(), []string{"-only", "fresh"}, &out, &complaints); status != 1 {
		t.Errorf("exit status %d, want 1\n%s", status, out.String())
	}
}

func TestToolPath(t *testing.T) {
	for _, out := range []string{"/cache/tool\n", "go: downloading a v1\ngo: downloading b v2\n/cache/tool\n"} {
		if got := toolPath(out); got != "/cache/tool" {
			t.Errorf("toolPath(%q) = %q, want /cache/tool", out, got)
		}
	}
}
