package course_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"barewire/checker/course"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const good = "# Headers and bodies\n\nFields, then content.\n\nRun: `curl -v http://127.0.0.1:8080/`\n\n" +
	"## 3.1 Field lines (15 minutes)\n\nA field line is a name and a value.\n\n" +
	"### Hint 1\nLook.\n### Hint 2\nTry\n\n```go\n## not a heading\n```\n\n### Hint 3\nDo.\n\n" +
	"## 3.2 Host (1 minute)\nExactly one.\n### Hint 1\na\n### Hint 2\nb\n### Hint 3\nc\n### For `two (Host )?fields`\n1. Count\nthem.\n2. All.\n3. Not the first.\n"

const any = "# Any\n\nThese.\n\n### For `a panic`\n1. Where?\n2. Why?\n3. There.\n"

func parse(text string) (*course.Course, error) {
	return course.Parse(fstest.MapFS{"03-headers-bodies.md": {Data: []byte(text)}, "README.md": {}, "any.md": {Data: []byte(any)}})
}

func TestParse(t *testing.T) {
	for name, text := range map[string]string{"LF": good, "CRLF": strings.ReplaceAll(good, "\n", "\r\n")} {
		t.Run(name, func(t *testing.T) {
			c, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			two := course.Kind{Pattern: "two (Host )?fields", Hints: [3]string{"Count\nthem.", "All.", "Not the first."}}
			want := course.Step{
				Number: 3, Dir: "03-headers-bodies", Package: "message", Title: "Headers and bodies",
				Intro: "Fields, then content.", Run: "curl -v http://127.0.0.1:8080/",
				Tasks: []course.Task{
					{ID: "3.1", Title: "Field lines", Minutes: 15, What: "A field line is a name and a value.",
						Hints: [3]string{"Look.", "Try\n\n```go\n## not a heading\n```", "Do."}},
					{ID: "3.2", Title: "Host", Minutes: 1, What: "Exactly one.", Hints: [3]string{"a", "b", "c"}, Kinds: []course.Kind{two}},
				},
			}
			if diff := cmp.Diff(want, c.Steps[2], cmpopts.IgnoreUnexported(course.Task{})); diff != "" {
				t.Errorf("step 3 (-want +got):\n%s", diff)
			}
			if len(c.Steps) != 10 || c.Steps[9].Title != "Production server" {
				t.Errorf("a step without a file is not listed: %v", c.Steps)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"no title", "# Headers and bodies\n", "", `03-headers-bodies.md:2: text before the title`},
		{"no introduction", "Fields, then content.\n", "", `03-headers-bodies.md:1: the introduction is empty`},
		{"Run without backquotes", "Run: `curl -v http://127.0.0.1:8080/`", "Run: curl", `03-headers-bodies.md:5: the Run line is written`},
		{"a task without minutes", "(15 minutes)", "", `03-headers-bodies.md:7: a task's heading is written "## 3.1`},
		{"a task of another step", "## 3.2", "## 4.2", `03-headers-bodies.md:23: task 4.2 where 3.2 was expected`},
		{"a task that says nothing", "Exactly one.\n", "", `03-headers-bodies.md:23: task 3.2 is empty`},
		{"a hint that is missing", "### Hint 2\nb\n", "", `hint 3 of task 3.2 is out of order`},
		{"a hint that says nothing", "### Hint 3\nDo.", "### Hint 3\n", `03-headers-bodies.md:20: hint 3 of task 3.1 is empty`},
		{"a heading that is not a hint", "### Hint 1\na", "### Clue 1\na", `"### Clue 1" where "### Hint 1", 2 or 3 was expected`},
		{"an open fence", "```\n\n### Hint 3\nDo.", "\n### Hint 3\nDo.", "a ``` that is never closed"},
		{"a kind of failure without its pattern", "`two (Host )?fields`", "two fields", `03-headers-bodies.md:31: a kind of failure is written`},
		{"a pattern that is none", "(Host )?", "(Host ?", `03-headers-bodies.md:31: a kind of failure is written`},
		{"a hint for a kind that is missing", "2. All.\n", "", "`two (Host )?fields` has 2 hints"},
		{"hints for a kind out of order", "2. All.\n3. Not", "3. All.\n2. Not", "hint 3 for `two (Host )?fields` is out of order"},
		{"a kind of failure of no task", "## 3.1", "### For `x`\n\n## 3.1", `stands outside a task`},
		{"text between Run and the tasks", "## 3.1", "More.\n\n## 3.1", `03-headers-bodies.md:5: text after the Run line`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Count(good, test.old) != 1 {
				t.Fatalf("%q is not once in the good file", test.old)
			}
			_, err := parse(strings.Replace(good, test.old, test.new, 1))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that contains %q", err, test.want)
			}
		})
	}
	_, err := course.Parse(fstest.MapFS{"11-quic.md": {Data: []byte(good)}})
	if err == nil || err.Error() != "11-quic.md:1: no step has the folder 11-quic" {
		t.Errorf("a file of no step: %v", err)
	}
}

// TestHintsFor chooses hints by the name of a test, and by what it says.
func TestHintsFor(t *testing.T) {
	c, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	host := c.Steps[2].Tasks[1]
	for _, test := range []struct{ name, said, kind, first string }{
		{"TestTask2_Host/two_Host_fields", "got 200", "two (Host )?fields", "Count\nthem."},
		{"TestTask2_Host/HTTP/1.0", "sent two fields", "", "a"},
		{"TestTask2_Host/no_Host", "got a\n       panic: index", "a panic", "Where?"},
		{"TestTask2_Host/two_Host_fields", "got a\n       panic", "a panic", "Where?"},
		{"TestTask2_Host/no_Host", "got 200", "", "a"},
		{"", "", "", "a"},
	} {
		if hints, kind := host.HintsFor(test.name, test.said); kind != test.kind || hints[0] != test.first {
			t.Errorf("%s, %q: the kind %q with hint %q, want %q with %q", test.name, test.said, kind, hints[0], test.kind, test.first)
		}
	}
}

func TestLookups(t *testing.T) {
	c, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"3", "03", "3.2", "03-headers-bodies", "steps/03-headers-bodies/", `steps\03-headers-bodies`, "message"} {
		if s, err := c.Step(name); err != nil || s.Number != 3 {
			t.Errorf("Step(%q) = step %d, %v", name, s.Number, err)
		}
	}
	for _, name := range []string{"", "0", "11", "x"} {
		if _, err := c.Step(name); err == nil || !strings.Contains(err.Error(), "   3  Headers and bodies\n") {
			t.Errorf("Step(%q): error %v does not list the steps", name, err)
		}
	}
	if s, task, err := c.Task("3.2"); err != nil || task.Title != "Host" || s.Number != 3 || task.Number() != 2 {
		t.Errorf("Task(3.2) = %v, %v", task, err)
	}
	for id, want := range map[string]string{
		"3.9":  "  3.1  Field lines\n  3.2  Host",
		"4.1":  "step 4 has no tasks yet",
		"3":    "a task is written like 3.2",
		"":     "a task is written like 3.2",
		"11.1": "there is no step \"11\"",
	} {
		if _, _, err := c.Task(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Task(%q): error %v, want one that contains %q", id, err, want)
		}
	}
}

// TestFiles fails if a file of the course is malformed.
func TestFiles(t *testing.T) {
	if _, err := course.Load(); err != nil {
		t.Error(err)
	}
}
