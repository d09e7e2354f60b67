// Package course holds the ten steps of the workshop: their names, and what the
// files NN-topic.md beside this one say about their tasks and hints. The files
// are part of the checker's program, so that a copy without them still works.
//
// It leaves out what is on the disk: whether a step's folder is there, and what
// is in it, is the business of the commands.
//
// Read this file first, then parse.go.
package course

import (
	"embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

//go:embed *.md
var files embed.FS

// A Course is all of the steps, in order.
type Course struct {
	Steps []Step
}

// A Step is one package that the learner writes.
type Step struct {
	Number  int    // 1 to 10
	Dir     string // its folder under steps and solutions, such as "03-headers-bodies"
	Package string // its Go package, such as "message"
	Title   string // such as "Headers and bodies"
	Intro   string // what the step adds; paragraphs are separated by an empty line
	Run     string // the command to try while "make run" runs, or ""
	Tasks   []Task // none for a step whose course file is not written yet
}

// A Task is a part of a step that is done in one sitting.
type Task struct {
	ID      string // such as "3.2"
	Title   string // such as "Host"
	Minutes int    // how long it takes
	What    string // what has to be true when it is done
	Hints   [3]string
	Kinds   []Kind // failures that have hints of their own, by the names of their tests
	any     []Kind // those of any task
}

// A Kind is a kind of failure: the mistakes that one would help with in the same way.
type Kind struct {
	Pattern string // of the test's name, with spaces; of a failure of any task, of what the test says
	Hints   [3]string
}

// HintsFor returns the hints for a failure of the task, and the pattern of its kind; the
// task's own hints, and "", if there is no kind for it. Test is the test's name, and
// said is what it said.
func (t Task) HintsFor(test, said string) (hints [3]string, kind string) {
	match := func(kinds []Kind, text string) *Kind {
		for i, k := range kinds {
			if regexp.MustCompile(k.Pattern).MatchString(text) {
				return &kinds[i]
			}
		}
		return nil
	}
	if k := match(t.any, strings.Join(strings.Fields(said), " ")); k != nil {
		return k.Hints, k.Pattern
	}
	if k := match(t.Kinds, strings.ReplaceAll(test, "_", " ")); k != nil {
		return k.Hints, k.Pattern
	}
	return t.Hints, ""
}

// Number returns the task's number in its step: 2 for task 3.2.
func (t Task) Number() int {
	_, m, _ := strings.Cut(t.ID, ".")
	n, _ := strconv.Atoi(m)
	return n
}

// names lists the steps: folder, package, and the title for as long as the
// course file is not written.
var names = []struct{ dir, pkg, title string }{
	{"01-tcp-echo", "echo", "TCP echo"},
	{"02-request-line", "reqline", "Request line"},
	{"03-headers-bodies", "message", "Headers and bodies"},
	{"04-keep-alive", "keepalive", "Keep-alive"},
	{"05-thread-pool", "pool", "Thread pool"},
	{"06-routing", "router", "Routing"},
	{"07-middleware", "middleware", "Middleware"},
	{"08-rate-limiting", "ratelimit", "Rate limiting"},
	{"09-static-files", "static", "Static files"},
	{"10-production-server", "server", "Production server"},
}

// Load reads the course that is built into this program. An error names the
// file and line of everything that is malformed.
func Load() (*Course, error) {
	return Parse(files)
}

// Step returns the step that name means: "3", "03", "3.2", "03-headers-bodies",
// "steps/03-headers-bodies" or "message".
func (c *Course) Step(name string) (Step, error) {
	name = strings.Trim(strings.ReplaceAll(name, `\`, "/"), "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	number, _, _ := strings.Cut(name, ".")
	n, err := strconv.Atoi(number)
	for _, s := range c.Steps {
		if err == nil && s.Number == n || s.Dir == name || s.Package == name {
			return s, nil
		}
	}
	return Step{}, fmt.Errorf("there is no step %q; the steps are:\n%s", name, c.list())
}

// Task returns the task with the number id, such as "3.2", and its step.
func (c *Course) Task(id string) (Step, Task, error) {
	number, m, dotted := strings.Cut(id, ".")
	if !dotted {
		return Step{}, Task{}, fmt.Errorf("%q is not a task; a task is written like 3.2: step 3, task 2", id)
	}
	step, err := c.Step(number)
	if err != nil {
		return Step{}, Task{}, err
	}
	for _, t := range step.Tasks {
		if strconv.Itoa(t.Number()) == strings.TrimLeft(m, "0") {
			return step, t, nil
		}
	}
	if len(step.Tasks) == 0 {
		return step, Task{}, fmt.Errorf("there is no task %s: step %d has no tasks yet", id, step.Number)
	}
	return step, Task{}, fmt.Errorf("there is no task %s; the tasks of step %d are:\n%s", id, step.Number, step.list())
}

// list returns the steps, one a line.
func (c *Course) list() string {
	var b strings.Builder
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "  %2d  %s\n", s.Number, s.Title)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// list returns the step's tasks, one a line.
func (s Step) list() string {
	var b strings.Builder
	for _, t := range s.Tasks {
		fmt.Fprintf(&b, "  %s  %s\n", t.ID, t.Title)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
