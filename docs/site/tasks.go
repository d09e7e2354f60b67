package main

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/checker/grader/rubric"

	"github.com/yuin/goldmark/ast"
)

//go:embed tests.txt
var testList string

// A proof is a test function of a task, and what its subtests are called.
type proof struct {
	name string // such as "TestTask1_Field"
	rows []string
}

// proofs has the tests of all tasks, by the task's id.
var proofs = func() map[string][]proof {
	all := make(map[string][]proof)
	for line := range strings.Lines(testList) {
		step, rest, ok := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if !ok || step == "#" {
			continue
		}
		name, row, _ := strings.Cut(rest, "\t")
		n, _ := strconv.Atoi(step)
		m := ofTask.FindStringSubmatch(name)
		if m == nil {
			continue // an example, which is nobody's task
		}
		id := fmt.Sprintf("%d.%s", n, m[1])
		if last := len(all[id]) - 1; last < 0 || all[id][last].name != name {
			all[id] = append(all[id], proof{name: name})
		}
		last := &all[id][len(all[id])-1]
		if row != "" {
			last.rows = append(last.rows, row)
		}
	}
	return all
}()

// ofTask is the name of a test, with its task's number and what it is about.
var ofTask = regexp.MustCompile(`^(?:Test|Fuzz)Task(\d+)_(\w+)$`)

// count returns how many tests a task has.
func count(id string) (n int) {
	for _, p := range proofs[id] {
		n += max(1, len(p.rows))
	}
	return n
}

// points returns what each task is worth if the instructor says nothing.
func points(c *course.Course) map[string]string {
	all := make(map[string]string)
	for _, t := range rubric.Default(c).Tasks {
		all[t.ID] = strconv.FormatFloat(math.Round(t.MaxPoints*10)/10, 'f', -1, 64)
	}
	return all
}

// step returns the step that an argument names.
func (s *site) step(args []string) (course.Step, error) {
	if len(args) != 1 {
		return course.Step{}, errors.New("the number of a step stands behind it")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 || n > len(s.course.Steps) {
		return course.Step{}, fmt.Errorf("there is no step %q", args[0])
	}
	return s.course.Steps[n-1], nil
}

// makeTasks is a table of the tasks of a step.
func makeTasks(t transformer, args []string) (template.HTML, error) {
	step, err := t.step(args)
	if err != nil {
		return "", err
	}
	chapter := ""
	if t.source == step.Dir+".md" {
		t.listed = step.Tasks
	} else {
		chapter = t.to(step.Dir + "/")
	}
	worth := points(t.course)
	var rows template.HTML
	minutes, tests := 0, 0
	for _, task := range step.Tasks {
		rows += markup("<tr><td>%s</td><td><a href=\"%s#%s\">%s</a></td><td>%d min</td><td>%d</td><td>%s</td></tr>\n",
			task.ID, chapter, slug(task.ID+" "+task.Title), task.Title, task.Minutes, count(task.ID), worth[task.ID])
		minutes += task.Minutes
		tests += count(task.ID)
	}
	return markup("<div class=\"table tasks\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Task</th><th scope=\"col\">What</th><th scope=\"col\">Time</th>"+
		"<th scope=\"col\">Tests</th><th scope=\"col\">Points</th></tr></thead>\n<tbody>\n%s</tbody>\n"+
		"<tfoot><tr><td></td><td>together</td><td>%s</td><td>%d</td><td>10</td></tr></tfoot></table></div>\n", rows, hours(minutes), tests), nil
}

// hours is a time in words.
func hours(minutes int) string {
	if minutes < 90 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%.3g h", math.Round(float64(minutes)/30)/2)
}

// taskHeading is the heading of a task's section. A section may be about several.
var taskHeading = regexp.MustCompile(`^\d+\.\d+( and \d+\.\d+)*(?: |$)`)

// endTasks puts, at the end of each section that is about a task, what the course
// says about it: the time, the points, the tests and the hints.
func (t transformer) endTasks(doc ast.Node) {
	told := make(map[string]bool)
	var ids []string // of the section's tasks
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level > 2 {
			continue
		}
		t.closeTasks(doc, h, ids)
		said := words(h, t.text)
		ids = nil
		if name := taskHeading.FindString(said); name != "" {
			ids = strings.Split(strings.TrimSpace(name), " and ")
			t.checkTasks(h, ids, strings.TrimPrefix(said, name))
		}
		for _, id := range ids {
			told[id] = true
		}
	}
	t.closeTasks(doc, nil, ids)
	for _, task := range t.listed {
		if !told[task.ID] {
			t.failf(0, "no section is about task %s %s", task.ID, task.Title)
		}
	}
}

// checkTasks compares the heading of a section with the tasks that it names.
func (t transformer) checkTasks(h ast.Node, ids []string, title string) {
	for _, id := range ids {
		step, task, err := t.course.Task(id)
		switch {
		case err != nil:
			t.failf(offset(h), "%v", err)
		case !strings.HasPrefix(t.source, step.Dir):
			t.failf(offset(h), "task %s belongs to docs/%s.md", id, step.Dir)
		case len(ids) == 1 && title != task.Title:
			t.failf(offset(h), "task %s is called %q", id, task.Title)
		}
	}
}

// closeTasks puts the ends of tasks before a heading, or behind everything.
func (t transformer) closeTasks(doc, before ast.Node, ids []string) {
	for _, id := range ids {
		step, task, err := t.course.Task(id)
		if err != nil {
			continue // which checkTasks says
		}
		end := &made{html: t.taskEnd(step, task)}
		if before == nil {
			doc.AppendChild(doc, end)
		} else {
			doc.InsertBefore(doc, before, end)
		}
	}
}

// taskEnd is what stands below the text about a task.
func (t transformer) taskEnd(step course.Step, task course.Task) template.HTML {
	n := count(task.ID)
	end := markup("<section class=\"task\" data-task=\"%s\" aria-label=\"Task %s\">\n<p class=\"facts\"><b>%s %s</b> <span>%d minutes</span> <span>%s points</span> <span><code>make test TASK=%s</code></span></p>\n%s",
		task.ID, task.ID, task.ID, task.Title, task.Minutes, points(t.course)[task.ID], task.ID, t.prose(task.What))
	end += markup("<details class=\"tests\"><summary>%s in words</summary>\n<div>%s</div></details>\n", plural(n, "test"), t.sentences(step, task))
	for i, hint := range task.Hints {
		end += markup("<details class=\"hint\"><summary>Hint %d of %d</summary>\n<div>%s</div></details>\n", i+1, len(task.Hints), t.prose(hint))
	}
	return end + "</section>\n"
}

// plural is a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// sentences are the tests of a task.
func (t transformer) sentences(step course.Step, task course.Task) (html template.HTML) {
	for _, p := range proofs[task.ID] {
		html += markup("<p><b>%s</b> %s</p>\n", ofTask.FindStringSubmatch(p.name)[2], t.phrase(t.docComment(step, p.name)))
		if len(p.rows) == 0 {
			continue
		}
		html += "<ul>\n"
		for _, row := range p.rows {
			html += markup("<li>%s</li>\n", row)
		}
		html += "</ul>\n"
	}
	return html
}

// docComment returns the doc comment of a test function.
func (s *site) docComment(step course.Step, name string) string {
	files, _ := filepath.Glob(filepath.Join(s.root, "steps", step.Dir, "*_test.go"))
	for _, file := range files {
		src, _ := os.ReadFile(file) // one that is gone has no tests
		before, _, ok := strings.Cut(string(src), "\nfunc "+name+"(")
		if !ok {
			continue
		}
		var lines []string
		for before != "" {
			at := strings.LastIndexByte(before, '\n')
			line, ok := strings.CutPrefix(before[at+1:], "//")
			if !ok {
				break
			}
			if strings.HasPrefix(line, " ") {
				lines = append([]string{strings.TrimSpace(line)}, lines...)
			}
			before = before[:max(at, 0)]
		}
		return strings.Join(lines, " ")
	}
	return ""
}
