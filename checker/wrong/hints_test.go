package wrong

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"barewire/checker/course"
)

// TestCheckHints writes the file, changes one thing after the other, and looks whether
// the check says so.
func TestCheckHints(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "checker", "red"), 0o777); err != nil {
		t.Fatal(err)
	}
	red := "## 1.1-a\n\nA.\n\n```text\nwant   4\ngot    5\n```\n\n## 1.1-b\n\nB.\n\n```text\nwant   4\ngot    0\n```\n"
	if err := os.WriteFile(filepath.Join(root, "checker", "red", "01-tcp-echo.md"), []byte(red), 0o666); err != nil {
		t.Fatal(err)
	}
	parsed := func(kinds string) *course.Course {
		c, err := course.Parse(fstest.MapFS{
			"01-tcp-echo.md": {Data: []byte("# Adding\n\nIt adds.\n\n## 1.1 Add (5 minutes)\nThe sum.\n### Hint 1\na\n### Hint 2\nb\n### Hint 3\nc\n" + kinds)},
			"any.md":         {Data: []byte("# Any\n\nAny.\n\n### For `got a panic`\n1. a\n2. b\n3. c\n### For `got a race`\n1. a\n2. b\n3. c\n")},
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const five, none = "### For `Add$`\n1. a\n2. b\n3. c\n", "### For `nobody says this`\n1. a\n2. b\n3. c\n"
	programs := []Program{
		{File: "1.1-a.txtar", Step: "01-tcp-echo", Task: "1.1", CaughtBy: "TestTask1_Add"},
		{File: "1.1-b.txtar", Step: "01-tcp-echo", Task: "1.1", CaughtBy: "TestTask1_Add/two_and_two"},
		{File: "1.1-c.txtar", Step: "01-tcp-echo", Task: "1.1", CaughtBy: "TestTask1_Add", EndsWith: "panic"},
	}
	if problems := CheckHints(root, parsed(five), programs, true); problems != nil {
		t.Fatal(problems)
	}
	written, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(HintsFile)))
	if want := "## 01-tcp-echo\n\n- 1.1-a: `Add$`\n- 1.1-c: `got a panic`\n"; err != nil || !strings.HasSuffix(string(written), want) {
		t.Fatalf("%v, written is\n%swant it to end with\n%s", err, written, want)
	}
	for _, test := range []struct{ name, kinds, want string }{
		{"as it was", five, ""},
		{"a failure without its hints", "", "out of date"},
		{"hints for the name of a test", "### For `two and two`\n1. a\n2. b\n3. c\n" + five, "out of date"},
		{"hints for a failure that no program has", five + none, "no wrong program of 1.1 fails like `nobody says this`"},
		{"hints that others come before", five + "### For `Task1 Add$`\n1. a\n2. b\n3. c\n", "no wrong program of 1.1 fails like `Task1 Add$`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(CheckHints(root, parsed(test.kinds), programs, false), "\n")
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("problems %q, want %q", got, test.want)
			}
		})
	}
}
