package trial

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
)

// A testFile is a file of a step's tests.
type testFile struct {
	name string // such as "host_test.go"
	src  []byte
	fset *token.FileSet
	ast  *ast.File
}

// parseTests reads files of tests, by name.
func parseTests(sources map[string][]byte) ([]testFile, error) {
	var files []testFile
	for name, src := range sources {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, testFile{name, src, fset, f})
	}
	return files, nil
}

// declares reports whether there is a function of that name.
func declares(files []testFile, name string) bool {
	for _, f := range files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				return true
			}
		}
	}
	return false
}

// prune leaves out the functions that nothing leads to from the tests named, so
// that a wrong program costs the compiler one test and not all of its step. Names
// are compared and not what they mean: it may keep too much, and what is missed
// does not compile.
func prune(files []testFile, tests []string) map[string][]byte {
	funcs := map[string]ast.Decl{}
	needed := map[ast.Decl]bool{}
	var roots []ast.Decl
	for _, f := range files {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil {
				funcs[fn.Name.Name] = d
			}
			if !ok || fn.Recv != nil || fn.Name.Name == "init" || slices.Contains(tests, fn.Name.Name) {
				roots = append(roots, d)
			}
		}
	}
	var need func(d ast.Decl)
	need = func(d ast.Decl) {
		if d == nil || needed[d] {
			return
		}
		needed[d] = true
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				need(funcs[id.Name])
			}
			return true
		})
	}
	for _, d := range roots {
		need(d)
	}
	pruned := map[string][]byte{}
	for _, f := range files {
		pruned[f.name] = f.without(func(d ast.Decl) bool { return !needed[d] })
	}
	return pruned
}

// without returns the source without some declarations. Imports that are not used
// any more become blank.
func (f testFile) without(dropped func(ast.Decl) bool) []byte {
	used := map[string]bool{}
	var out bytes.Buffer
	from := 0
	offset := func(p token.Pos) int { return f.fset.PositionFor(p, false).Offset }
	cut := func(to, next int) {
		out.Write(f.src[from:to])
		from = next
	}
	for _, d := range f.ast.Decls {
		if dropped(d) {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				// The parser's own resolution, old as it is, tells a package from a variable.
				if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil {
					used[x.Name] = true
				}
			}
			return true
		})
	}
	for _, spec := range f.ast.Imports {
		if name := importName(spec); name != "." && !used[name] {
			cut(offset(spec.Pos()), offset(spec.Path.Pos()))
			out.WriteString("_ ")
		}
	}
	for _, d := range f.ast.Decls {
		if dropped(d) {
			cut(offset(d.Pos()), offset(d.End()))
		}
	}
	cut(len(f.src), len(f.src))
	return out.Bytes()
}

// importName returns the name by which a file calls what it imports.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	name, err := strconv.Unquote(spec.Path.Value)
	if base := path.Base(name); err != nil || !slices.Contains([]string{"v2", "v3"}, base) {
		return base
	}
	return path.Base(path.Dir(name))
}
