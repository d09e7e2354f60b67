package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
)

// A Task is what became of the tests of one task of a step.
type Task struct {
	course.Task            // only an ID if the course file does not have it; none for the examples
	Tests       int        // how many tests ran, tables counted by row
	Red         []*Failure // those that failed, in the order in which they ran
	Missing     []string   // test functions that did not run
}

// A Failure is a test that is red.
type Failure struct {
	Test *gotest.Test
	Task *Task
}

// Done reports whether all of the task's tests ran and none is red.
func (t *Task) Done() bool {
	return t.Tests > 0 && len(t.Red) == 0 && len(t.Missing) == 0
}

// Name returns what the task is called: "3.2 Host", or "Examples".
func (t *Task) Name() string {
	if t.ID == "" {
		return "Examples"
	}
	return strings.TrimSpace(t.ID + " " + t.Title)
}

var taskTest = regexp.MustCompile(`^(?:Test|Fuzz)Task(\d+)_(.*)$`)

// TasksOf sorts the tests of a step by task: the tasks of the course first, then
// those that only the tests know, then the examples.
func TasksOf(step course.Step, p *gotest.Package) []*Task {
	var tasks []*Task
	for _, t := range step.Tasks {
		tasks = append(tasks, &Task{Task: t})
	}
	find := func(test string) *Task {
		id := taskID(step, test)
		i := slices.IndexFunc(tasks, func(t *Task) bool { return t.ID == id })
		if i < 0 {
			i = len(tasks)
			tasks = append(tasks, &Task{Task: course.Task{ID: id}})
		}
		return tasks[i]
	}
	for i, test := range p.Tests {
		task := find(test.Name)
		leaf := !slices.ContainsFunc(p.Tests[i+1:], func(sub *gotest.Test) bool {
			return strings.HasPrefix(sub.Name, test.Name+"/")
		})
		if leaf && test.Outcome != gotest.Skip {
			task.Tests++
		}
		if isRed(p, test, leaf) {
			task.Red = append(task.Red, &Failure{test, task})
		}
	}
	for _, name := range p.Missing {
		task := find(name)
		task.Missing = append(task.Missing, name)
	}
	slices.SortStableFunc(tasks, func(a, b *Task) int { return order(a) - order(b) })
	return tasks
}

// order puts tasks in the order of their numbers, and the examples last.
func order(t *Task) int {
	if t.ID == "" {
		return 1 << 20
	}
	return t.Number()
}

// taskID returns the task to which a test belongs, or "" for an example.
func taskID(step course.Step, test string) string {
	top, _, _ := strings.Cut(test, "/")
	if m := taskTest.FindStringSubmatch(top); m != nil {
		n, _ := strconv.Atoi(m[1])
		return fmt.Sprintf("%d.%d", step.Number, n)
	}
	return ""
}

// isRed reports whether a test failed for itself, not only because a test
// within it did.
func isRed(p *gotest.Package, test *gotest.Test, leaf bool) bool {
	switch test.Outcome {
	case gotest.Pass, gotest.Skip:
		return false
	case gotest.Unfinished:
		// The tests around the one that ended the program are not to blame.
		if p.Panic != nil && p.Panic.Test != "" {
			return test.Name == p.Panic.Test
		}
		if p.Timeout != nil && len(p.Timeout.Tests) > 0 {
			return slices.Contains(p.Timeout.Tests, test.Name)
		}
		return leaf
	}
	said, _ := test.Messages()
	return leaf || len(own(said)) > 0
}

// own returns the messages that are not package testing's.
func own(said []gotest.Message) []gotest.Message {
	var own []gotest.Message
	for _, m := range said {
		if m.File != "testing.go" {
			own = append(own, m)
		}
	}
	return own
}

// FirstRed returns the first red test of the first task that has one, or nil.
func FirstRed(tasks []*Task) *Failure {
	for _, t := range tasks {
		if len(t.Red) > 0 {
			return t.Red[0]
		}
	}
	return nil
}

// noun makes words of the name of a test function: "host field" of
// "TestTask2_HostField". An example is called as what it is an example of:
// "Server.Serve" of "ExampleServer_Serve".
func noun(test string) string {
	m := taskTest.FindStringSubmatch(test)
	if m == nil {
		return exampleOf(strings.TrimPrefix(test, "Example"))
	}
	var b strings.Builder
	runes := []rune(m[2])
	upper := func(i int) bool { return 0 <= i && i < len(runes) && unicode.IsUpper(runes[i]) }
	lower := func(i int) bool { return 0 <= i && i < len(runes) && unicode.IsLower(runes[i]) }
	for i, r := range runes {
		switch {
		case r == '_':
			r = ' '
		case upper(i) && (lower(i-1) || i > 0 && lower(i+1)):
			b.WriteByte(' ')
		}
		if acronym := upper(i) && (upper(i+1) || i+1 == len(runes) && upper(i-1)); !acronym {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// exampleOf returns what an example is for, given the rest of its name. What
// begins with a small letter tells several examples of one thing apart.
func exampleOf(name string) string {
	var of []string
	parts := strings.Split(name, "_")
	for i, part := range parts {
		if first, _ := utf8.DecodeRuneInString(part); unicode.IsLower(first) {
			return strings.TrimPrefix(strings.Join(of, ".")+", "+strings.Join(parts[i:], " "), ", ")
		}
		if part != "" {
			of = append(of, part)
		}
	}
	if len(of) == 0 {
		return "the whole package"
	}
	return strings.Join(of, ".")
}
