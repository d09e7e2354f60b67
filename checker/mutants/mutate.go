package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// A Mutant is one small change of the reference.
type Mutant struct {
	ID   int    // from 1 on, in the order of the source; it chooses the mutant in the program
	File string // the file's base name
	Line int
	Func string // the function around it, such as "Head.Parse", or ""
	Kind string // what is changed: see the package comment
	Code string // the expression or statement, on one line; "#2" behind it is the second such one in Func
}

// Key says what a mutant is and not where it stands, so that it outlives an edit
// somewhere else in the file.
func (m Mutant) Key() string {
	return fmt.Sprintf("%s %s: %s: %s", m.File, m.Func, m.Kind, m.Code)
}

// A mutator puts mutants into the files of one package.
type mutator struct {
	fset    *token.FileSet
	info    *types.Info
	pkg     *types.Package
	mutants []Mutant
	keys    map[string]int // how many mutants of a file have a key, without the "#2"

	src     []byte // the file that is being changed
	file    string
	fn      string
	spans   map[ast.Node][2]token.Pos // where nodes were before anything was changed
	signs   []*types.Signature        // of the functions around the node, the innermost last
	numbers map[*ast.BinaryExpr]bool  // those between two numbers of one type
	free    map[ast.Expr]bool         // what may be anything, as it is returned with an error
}

// mutate returns the source of a file with all its mutants in it; which one takes effect
// is decided when the program runs. The file was parsed without comments, which would
// not find their places again.
func (m *mutator) mutate(f *ast.File, src []byte) ([]byte, error) {
	m.src, m.file = src, filepath.Base(m.fset.Position(f.Package).Filename)
	m.spans = map[ast.Node][2]token.Pos{}
	m.numbers = map[*ast.BinaryExpr]bool{}
	m.free = map[ast.Expr]bool{}
	m.keys = map[string]int{}
	for _, d := range f.Decls {
		m.fn, m.signs = "", nil
		if d, ok := d.(*ast.FuncDecl); ok {
			m.fn = funcName(d)
			m.signs = append(m.signs, m.info.Defs[d.Name].Type().(*types.Signature))
		}
		astutil.Apply(d, m.enter, m.leave)
	}
	var b bytes.Buffer
	for line := range strings.Lines(string(src[:m.fset.Position(f.Package).Offset])) {
		if strings.HasPrefix(line, "//go:build ") {
			b.WriteString(line + "\n")
		}
	}
	err := printer.Fprint(&b, m.fset, f)
	return b.Bytes(), err
}

// funcName is the name of a function or method as people write it.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if i, ok := t.(*ast.IndexExpr); ok {
		t = i.X
	}
	return fmt.Sprintf("%s.%s", t, d.Name.Name)
}

// call makes a mutant of a node: a call of a function in runtime.go with the number of
// the mutant and the arguments.
func (m *mutator) call(fn string, n ast.Node, kind string, args ...ast.Expr) ast.Expr {
	span := m.spans[n]
	code := strings.Join(strings.Fields(string(m.src[m.fset.Position(span[0]).Offset:m.fset.Position(span[1]).Offset])), " ")
	if len(code) > 120 {
		code = code[:120] + "..."
	}
	mutant := Mutant{len(m.mutants) + 1, m.file, m.fset.Position(span[0]).Line, m.fn, kind, code}
	m.keys[mutant.Key()]++
	if n := m.keys[mutant.Key()]; n > 1 {
		mutant.Code += fmt.Sprintf(" #%d", n)
	}
	m.mutants = append(m.mutants, mutant)
	return &ast.CallExpr{
		Fun:  ast.NewIdent(fn),
		Args: append([]ast.Expr{&ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(mutant.ID)}}, args...),
	}
}

// typeName is a type as the source of this package writes it.
func (m *mutator) typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == m.pkg {
			return ""
		}
		return p.Name()
	})
}

// basic is what a type is made of, if that is one of Go's own.
func basic(t types.Type) types.BasicInfo {
	if t == nil {
		return 0
	}
	if b, ok := types.Default(t).Underlying().(*types.Basic); ok {
		return b.Info()
	}
	return 0
}

// enter is called before what is in a node. It changes constants as a whole, and leaves
// out what has to stay as it is.
func (m *mutator) enter(c *astutil.Cursor) bool {
	n := c.Node()
	if n == nil {
		return false
	}
	m.spans[n] = [2]token.Pos{n.Pos(), n.End()}
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.FieldList, *ast.FuncType, *ast.ArrayType, *ast.StructType, *ast.InterfaceType, *ast.MapType, *ast.ChanType:
		return false
	case *ast.FuncLit:
		m.signs = append(m.signs, m.info.Types[n].Type.(*types.Signature))
	case *ast.CallExpr:
		// What an error says in words is free; tests read its status and offset.
		if wordsOnly[calledName(n)] {
			m.expression(c, n)
			return false
		}
	case *ast.ReturnStmt:
		m.besideError(n)
	case *ast.BinaryExpr:
		x, y := m.info.Types[n.X].Type, m.info.Types[n.Y].Type
		m.numbers[n] = basic(x)&types.IsNumeric != 0 && types.Identical(types.Default(x), types.Default(y))
	case *ast.KeyValueExpr:
		if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Msg" {
			return false // as the words of Errorf
		}
		if lit, ok := c.Parent().(*ast.CompositeLit); ok && fixedKeys(m.info.Types[lit].Type) {
			m.spans[n.Value] = [2]token.Pos{n.Value.Pos(), n.Value.End()}
			n.Value = astutil.Apply(n.Value, m.enter, m.leave).(ast.Expr)
			return false
		}
	}
	if e, ok := n.(ast.Expr); ok && (m.free[e] || m.isCapacity(c)) {
		return false
	}
	if e, ok := n.(ast.Expr); ok && m.info.Types[e].Value != nil && !m.isCaseOfTag(c) {
		m.constant(c, e, m.info.Types[e])
		return false
	}
	return true
}

// wordsOnly are functions whose arguments are for people to read.
var wordsOnly = map[string]bool{
	"Errorf": true, "New": true, "Sprintf": true, "panic": true, "Warn": true, "Error": true, "Info": true,
	"badRequest": true, "protocolError": true, "NewSyscallError": true,
}

func calledName(n *ast.CallExpr) string {
	switch fn := n.Fun.(type) {
	case *ast.Ident:
		return fn.Name
	case *ast.SelectorExpr:
		return fn.Sel.Name
	}
	return ""
}

// besideError notes the constants that are returned with an error, or with a false as
// in a map's "v, ok": nobody reads them.
func (m *mutator) besideError(r *ast.ReturnStmt) {
	if len(r.Results) < 2 || len(m.signs) == 0 {
		return
	}
	results := m.signs[len(m.signs)-1].Results()
	if results.Len() != len(r.Results) {
		return // f() may return all of them
	}
	last := m.info.Types[r.Results[len(r.Results)-1]]
	isError := types.Identical(results.At(results.Len()-1).Type(), errorType) && !last.IsNil()
	if isError || last.Value != nil && last.Value.String() == "false" {
		for _, e := range r.Results[:len(r.Results)-1] {
			m.free[e] = m.info.Types[e].Value != nil
		}
	}
}

// isCapacity reports whether an expression says how much memory to make ready: what
// needs more gets it all the same.
func (m *mutator) isCapacity(c *astutil.Cursor) bool {
	call, ok := c.Parent().(*ast.CallExpr)
	if !ok || c.Name() != "Args" {
		return false
	}
	switch calledName(call) {
	case "make":
		_, isMap := m.info.Types[call.Args[0]].Type.Underlying().(*types.Map)
		return c.Index() == 2 || c.Index() == 1 && isMap
	case "Grow":
		return c.Index() == len(call.Args)-1
	}
	return false
}

var errorType = types.Universe.Lookup("error").Type()

// fixedKeys reports whether the keys of a literal have to be constants or names.
func fixedKeys(t types.Type) bool {
	_, isMap := t.Underlying().(*types.Map)
	return !isMap
}

// isCaseOfTag reports whether an expression is a case of a switch over a value: the
// compiler wants to see that these differ.
func (m *mutator) isCaseOfTag(c *astutil.Cursor) bool {
	_, ok := c.Parent().(*ast.CaseClause)
	return ok && c.Name() == "List" && basic(m.info.Types[c.Node().(ast.Expr)].Type)&types.IsBoolean == 0
}

// constant makes mutants of a constant.
func (m *mutator) constant(c *astutil.Cursor, n ast.Expr, tv types.TypeAndValue) {
	t := types.Default(tv.Type)
	switch info := basic(t); {
	case t.String() == "time.Duration":
		// One nanosecond more or less is nothing that a test could see.
		if m.says(n, t) {
			c.Replace(m.call("mutantZero", n, "zero", n))
		}
	case info&types.IsInteger != 0:
		// In a type of its own, since what is around it may want another one than int.
		typed := &ast.CallExpr{Fun: ast.NewIdent(m.typeName(t)), Args: []ast.Expr{n}}
		c.Replace(m.call("mutantLess1", n, "-1", m.call("mutantPlus1", n, "+1", typed)))
	case info&types.IsBoolean != 0:
		kind, fn := "true", "mutantTrue"
		if tv.Value.String() == "true" {
			kind, fn = "false", "mutantFalse"
		}
		c.Replace(m.call(fn, n, kind, n))
	case info&types.IsString != 0:
		if text := tv.Value.ExactString(); strings.HasPrefix(text, `"RFC `) || text == `""` {
			return
		}
		typed := &ast.CallExpr{Fun: ast.NewIdent(m.typeName(t)), Args: []ast.Expr{n}}
		c.Replace(m.call("mutantText", n, "text", typed))
	}
}

// says reports whether a constant is of a type by itself, as time.Second is: a 2 in its
// place gets the type from what is around it.
func (m *mutator) says(n ast.Expr, t types.Type) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			c, isConst := m.info.Uses[id].(*types.Const)
			found = found || isConst && types.Identical(c.Type(), t)
		}
		return true
	})
	return found
}

// leave is called after what is in a node was changed.
func (m *mutator) leave(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.FuncLit:
		m.signs = m.signs[:len(m.signs)-1]
	case ast.Stmt:
		if (c.Name() == "List" || c.Name() == "Body") && c.Index() >= 0 && removable(n) {
			c.Replace(&ast.IfStmt{Cond: m.call("mutantKeeps", n, "removed"), Body: &ast.BlockStmt{List: []ast.Stmt{n}}})
		}
	case ast.Expr:
		m.expression(c, n)
	}
	return true
}

// removable reports whether the source is still one without a statement.
func removable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return !ok || calledName(call) != "panic"
	case *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
		return true
	}
	return false
}

// expression makes mutants of an expression that is no constant.
func (m *mutator) expression(c *astutil.Cursor, n ast.Expr) {
	tv, ok := m.info.Types[n]
	if !ok || tv.Value != nil || tv.IsType() || tv.Type == nil {
		return
	}
	changed := n
	if b, ok := n.(*ast.BinaryExpr); ok {
		changed = m.binary(b)
	}
	switch info := basic(tv.Type); {
	case info&types.IsBoolean != 0:
		switch p := c.Parent().(type) {
		case *ast.ForStmt:
			// For ever is what the time limit would have to catch.
			changed = m.call("mutantFalse", n, "false", changed)
		case *ast.BinaryExpr:
			if p.Op == token.LAND || p.Op == token.LOR {
				changed = m.bool(n, changed)
			}
		case *ast.AssignStmt:
			if c.Name() == "Rhs" {
				changed = m.bool(n, changed)
			}
		case *ast.IfStmt, *ast.CaseClause, *ast.ReturnStmt:
			changed = m.bool(n, changed)
		}
	case m.isError(c):
		changed = m.call("mutantNil", n, "nil", changed)
	}
	if changed != n {
		c.Replace(changed)
	}
}

// bool makes two mutants of a condition.
func (m *mutator) bool(n, changed ast.Expr) ast.Expr {
	return m.call("mutantTrue", n, "true", m.call("mutantFalse", n, "false", changed))
}

// operators are those that have mutants, with the function that stands for each.
var operators = map[token.Token]string{
	token.LSS: "mutantLSS", token.LEQ: "mutantLEQ", token.GTR: "mutantGTR", token.GEQ: "mutantGEQ",
	token.ADD: "mutantADD", token.SUB: "mutantSUB",
}

// binary makes a mutant of an operator between numbers.
func (m *mutator) binary(b *ast.BinaryExpr) ast.Expr {
	fn := operators[b.Op]
	if fn == "" || !m.numbers[b] {
		return b
	}
	kind := "bound"
	if b.Op == token.ADD || b.Op == token.SUB {
		kind = "sign"
	}
	return m.call(fn, b, kind, b.X, b.Y)
}

// isError reports whether an expression is returned as an error.
func (m *mutator) isError(c *astutil.Cursor) bool {
	if _, ok := c.Parent().(*ast.ReturnStmt); !ok || len(m.signs) == 0 {
		return false
	}
	results := m.signs[len(m.signs)-1].Results()
	return c.Index() < results.Len() && types.Identical(results.At(c.Index()).Type(), errorType) &&
		!m.info.Types[c.Node().(ast.Expr)].IsNil() && len(c.Parent().(*ast.ReturnStmt).Results) == results.Len()
}
