package source

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// A testFile is what one file of tests says about the names of tests.
type testFile struct {
	name   string               // without its folder
	lines  map[string]int       // where each top-level function is
	called map[string][]literal // string literals, by the name that a subtest gets from them
}

// A literal is a string literal.
type literal struct {
	value string
	line  int
}

func newTestFile(fset *token.FileSet, f *ast.File) testFile {
	t := testFile{
		name:   filepath.Base(fset.Position(f.Pos()).Filename),
		lines:  make(map[string]int),
		called: make(map[string][]literal),
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
			t.lines[fn.Name.Name] = fset.Position(fn.Pos()).Line
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if value, err := strconv.Unquote(lit.Value); err == nil && value != "" {
			name := subtestName(value)
			t.called[name] = append(t.called[name], literal{value, fset.Position(lit.Pos()).Line})
		}
		return true
	})
	return t
}

// subtestName returns the name that package testing makes of a string.
func subtestName(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte('_')
		case !strconv.IsPrint(r):
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A Row is what the source says about a subtest.
type Row struct {
	Sentence string // the subtest's name as it was written, such as "two Host fields"
	File     string // the test file, without its folder, or ""
	Line     int    // where the name stands, or the test function if that is not clear; 0 if not known
	Exact    bool   // whether the name stands there
}

// Row finds the row of a table from which the test named name came, such as
// "TestTask2_Host/two_Host_fields". Names that are computed have no row.
func (t *Tree) Row(dir, name string) Row {
	top, rest, _ := strings.Cut(name, "/")
	for _, f := range t.step(dir).tests {
		if line, ok := f.lines[top]; ok {
			row := Row{File: f.name, Line: line}
			row.find(f, rest)
			return row
		}
	}
	row := Row{}
	row.find(testFile{}, rest)
	return row
}

// find fills in the row for a subtest with the rest of the name.
func (r *Row) find(f testFile, rest string) {
	var parts []string
	for rest != "" {
		name, value, lits := "", "", []literal(nil)
		for called, l := range f.called {
			if len(called) > len(name) && (rest == called || strings.HasPrefix(rest, called+"/")) {
				name, value, lits = called, l[0].value, l
			}
		}
		if name == "" {
			name, _, _ = strings.Cut(rest, "/")
			value = strings.ReplaceAll(name, "_", " ")
		}
		if len(lits) == 1 && !r.Exact {
			r.Line, r.Exact = lits[0].line, true
		}
		parts = append(parts, strings.TrimSpace(value))
		rest = strings.TrimPrefix(rest[len(name):], "/")
	}
	r.Sentence = strings.Join(parts, ", ")
}
