package course

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// Parse reads the course files NN-topic.md in the top folder of fsys; other
// files but any.md, which has kinds of failures of any task, are left alone. A step
// without a file has no tasks, and a title all the same.
func Parse(fsys fs.FS) (*Course, error) {
	paths, err := fs.Glob(fsys, "[0-9]*.md")
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string)
	for _, path := range paths {
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, err
		}
		texts[path] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	c := &Course{}
	var errs []error
	for i, name := range names {
		step := Step{Number: i + 1, Dir: name.dir, Package: name.pkg, Title: name.title}
		path := name.dir + ".md"
		if text, ok := texts[path]; ok {
			p := parser{path: path, step: step}
			p.parse(text)
			step, errs = p.step, append(errs, p.errs...)
			delete(texts, path)
		}
		c.Steps = append(c.Steps, step)
	}
	every := parser{path: "any.md", current: new(Task)}
	if text, err := fs.ReadFile(fsys, every.path); err == nil {
		every.lines(strings.ReplaceAll(string(text), "\r\n", "\n"))
		errs = append(errs, every.errs...)
	}
	for _, step := range c.Steps {
		for i := range step.Tasks {
			step.Tasks[i].any = every.current.Kinds
		}
	}
	for _, path := range paths {
		if _, ok := texts[path]; ok {
			errs = append(errs, fmt.Errorf("%s:1: no step has the folder %s", path, strings.TrimSuffix(path, ".md")))
		}
	}
	return c, errors.Join(errs...)
}

// A parser reads one course file. It goes on after an error, so that all of
// them are seen at once.
type parser struct {
	path string
	step Step
	errs []error

	text    []string // the lines of the text being read
	begun   int      // the line on which that text's heading stands
	part    string   // what that text is, for errors
	dest    *string  // where it goes
	started bool     // the title was seen
	hinted  [3]bool  // the hints of the task being read that were seen
	current *Task    // the task being read
	kind    *Kind    // the kind of failure being read
	level   int      // which of its hints
}

// taskHeading is what follows "## ", such as "3.2 Host (10 minutes)".
var taskHeading = regexp.MustCompile(`^(\d+\.\d+) (.*\S) \((\d+) minutes?\)$`)

// parse reads the whole text of a step.
func (p *parser) parse(text string) {
	lines := p.lines(text)
	p.endTask()
	switch {
	case !p.started:
		p.errorf(1, "no title; the first line is \"# Title\"")
	case len(p.step.Tasks) == 0:
		p.errorf(lines, "no tasks; a task begins with \"## %d.1 Title (10 minutes)\"", p.step.Number)
	}
}

// lines reads all lines of a text, and returns how many they are.
func (p *parser) lines(text string) int {
	lines := strings.Split(text, "\n")
	fenced := false
	for i, line := range lines {
		n := i + 1
		line = strings.TrimRight(line, " \t")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		switch {
		case fenced:
			p.text = append(p.text, line)
		case strings.HasPrefix(line, "# "):
			p.title(n, strings.TrimSpace(line[2:]))
		case strings.HasPrefix(line, "## "):
			p.task(n, strings.TrimSpace(line[3:]))
		case strings.HasPrefix(line, "### For "):
			p.kindHeading(n, strings.TrimSpace(line[8:]))
		case strings.HasPrefix(line, "### "):
			p.hintHeading(n, strings.TrimSpace(line[4:]))
		case p.kind != nil && level.MatchString(line):
			p.kindHint(n, line)
		case strings.HasPrefix(line, "Run:") && p.current == nil:
			p.run(n, strings.TrimSpace(line[4:]))
		default:
			if line != "" && !p.started {
				p.errorf(n, "text before the title; the first line is \"# Title\"")
				p.started = true
			}
			p.text = append(p.text, line)
		}
	}
	p.endKind()
	if fenced {
		p.errorf(len(lines), "a ``` that is never closed")
	}
	return len(lines)
}

// errorf notes an error on line n.
func (p *parser) errorf(n int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.path, n, fmt.Sprintf(format, args...)))
}

// begin ends the text being read; what follows is part and goes to dest.
func (p *parser) begin(n int, part string, dest *string) {
	p.flush()
	p.begun, p.part, p.dest = n, part, dest
}

// flush puts the text being read where it belongs.
func (p *parser) flush() {
	text := strings.Trim(strings.Join(p.text, "\n"), "\n")
	if p.dest != nil {
		*p.dest = text
		if text == "" {
			p.errorf(p.begun, "%s is empty", p.part)
		}
	} else if strings.TrimSpace(text) != "" && p.started && p.begun > 0 {
		p.errorf(p.begun, "text after the Run line, before the first task")
	}
	p.text, p.dest = nil, nil
}

func (p *parser) title(n int, title string) {
	if p.started {
		p.errorf(n, "a second title")
		return
	}
	p.started, p.step.Title = true, title
	p.begin(n, "the introduction", &p.step.Intro)
}

func (p *parser) run(n int, text string) {
	p.begin(n, "", nil)
	command, ok := strings.CutPrefix(text, "`")
	command, closed := strings.CutSuffix(command, "`")
	if !ok || !closed || command == "" {
		p.errorf(n, "the Run line is written \"Run: `curl …`\"")
	}
	p.step.Run = command
}

func (p *parser) task(n int, heading string) {
	p.endTask()
	want := fmt.Sprintf("%d.%d", p.step.Number, len(p.step.Tasks)+1)
	task := Task{ID: want}
	if m := taskHeading.FindStringSubmatch(heading); m == nil {
		p.errorf(n, "a task's heading is written \"## %s Title (10 minutes)\"", want)
	} else {
		if m[1] != want {
			p.errorf(n, "task %s where %s was expected", m[1], want)
		}
		task.Title = m[2]
		task.Minutes, _ = strconv.Atoi(m[3])
	}
	p.current, p.hinted = &task, [3]bool{}
	p.begin(n, "task "+want, &task.What)
}

func (p *parser) hintHeading(n int, heading string) {
	k, err := strconv.Atoi(strings.TrimPrefix(heading, "Hint "))
	switch {
	case p.current == nil:
		p.errorf(n, "%q stands outside a task", "### "+heading)
		p.begin(n, heading, new(string))
		return
	case err != nil || k < 1 || k > 3 || !strings.HasPrefix(heading, "Hint "):
		p.errorf(n, "%q where \"### Hint 1\", 2 or 3 was expected", "### "+heading)
		p.begin(n, heading, new(string))
		return
	case p.hinted[k-1] || k > 1 && !p.hinted[k-2]:
		p.errorf(n, "hint %d of task %s is out of order", k, p.current.ID)
	}
	p.endKind()
	p.hinted[k-1] = true
	p.begin(n, fmt.Sprintf("hint %d of task %s", k, p.current.ID), &p.current.Hints[k-1])
}

// level is how each of the three hints for a kind of failure begins.
var level = regexp.MustCompile(`^[123]\. `)

// kindHeading begins the hints for a kind of failure: "### For `two Host fields`".
func (p *parser) kindHeading(n int, heading string) {
	p.begin(n, "", nil)
	p.endKind()
	pattern := strings.Trim(heading, "`")
	switch _, err := regexp.Compile(pattern); {
	case p.current == nil:
		p.errorf(n, "%q stands outside a task", "### For "+heading)
		return
	case err != nil || "`"+pattern+"`" != heading:
		p.errorf(n, "a kind of failure is written \"### For `regular expression`\": %v", err)
		return
	}
	p.kind, p.level, p.begun = &Kind{Pattern: pattern}, 0, n
}

// kindHint begins the next hint for a kind of failure.
func (p *parser) kindHint(n int, line string) {
	if p.level++; line[:1] != strconv.Itoa(p.level) {
		p.errorf(n, "hint %s for `%s` is out of order", line[:1], p.kind.Pattern)
		p.level = min(p.level, len(p.kind.Hints))
	}
	p.begin(n, fmt.Sprintf("hint %d for `%s`", p.level, p.kind.Pattern), &p.kind.Hints[p.level-1])
	p.text = append(p.text, line[3:])
}

// endKind adds the kind of failure that was being read to its task.
func (p *parser) endKind() {
	p.flush()
	if p.kind == nil {
		return
	}
	if p.level != len(p.kind.Hints) {
		p.errorf(p.begun, "`%s` has %d hints, not 1., 2. and 3.", p.kind.Pattern, p.level)
	}
	p.current.Kinds = append(p.current.Kinds, *p.kind)
	p.kind = nil
}

// endTask adds the task that was being read to the step.
func (p *parser) endTask() {
	p.endKind()
	if p.current == nil {
		return
	}
	for i, seen := range p.hinted {
		if !seen {
			p.errorf(p.begun, "task %s has no \"### Hint %d\"", p.current.ID, i+1)
		}
	}
	p.step.Tasks = append(p.step.Tasks, *p.current)
	p.current = nil
}
