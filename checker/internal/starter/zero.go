package starter

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A kind is how the zero value of a type is spelled.
type kind int

const (
	unknown   kind = iota // a type parameter, or a type that was not found
	numeric               // 0
	text                  // ""
	boolean               // false
	nilable               // nil
	composite             // T{}
)

// zero spells the zero value of the type that is written as typ.
func (k kind) zero(typ string) string {
	switch k {
	case numeric:
		return "0"
	case text:
		return `""`
	case boolean:
		return "false"
	case nilable:
		return "nil"
	case composite:
		return typ + "{}"
	}
	return "*new(" + typ + ")"
}

// predeclared holds the kinds of Go's own type names.
var predeclared = map[string]kind{
	"string": text, "bool": boolean, "error": nilable, "any": nilable,
	"int": numeric, "int8": numeric, "int16": numeric, "int32": numeric, "int64": numeric,
	"uint": numeric, "uint8": numeric, "uint16": numeric, "uint32": numeric, "uint64": numeric, "uintptr": numeric,
	"byte": numeric, "rune": numeric, "float32": numeric, "float64": numeric, "complex64": numeric, "complex128": numeric,
}

// A typeTable finds declarations of types by reading sources: those of the
// package at hand, of other steps, and of the standard library. It reads a
// package only when a result's type comes from there, and needs no compiled
// code, so a starter can be made of a solution that does not build yet.
type typeTable struct {
	solutions string                         // the folder that holds all solutions
	packages  map[string]map[string]declared // by import path ("" is the package at hand), then by name
	names     map[string]string              // the package name of an import path
}

// declared is a type's declaration and the file it stands in.
type declared struct {
	spec *ast.TypeSpec
	file *ast.File
}

func newTypeTable(solutionDir string) *typeTable {
	return &typeTable{
		solutions: filepath.Dir(filepath.Clean(solutionDir)),
		packages:  map[string]map[string]declared{},
		names:     map[string]string{},
	}
}

// add enters the types that a file declares.
func (t *typeTable) add(importPath string, f *ast.File) {
	if t.packages[importPath] == nil {
		t.packages[importPath] = map[string]declared{}
	}
	t.names[importPath] = f.Name.Name
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			s := spec.(*ast.TypeSpec)
			t.packages[importPath][s.Name.Name] = declared{s, f}
		}
	}
}

// kind returns the kind of a type as it is written in a file; shadowed holds
// the names that are type parameters there.
func (t *typeTable) kind(typ ast.Expr, f *ast.File, shadowed map[string]bool) kind {
	return t.kindIn("", typ, f, shadowed)
}

func (t *typeTable) kindIn(importPath string, typ ast.Expr, f *ast.File, shadowed map[string]bool) kind {
	switch typ := ast.Unparen(typ).(type) {
	case *ast.StarExpr, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType:
		return nilable
	case *ast.ArrayType:
		if typ.Len == nil {
			return nilable
		}
		return composite
	case *ast.StructType:
		return composite
	case *ast.IndexExpr:
		return t.kindIn(importPath, typ.X, f, shadowed)
	case *ast.IndexListExpr:
		return t.kindIn(importPath, typ.X, f, shadowed)
	case *ast.Ident:
		if shadowed[typ.Name] {
			return unknown
		}
		return t.named(importPath, typ.Name)
	case *ast.SelectorExpr:
		if x, ok := typ.X.(*ast.Ident); ok {
			return t.named(t.imported(f, x.Name), typ.Sel.Name)
		}
	}
	return unknown
}

// named returns the kind of a type that is declared, or predeclared.
func (t *typeTable) named(importPath, name string) kind {
	if importPath != "" && t.packages[importPath] == nil {
		t.read(importPath)
	}
	if d, ok := t.packages[importPath][name]; ok {
		return t.kindIn(importPath, d.spec.Type, d.file, nil)
	}
	return predeclared[name]
}

// imported returns the path that a file imports under a name.
func (t *typeTable) imported(f *ast.File, name string) string {
	for _, spec := range f.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if t.nameOf(spec, importPath) == name {
			return importPath
		}
	}
	return "?" // no package has this path
}

// nameOf returns the name under which an import is known in its file.
func (t *typeTable) nameOf(spec *ast.ImportSpec, importPath string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	if strings.HasPrefix(importPath, "barewire/") {
		if t.packages[importPath] == nil {
			t.read(importPath)
		}
		if name := t.names[importPath]; name != "" {
			return name
		}
	}
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath)) // math/rand/v2 is rand
	}
	return base
}

// read enters the types of another package; it has none if it is not found.
func (t *typeTable) read(importPath string) {
	t.packages[importPath] = map[string]declared{}
	dir := ""
	if step, ok := strings.CutPrefix(importPath, "barewire/solutions/"); ok {
		dir = filepath.Join(t.solutions, filepath.FromSlash(step))
	} else if p, err := build.Import(importPath, "", build.FindOnly); err == nil {
		dir = p.Dir
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err == nil {
			t.add(importPath, f)
		}
	}
}
