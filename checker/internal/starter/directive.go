package starter

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// marker is what every directive begins with. There is no space after the
// slashes, so go doc hides the line and gofmt leaves it alone.
const marker = "//starter:"

// todoArgs is what stands after "todo": the task, then what is to be done.
var todoArgs = regexp.MustCompile(`^(([0-9]+)\.[0-9]+)\s+(\S.*)$`)

// directives reads the directive comments of one source and turns them into
// edits.
type directives struct {
	pkg  *pkg
	src  *source
	used map[*ast.Comment]bool
	errs []error
}

func newDirectives(p *pkg, s *source) *directives {
	return &directives{pkg: p, src: s, used: map[*ast.Comment]bool{}}
}

// errorf reports a directive that is misused.
func (d *directives) errorf(at token.Pos, format string, args ...any) {
	pos := d.pkg.fset.Position(at)
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s", pos.Filename, pos.Line, fmt.Sprintf(format, args...)))
}

// A directive is one comment, such as "//starter:todo 2.1 Find both spaces".
type directive struct {
	comment *ast.Comment
	verb    string // "todo"
	args    string // "2.1 Find both spaces"
}

// parseDirective reads a comment; ok is false if it is not a directive.
func parseDirective(c *ast.Comment) (dir directive, ok bool) {
	rest, ok := strings.CutPrefix(c.Text, marker)
	verb, args, _ := strings.Cut(rest, " ")
	return directive{comment: c, verb: strings.TrimSpace(verb), args: strings.TrimSpace(args)}, ok
}

// take returns the directives of a doc comment, each once, and cuts their lines
// out of the source, with the empty comment lines that gofmt put before them.
func (d *directives) take(doc *ast.CommentGroup) []directive {
	if doc == nil {
		return nil
	}
	var found []directive
	for _, c := range doc.List {
		if dir, ok := parseDirective(c); ok && !d.used[c] {
			d.used[c] = true
			found = append(found, dir)
		}
	}
	if len(found) == 0 {
		return nil
	}
	trailing := true
	for i := len(doc.List) - 1; i >= 0; i-- {
		c := doc.List[i]
		switch {
		case d.used[c]:
			d.cutLine(c)
		case c.Text == "//" && trailing:
			d.cutLine(c)
		default:
			trailing = false
		}
	}
	return found
}

// omitsFile reports whether a directive before the package clause leaves out
// the whole file.
func (d *directives) omitsFile() bool {
	for _, group := range d.src.file.Comments {
		for _, c := range group.List {
			dir, ok := parseDirective(c)
			if ok && dir.verb == "omit" && c.Pos() < d.src.file.Package {
				return true
			}
		}
	}
	return false
}

// declarations handles the directives of every declaration of the file.
func (d *directives) declarations() {
	for _, decl := range d.src.file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d.function(decl)
			d.statements(decl)
		case *ast.GenDecl:
			d.general(decl)
		}
	}
}

// function handles the directives in a function's doc comment.
func (d *directives) function(fn *ast.FuncDecl) {
	var todos []todo
	var results *directive
	found := d.take(fn.Doc)
	for i, dir := range found {
		switch dir.verb {
		case "omit":
			if len(found) > 1 {
				d.errorf(dir.comment.Pos(), "%somit leaves out the whole function; it cannot stand beside another directive", marker)
			}
			d.cutDecl(fn, fn.Doc)
		case "todo":
			if t, ok := d.todo(dir); ok {
				todos = append(todos, t)
			}
		case "return":
			if results != nil {
				d.errorf(dir.comment.Pos(), "a second %sreturn", marker)
			}
			results = &found[i]
		default:
			d.unknown(dir)
		}
	}
	switch {
	case len(d.errs) > 0:
	case len(todos) > 0 && fn.Body == nil:
		d.errorf(fn.Pos(), "%stodo on a function without a body", marker)
	case len(todos) > 0:
		d.stub(fn, todos, results)
	case results != nil:
		d.errorf(results.comment.Pos(), "%sreturn without %stodo", marker, marker)
	}
}

// statements leaves out each statement of a function that has an omit on the line above.
func (d *directives) statements(fn *ast.FuncDecl) {
	line := func(p token.Pos) int { return d.pkg.fset.PositionFor(p, false).Line }
	above := map[int]*ast.Comment{} // by the line of the statement
	for _, group := range d.src.file.Comments {
		for _, c := range group.List {
			dir, ok := parseDirective(c)
			if ok && dir.verb == "omit" && fn.Body != nil && fn.Body.Pos() < c.Pos() && c.Pos() < fn.Body.End() {
				above[line(c.Pos())+1] = c
			}
		}
	}
	if len(above) == 0 {
		return
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if stmt, ok := n.(ast.Stmt); ok {
			if c := above[line(stmt.Pos())]; c != nil && !d.used[c] {
				d.used[c] = true
				d.cutDecl(stmt, &ast.CommentGroup{List: []*ast.Comment{c}})
			}
		}
		return true
	})
}

// todo reads the arguments of a todo directive.
func (d *directives) todo(dir directive) (todo, bool) {
	m := todoArgs.FindStringSubmatch(dir.args)
	if m == nil {
		d.errorf(dir.comment.Pos(), "%stodo needs a task and what to do, such as %q, not %q", marker, "2.1 Find both spaces first.", dir.args)
		return todo{}, false
	}
	if step, _ := strconv.Atoi(m[2]); d.pkg.step != 0 && step != d.pkg.step {
		d.errorf(dir.comment.Pos(), "task %s is not one of step %d", m[1], d.pkg.step)
		return todo{}, false
	}
	return todo{task: m[1], text: m[3]}, true
}

// general handles the directives of a const, var or type declaration, of its
// specs, and of the fields and methods of its types.
func (d *directives) general(decl *ast.GenDecl) {
	if d.omit(decl.Doc) {
		d.cutDecl(decl, decl.Doc)
	}
	left := len(decl.Specs)
	for i, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if d.omit(spec.Doc) {
				d.countsOn(decl, i)
				d.cutDecl(spec, spec.Doc)
				left--
			}
		case *ast.TypeSpec:
			if d.omit(spec.Doc) {
				d.cutDecl(spec, spec.Doc)
				left--
			}
			d.fields(spec.Type)
		}
	}
	if left == 0 && len(decl.Specs) > 0 {
		d.cutDecl(decl, decl.Doc)
	}
}

// fields handles the directives of struct fields and interface methods.
func (d *directives) fields(typ ast.Expr) {
	ast.Inspect(typ, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && d.omit(f.Doc) {
			d.cutDecl(f, f.Doc)
		}
		return true
	})
}

// omit takes the directives of a doc comment where only omit may stand.
func (d *directives) omit(doc *ast.CommentGroup) bool {
	omit := false
	for _, dir := range d.take(doc) {
		switch dir.verb {
		case "omit":
			omit = true
		case "todo", "return":
			d.errorf(dir.comment.Pos(), "%s%s on something that is not a function", marker, dir.verb)
		default:
			d.unknown(dir)
		}
	}
	return omit
}

// countsOn reports a constant whose omission would change the ones after it:
// they count lines with iota, or repeat its expression.
func (d *directives) countsOn(decl *ast.GenDecl, i int) {
	if decl.Tok != token.CONST {
		return
	}
	for _, spec := range decl.Specs[i+1:] {
		if v := spec.(*ast.ValueSpec); len(v.Values) == 0 || usesIota(v) {
			d.errorf(decl.Specs[i].Pos(), "omitting this constant would change %s, which is counted from it; put it last or give %[1]s a value", v.Names[0])
			return
		}
	}
}

// usesIota reports whether a constant's value is counted.
func usesIota(v *ast.ValueSpec) bool {
	found := false
	ast.Inspect(v, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == "iota"
		return true
	})
	return found
}

// leftOver reports the directives that nothing has used.
func (d *directives) leftOver() {
	for _, group := range d.src.file.Comments {
		for _, c := range group.List {
			dir, ok := parseDirective(c)
			switch {
			case !ok || d.used[c]:
			case d.omitsFile() && c.Pos() > d.src.file.Package:
				// it goes with the file
			case c.Pos() < d.src.file.Package && dir.verb != "omit":
				d.errorf(c.Pos(), "only %somit may stand before the package clause", marker)
			case c.Pos() > d.src.file.Package:
				d.errorf(c.Pos(), "%s%s belongs in the doc comment of what it is about", marker, dir.verb)
			}
		}
	}
}

// unknown reports a directive that does not exist.
func (d *directives) unknown(dir directive) {
	d.errorf(dir.comment.Pos(), "unknown directive %s%s; there are todo, return and omit", marker, dir.verb)
}
