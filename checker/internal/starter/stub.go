package starter

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// A todo is what a learner is asked to write in one function.
type todo struct {
	task string // "2.1"
	text string // "Find both spaces first."
}

// stub replaces the body of a function with its TODO lines and a return.
func (d *directives) stub(fn *ast.FuncDecl, todos []todo, results *directive) {
	var body strings.Builder
	body.WriteString("{\n")
	for _, t := range todos {
		fmt.Fprintf(&body, "// TODO %s: %s\n", t.task, t.text)
	}
	if values := d.results(fn, todos[0].task, results); values != "" {
		fmt.Fprintf(&body, "return %s\n", values)
	}
	body.WriteString("}")
	d.replace(fn.Body.Pos(), fn.Body.End(), body.String())
}

// results returns what the stub of fn returns: what the return directive says,
// or zero values and, for the first error, one that names the task.
func (d *directives) results(fn *ast.FuncDecl, task string, results *directive) string {
	want := fn.Type.Results.NumFields()
	if results != nil {
		got, err := countExprs(results.args)
		switch {
		case err != nil:
			d.errorf(results.comment.Pos(), "%sreturn %s: not a list of expressions", marker, results.args)
		case got != want:
			d.errorf(results.comment.Pos(), "%sreturn gives %d value(s); %s returns %d", marker, got, fn.Name.Name, want)
		}
		return results.args
	}
	if want == 0 {
		return ""
	}
	var values []string
	failed := false
	add := func(f *ast.Field, name string) {
		if id, ok := f.Type.(*ast.Ident); ok && id.Name == "error" && !failed {
			failed = true
			values = append(values, fmt.Sprintf("errors.New(%q)", "task "+task+" is not written yet"))
			return
		}
		values = append(values, d.zero(fn, f.Type, name))
	}
	for _, f := range fn.Type.Results.List {
		if len(f.Names) == 0 {
			add(f, "")
		}
		for _, name := range f.Names {
			add(f, name.Name)
		}
	}
	return strings.Join(values, ", ")
}

// countExprs returns how many expressions a list has.
func countExprs(list string) (int, error) {
	e, err := parser.ParseExpr("f(" + list + ")")
	if err != nil {
		return 0, err
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return 0, fmt.Errorf("not a list: %s", list)
	}
	return len(call.Args), nil
}

// zero spells the zero value of a result. A result whose kind is not known, as
// with type parameters, is spelled by its name if it has one.
func (d *directives) zero(fn *ast.FuncDecl, typ ast.Expr, name string) string {
	kind := d.pkg.types.kind(typ, d.src.file, typeParams(fn))
	if kind == unknown && name != "" && name != "_" {
		return name
	}
	return kind.zero(d.text(typ))
}

// typeParams returns the names of a function's type parameters and of those
// that its receiver brings along.
func typeParams(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	if fn.Type.TypeParams != nil {
		for _, f := range fn.Type.TypeParams.List {
			for _, name := range f.Names {
				names[name.Name] = true
			}
		}
	}
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return names
	}
	typ := ast.Unparen(fn.Recv.List[0].Type)
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = ast.Unparen(star.X)
	}
	switch typ := typ.(type) {
	case *ast.IndexExpr:
		addIdent(names, typ.Index)
	case *ast.IndexListExpr:
		for _, index := range typ.Indices {
			addIdent(names, index)
		}
	}
	return names
}

func addIdent(names map[string]bool, e ast.Expr) {
	if id, ok := e.(*ast.Ident); ok {
		names[id.Name] = true
	}
}

// text returns the bytes of a node as they were written.
func (d *directives) text(n ast.Node) string {
	return string(d.src.src[d.offset(n.Pos()):d.offset(n.End())])
}

func (d *directives) offset(p token.Pos) int {
	return d.pkg.fset.PositionFor(p, false).Offset
}

func (d *directives) replace(from, to token.Pos, text string) {
	d.src.edits = append(d.src.edits, edit{d.offset(from), d.offset(to), text})
}

// cutLine leaves out the line that a comment stands on.
func (d *directives) cutLine(c *ast.Comment) {
	from, to := wholeLines(d.src.src, d.offset(c.Pos()), d.offset(c.End()))
	d.src.edits = append(d.src.edits, edit{from: from, to: to})
}

// cutDecl leaves out a declaration, its doc comment, and the comment behind it
// on its last line.
func (d *directives) cutDecl(n ast.Node, doc *ast.CommentGroup) {
	from, to := n.Pos(), n.End()
	if doc != nil {
		from = min(from, doc.Pos())
	}
	line := func(p token.Pos) int { return d.pkg.fset.PositionFor(p, false).Line }
	for _, group := range d.src.file.Comments {
		if group.Pos() >= to && line(group.Pos()) == line(to) {
			to = group.End()
		}
	}
	a, b := wholeLines(d.src.src, d.offset(from), d.offset(to))
	if opens(d.src.src[:a]) && bytes.HasPrefix(d.src.src[b:], []byte("\n")) {
		b++ // gofmt would leave an empty line at the top of a block
	}
	d.src.edits = append(d.src.edits, edit{from: a, to: b})
}

// opens reports whether what is written so far ends in the first line of a
// block.
func opens(src []byte) bool {
	return bytes.HasSuffix(src, []byte("(\n")) || bytes.HasSuffix(src, []byte("{\n"))
}

// wholeLines widens a range to the lines it stands on, line end included, if
// nothing but space stands beside it.
func wholeLines(src []byte, from, to int) (int, int) {
	start := bytes.LastIndexByte(src[:from], '\n') + 1
	end := len(src)
	if i := bytes.IndexByte(src[to:], '\n'); i >= 0 {
		end = to + i + 1
	}
	if len(bytes.TrimSpace(src[start:from])) > 0 || len(bytes.TrimSpace(src[to:end])) > 0 {
		return from, to
	}
	return start, end
}
