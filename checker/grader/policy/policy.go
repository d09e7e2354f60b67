// Package policy says what a submission may contain, and what in it an instructor should
// look at.
//
// [Check] is about fairness: a server that net/http has written is not the student's. It
// reads every file, whatever its build tags say, and names the place and the reason in
// words for the student. It is no wall against an attack; that is package sandbox.
//
// [Corpus.Review] and [Class] compare code with what others have written. What they find
// is for the instructor to look at, and costs nobody a point.
//
// Read this file first, then allow.go; then print.go, corpus.go and class.go.
package policy

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"barewire/checker/course"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
)

// mostFindings is how many findings of one step are kept: the first ones matter.
const mostFindings = 20

// theCourse is read once, for all submissions.
var theCourse = sync.OnceValues(course.Load)

// Check returns what is wrong with the steps of a submission, by step. A step that is
// not in the answer may be built, and so may one whose findings are all of kind review. What is of kind policy is not allowed; what is of kind
// build would not compile.
//
// What is of kind review does not hold up the step: it is for the instructor to look at.
//
// Also lists packages that the instructor allows beyond those of the course, by step, and
// functions such as os.NewFile. C, unsafe, the reference and the checker cannot be allowed.
func Check(steps map[int][]intake.File, also map[int][]string) (map[int][]result.Finding, error) {
	c, err := theCourse()
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	found := make(map[int][]result.Finding)
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		i := slices.IndexFunc(c.Steps, func(s course.Step) bool { return s.Number == n })
		if i < 0 {
			return nil, fmt.Errorf("policy: the course has no step %d", n)
		}
		l := &look{course: c, step: c.Steps[i], also: also[n]}
		l.files(steps[n])
		if len(l.found) > mostFindings {
			more := len(l.found) - mostFindings
			l.found = append(l.found[:mostFindings], result.Finding{Kind: l.found[0].Kind,
				File: "steps/" + l.step.Dir, Text: fmt.Sprintf("and %d more findings in this step", more)})
		}
		if len(l.found) > 0 {
			found[n] = l.found
		}
	}
	return found, nil
}

// A look is at one step.
type look struct {
	course *course.Course
	step   course.Step
	also   []string // packages that the instructor allows
	found  []result.Finding

	flagged bool // for one call that takes the number of a file

	file intake.File // the one that is looked at
	fset *token.FileSet
}

// add adds a finding at a position, if there is one. What //line says does not count.
func (l *look) add(kind string, pos token.Pos, format string, args ...any) {
	f := result.Finding{Kind: kind, File: l.file.Path, Text: result.Visible(fmt.Sprintf(format, args...))}
	if pos.IsValid() {
		p := l.fset.PositionFor(pos, false)
		f.Line, f.Column = p.Line, p.Column
	}
	l.found = append(l.found, f)
}

// files looks at all files of the step: its package, and in step 10 the command.
func (l *look) files(files []intake.File) {
	built := make(map[string][]string) // the packages of files that are built, by folder
	for _, f := range files {
		l.file, l.fset = f, token.NewFileSet()
		tree, err := parser.ParseFile(l.fset, f.Path, f.Content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			l.syntax(err)
		}
		if tree == nil || tree.Name == nil {
			continue
		}
		// What can be read of a file that is wrong counts too.
		l.imports(tree)
		l.comments(tree)
		if err != nil {
			continue
		}
		l.bodies(tree)
		l.calls(tree)
		if !inBuild(f) {
			continue
		}
		dir := path.Dir(f.Name)
		l.clause(tree, dir)
		built[dir] = append(built[dir], tree.Name.Name)
	}
	if len(built["."]) == 0 && len(l.found) == 0 {
		l.file = intake.File{Path: "steps/" + l.step.Dir}
		l.add(result.Build, token.NoPos, "go leaves out every file of this step: look at the //go:build lines and at names such as x_windows.go")
	}
}

// inBuild reports whether go would compile a file here, with the race detector or without.
func inBuild(f intake.File) bool {
	ctx := build.Default
	ctx.CgoEnabled = false
	ctx.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.Content)), nil }
	for _, tags := range [][]string{nil, {"race"}} {
		ctx.BuildTags = tags
		if ok, err := ctx.MatchFile("/", path.Base(f.Name)); ok || err != nil {
			return true
		}
	}
	return false
}

// syntax reports why a file cannot be read as Go.
func (l *look) syntax(err error) {
	if bytes.HasPrefix(l.file.Content, []byte{0xff, 0xfe}) || bytes.HasPrefix(l.file.Content, []byte{0xfe, 0xff}) {
		l.add(result.Build, token.NoPos, "the file is UTF-16, which Go cannot read: save it as UTF-8")
		return
	}
	list, ok := err.(scanner.ErrorList)
	if !ok || len(list) == 0 {
		l.add(result.Build, token.NoPos, "not Go: %v", err)
		return
	}
	for i, e := range list {
		if i == 3 {
			break // later ones often follow from the first
		}
		// The line in e is what //line makes of it; the offset is not.
		offset := min(max(e.Pos.Offset, 0), len(l.file.Content))
		before := l.file.Content[:offset]
		l.found = append(l.found, result.Finding{Kind: result.Build, File: l.file.Path,
			Line: bytes.Count(before, []byte("\n")) + 1, Column: offset - bytes.LastIndexByte(before, '\n'),
			Text: result.Visible("not Go: " + e.Msg + ". Often a brace, a bracket or a comma is missing, here or a few lines above")})
	}
}

// clause checks the name of the package of a file that is built.
func (l *look) clause(f *ast.File, dir string) {
	name, want := f.Name.Name, l.step.Package
	if dir != "." {
		want = "main"
	}
	switch {
	case name == want:
	case name == "main":
		l.add(result.Policy, f.Name.Pos(), "package main is a program of its own, and step %d is package %s: move this file elsewhere, or change its first line", l.step.Number, want)
	default:
		l.add(result.Build, f.Name.Pos(), "this is package %s, and step %d is package %s: all files in one folder begin with the same name", name, l.step.Number, want)
	}
}

// comments finds the comments that the compiler obeys.
func (l *look) comments(f *ast.File) {
	for _, g := range f.Comments {
		for _, c := range g.List {
			directive, ok := strings.CutPrefix(c.Text, "//go:")
			switch {
			case ok:
				name, _, _ := strings.Cut(directive, " ")
				name, _, _ = strings.Cut(name, "\t")
				if why := directiveWords(name); why != "" {
					l.add(result.Policy, c.Pos(), "//go:%s is not allowed: %s", clip(name), why)
				}
			case strings.HasPrefix(c.Text, "//line ") && strings.Contains(c.Text, ":"), strings.HasPrefix(c.Text, "/*line "):
				l.add(result.Policy, c.Pos(), "a comment that begins with line and has no space before it tells the compiler that this code comes from elsewhere: write a space first")
			case strings.HasPrefix(c.Text, "//export "):
				l.add(result.Policy, c.Pos(), "//export is for cgo, and the steps are Go only: write a space after // if it is only a comment")
			}
		}
	}
}

// directiveWords says why a directive is refused, or "" if it is allowed.
func directiveWords(name string) string {
	switch name {
	case "build", "generate", "noinline", "fix":
		return "" // generate is never run
	case "linkname":
		return "it reaches what another package keeps to itself"
	case "embed":
		return "the steps are graded without any file but their Go files"
	case "debug":
		return "it changes how Go itself behaves"
	}
	return "it tells the compiler to do what Go does not; write a space after // if it is only a comment"
}

// bodies finds functions that somebody else would have to write.
func (l *look) bodies(f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body == nil {
			l.add(result.Policy, fn.Pos(), "func %s has no body, so it would be written in assembly, and the steps are Go only", clip(fn.Name.Name))
		}
	}
}

// imports checks each import of a file.
func (l *look) imports(f *ast.File) {
	command := path.Dir(l.file.Name) != "."
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // a syntax error, which is reported
		}
		if why := l.refused(name, command); why != "" {
			l.add(result.Policy, spec.Path.Pos(), "import %q: %s", clip(name), why)
		}
	}
}

// clip cuts what a student has written to a length that can be read.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
