package gate

import (
	"context"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/starter"
	"barewire/checker/wrong"
)

// wantedWrong is how many wrong programs each task has at least.
const wantedWrong = 2

var (
	testName = regexp.MustCompile(`^(?:Test|Fuzz)Task(\d+)_[A-Z]`)
	todo     = regexp.MustCompile(`(?m)^\s*//starter:todo (\d+\.\d+) `)
)

// checkCourse compares the tasks of the course files with the tests, the wrong
// programs and the todo comments: none may be without the others.
func checkCourse(_ context.Context, g *gate) *verdict {
	v := new(verdict)
	c, err := course.Parse(os.DirFS(filepath.Join(g.root, "checker", "course")))
	if err != nil {
		v.failf("%v", err)
		return v
	}
	programs, err := wrong.Load(g.root)
	if err != nil {
		v.failf("%v", err)
	}
	steps, err := starter.Steps(g.root)
	if err != nil {
		v.failf("%v", err)
	}
	for _, dir := range steps {
		step, err := c.Step(dir)
		if err != nil {
			v.failf("solutions/%s: %v", dir, err)
			continue
		}
		v.course(g.root, step, programs)
	}
	for _, problem := range wrong.CheckHints(g.root, c, programs, os.Getenv("UPDATE") != "") {
		v.failf("%s", problem)
	}
	return v
}

// course checks one step.
func (v *verdict) course(root string, step course.Step, programs []wrong.Program) {
	tests, todos, bad := map[string]int{}, map[string]int{}, map[string]int{}
	prefix := strconv.Itoa(step.Number) + "."
	err := eachFile(filepath.Join(root, "steps", step.Dir), "_test.go", func(name string, src []byte) error {
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if want := step.Package + "_test"; f.Name.Name != want && f.Name.Name != step.Package {
			v.failf("steps/%s/%s: package %s, and should be %s", step.Dir, filepath.Base(name), f.Name.Name, want)
		}
		if _, err := os.Stat(filepath.Join(root, "solutions", step.Dir, filepath.Base(name))); err == nil {
			v.failf("solutions/%s/%[2]s: there is a steps/%[1]s/%[2]s, which takes its place when the tests run", step.Dir, filepath.Base(name))
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			if m := testName.FindStringSubmatch(fn.Name.Name); m != nil {
				tests[prefix+m[1]]++
			} else if fn.Name.Name != "TestMain" {
				v.failf("steps/%s/%s: %s is named after no task: TestTask<m>_<Noun>", step.Dir, filepath.Base(name), fn.Name.Name)
			}
		}
		return nil
	})
	if err == nil {
		err = eachFile(filepath.Join(root, "solutions", step.Dir), ".go", func(_ string, src []byte) error {
			for _, m := range todo.FindAllSubmatch(src, -1) {
				todos[string(m[1])]++
			}
			return nil
		})
	}
	if err != nil {
		v.failf("%v", err)
	}
	for _, p := range programs {
		if p.Step == step.Dir {
			bad[p.Task]++
		}
	}
	v.tasks(step, tests, todos, bad)
	v.copies(root, step)
}

// mostCopied is how many words and signs of Go may stand in a hint as they stand in the
// solution, one after the other: a hint shows an idea, and not the lines that have it.
const mostCopied = 14

// copies complains about hints that are a piece of the solution.
func (v *verdict) copies(root string, step course.Step) {
	pieces := make(map[string]bool)
	err := eachFile(filepath.Join(root, "solutions", step.Dir), ".go", func(_ string, src []byte) error {
		for piece := range piecesOf(string(src)) {
			pieces[piece] = true
		}
		return nil
	})
	if err != nil {
		v.failf("%v", err)
	}
	for _, t := range step.Tasks {
		hints := t.Hints[:]
		for _, k := range t.Kinds {
			hints = append(hints, k.Hints[:]...)
		}
		for _, hint := range hints {
			for piece := range piecesOf(strings.ReplaceAll(hint, "`", " ")) {
				if pieces[piece] {
					v.failf("a hint for %s is a copy of the solution: %s", t.ID, piece)
					break
				}
			}
		}
	}
}

// piecesOf yields all runs of mostCopied+1 tokens of Go in a text, without its comments.
func piecesOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var s scanner.Scanner
		files := token.NewFileSet()
		s.Init(files.AddFile("", files.Base(), len(text)), []byte(text), func(token.Position, string) {}, 0)
		var last []string
		for {
			_, tok, lit := s.Scan()
			switch {
			case tok == token.EOF:
				return
			case tok == token.SEMICOLON && lit == "\n":
				continue
			case lit == "":
				lit = tok.String()
			}
			if last = append(last, lit); len(last) > mostCopied {
				if !yield(strings.Join(last, " ")) {
					return
				}
				last = last[1:]
			}
		}
	}
}

// tasks compares the tasks of a step with how many tests, todo comments and wrong
// programs there are for each.
func (v *verdict) tasks(step course.Step, tests, todos, bad map[string]int) {
	if len(step.Tasks) == 0 {
		v.failf("checker/course/%s.md: no tasks", step.Dir)
	}
	for _, t := range step.Tasks {
		before := len(v.failures)
		if t.Minutes < 5 || t.Minutes > 40 {
			v.failf("%s takes %d minutes; a task takes 5 to 40", t.ID, t.Minutes)
		}
		for i, hint := range t.Hints {
			if strings.TrimSpace(hint) == "" {
				v.failf("%s has no hint %d", t.ID, i+1)
			}
		}
		if tests[t.ID] == 0 {
			v.failf("%s has no test in steps/%s: TestTask%d_...", t.ID, step.Dir, t.Number())
		}
		if todos[t.ID] == 0 {
			v.failf("%s has no \"//starter:todo %s\" in solutions/%s", t.ID, t.ID, step.Dir)
		}
		if bad[t.ID] < wantedWrong {
			v.failf("%s has %d wrong program(s) in checker/wrong/%s; at least %d are wanted", t.ID, bad[t.ID], step.Dir, wantedWrong)
		}
		if len(v.failures) == before {
			v.passed++
		}
		delete(tests, t.ID)
		delete(todos, t.ID)
		delete(bad, t.ID)
	}
	for what, counts := range map[string]map[string]int{"a test": tests, "a todo comment": todos, "a wrong program": bad} {
		for id := range counts {
			v.failf("%s of %s is for task %s, which checker/course/%s.md does not have", what, step.Dir, id, step.Dir)
		}
	}
}

// eachFile calls do with every file in a folder and below whose name ends so.
func eachFile(dir, end string, do func(name string, src []byte) error) error {
	return filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, end) {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return do(name, src)
	})
}
