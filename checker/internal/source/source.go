// Package source reads what the learner wrote, and what the tests say about it,
// without compiling anything: in which function a line is, to which task that
// function belongs, and which row of a table a subtest is.
//
// It answers as well as it can and never fails: a file that cannot be parsed
// has no functions. Read this file first, then row.go.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Tree is the module with the steps. It remembers what it has read.
type Tree struct {
	root  string
	steps map[string]*Step
}

// New returns the tree in the folder root.
func New(root string) *Tree {
	return &Tree{root: root, steps: make(map[string]*Step)}
}

// A Step is what is known of the source of one step.
type Step struct {
	dir    string
	funcs  []function
	tasks  map[string]string   // by a function's name
	solved map[string][]string // the tasks that the solution names, by function
	tests  []testFile
	own    map[string][]string // the lines of the learner's files
}

// A Todo is a place where a task is to be done.
type Todo struct {
	Place
	Func string
	Text string // what the starter says is to be done, or "" if that line is gone
}

// A function is where a function's declaration is, in steps or in solutions.
type function struct {
	file     string // such as "steps/03-headers-bodies/field.go"
	from, to int    // its first and last line
	name     string // such as "Server.Serve"
}

// StepOf returns the folder of the step to which a file belongs: for
// "steps/03-headers-bodies/field.go" it is "03-headers-bodies". It returns ""
// for a file of no step.
func StepOf(file string) string {
	parts := strings.Split(file, "/")
	if len(parts) < 3 || parts[0] != "steps" && parts[0] != "solutions" {
		return ""
	}
	return parts[1]
}

// Own reports whether a file is code that a learner writes: in a step, and not
// a test.
func Own(file string) bool {
	return strings.HasPrefix(file, "steps/") && StepOf(file) != "" && !strings.HasSuffix(file, "_test.go")
}

// Line returns a line of a file, without its end, and whether there is one.
func (t *Tree) Line(file string, n int) (string, bool) {
	text, err := os.ReadFile(filepath.Join(t.root, filepath.FromSlash(file)))
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	if err != nil || n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}

// Func returns the name of the function around a line, such as "Server.Serve",
// or "" if there is none.
func (t *Tree) Func(file string, line int) string {
	for _, f := range t.step(StepOf(file)).funcs {
		if f.file == file && f.from <= line && line <= f.to {
			return f.name
		}
	}
	return ""
}

// Task returns the task for which a function of a step is to be written, or ""
// if that is not known: the function may be one that the learner added.
func (t *Tree) Task(dir, function string) string {
	return t.step(dir).tasks[function]
}

// A Place is a line of a file.
type Place struct {
	File string
	Line int
}

// Find returns the lines of the learner's own code in a step that contain one of
// texts.
func (t *Tree) Find(dir string, texts ...string) []Place {
	own := t.step(dir).own
	var places []Place
	for _, file := range slices.Sorted(maps.Keys(own)) {
		for i, line := range own[file] {
			contains := func(text string) bool { return strings.Contains(line, text) }
			if Own(file) && slices.ContainsFunc(texts, contains) {
				places = append(places, Place{file, i + 1})
			}
		}
	}
	return places
}

// Todos returns where a task of a step is to be done: the TODO lines that name
// it, or, where they are gone, the functions that they were in.
func (t *Tree) Todos(dir, task string) []Todo {
	s := t.step(dir)
	var todos []Todo
	for _, p := range t.Find(dir, "// TODO "+task+":") {
		_, text, _ := strings.Cut(s.own[p.File][p.Line-1], "// TODO "+task+":")
		todos = append(todos, Todo{p, t.Func(p.File, p.Line), strings.TrimSpace(text)})
	}
	if len(todos) > 0 {
		return todos
	}
	for _, f := range s.funcs {
		if Own(f.file) && slices.Contains(s.solved[f.name], task) {
			todos = append(todos, Todo{Place{f.file, f.from}, f.name, ""})
		}
	}
	return todos
}

// step returns a step, and reads it if that was not done yet.
func (t *Tree) step(dir string) *Step {
	if s := t.steps[dir]; s != nil {
		return s
	}
	s := &Step{dir: dir, tasks: make(map[string]string), solved: make(map[string][]string), own: make(map[string][]string)}
	t.steps[dir] = s
	if dir == "" {
		return s
	}
	t.read(s, "solutions")
	t.read(s, "steps") // the learner's own TODO lines win
	return s
}

// read reads the step's files in one of the two trees.
func (t *Tree) read(s *Step, tree string) {
	fsys := os.DirFS(t.root)
	paths, _ := fs.Glob(fsys, path.Join(tree, s.dir, "*.go"))
	demo, _ := fs.Glob(fsys, path.Join(tree, s.dir, "*", "*.go"))
	for _, file := range append(paths, demo...) {
		if tree == "solutions" && strings.HasSuffix(file, "_test.go") {
			continue // of the maintainers
		}
		fset := token.NewFileSet()
		text, _ := fs.ReadFile(fsys, file)
		f, _ := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
		if f == nil {
			continue
		}
		if tree == "steps" {
			s.own[file] = strings.Split(string(text), "\n")
		}
		if strings.HasSuffix(file, "_test.go") {
			s.tests = append(s.tests, newTestFile(fset, f))
			continue
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				s.add(fset, f, file, fn)
			}
		}
	}
}

var (
	directive = regexp.MustCompile(`(?m)^//starter:todo (\d+\.\d+)`)
	todoLine  = regexp.MustCompile(`^// TODO (\d+\.\d+):`)
)

// add notes a function and the task that its comments name.
func (s *Step) add(fset *token.FileSet, f *ast.File, file string, fn *ast.FuncDecl) {
	name := funcName(fn)
	from := fset.Position(fn.Pos()).Line
	s.funcs = append(s.funcs, function{file, from, fset.Position(fn.End()).Line, name})
	if fn.Doc != nil {
		for _, c := range fn.Doc.List {
			m := directive.FindStringSubmatch(c.Text)
			if m == nil {
				continue
			}
			s.solved[name] = append(s.solved[name], m[1])
			if s.tasks[name] == "" {
				s.tasks[name] = m[1]
			}
		}
	}
	for _, group := range f.Comments {
		if group.Pos() < fn.Pos() || group.End() > fn.End() {
			continue
		}
		for _, c := range group.List {
			if m := todoLine.FindStringSubmatch(c.Text); m != nil {
				s.tasks[name] = m[1]
				return
			}
		}
	}
}

// funcName returns a function's name, with that of its receiver.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}
