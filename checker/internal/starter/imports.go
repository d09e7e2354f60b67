package starter

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// mendImports leaves out the imports that src no longer uses, and adds
// "errors" where a stub began to use it.
func mendImports(src []byte, types *typeTable) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	used := packageNames(f)
	m := mender{src: src, fset: fset, file: f, cut: map[*ast.ImportSpec]bool{}}
	for _, spec := range f.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		name := types.nameOf(spec, importPath)
		m.cut[spec] = name != "_" && name != "." && !used[name]
		if name == "errors" {
			delete(used, "errors")
		}
	}
	m.cutUnused()
	if used["errors"] {
		m.addErrors()
	}
	return apply(src, m.edits), nil
}

// packageNames returns the names that stand before a dot and are declared
// neither in the file nor around the place: those of packages, and a few more.
func packageNames(f *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			// The parser's own resolution, old as it is, is all that is needed.
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil {
				names[x.Name] = true
			}
		}
		return true
	})
	return names
}

// A mender collects the edits of a file's import declarations.
type mender struct {
	src   []byte
	fset  *token.FileSet
	file  *ast.File
	cut   map[*ast.ImportSpec]bool
	edits []edit
}

func (m *mender) offset(p token.Pos) int { return m.fset.PositionFor(p, false).Offset }

// imports returns the import declarations and, for each, the specs that stay.
func (m *mender) imports() (decls []*ast.GenDecl, kept [][]*ast.ImportSpec) {
	for _, decl := range m.file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			continue
		}
		var specs []*ast.ImportSpec
		for _, spec := range gen.Specs {
			if s := spec.(*ast.ImportSpec); !m.cut[s] {
				specs = append(specs, s)
			}
		}
		decls, kept = append(decls, gen), append(kept, specs)
	}
	return decls, kept
}

// cutUnused leaves out the specs that are not used, and a declaration of which
// nothing would be left.
func (m *mender) cutUnused() {
	decls, kept := m.imports()
	for i, decl := range decls {
		if len(kept[i]) == 0 {
			m.cutNode(decl, decl.Doc, nil)
			continue
		}
		for _, spec := range decl.Specs {
			if s := spec.(*ast.ImportSpec); m.cut[s] {
				m.cutNode(s, s.Doc, s.Comment)
			}
		}
	}
}

func (m *mender) cutNode(n ast.Node, doc, comment *ast.CommentGroup) {
	from, to := n.Pos(), n.End()
	if doc != nil {
		from = doc.Pos()
	}
	if comment != nil {
		to = comment.End()
	}
	a, b := wholeLines(m.src, m.offset(from), m.offset(to))
	m.edits = append(m.edits, edit{from: a, to: b})
}

// addErrors imports "errors" where gofmt will sort it in: in the first group of
// the standard library, or in a new one before everything else.
func (m *mender) addErrors() {
	decls, kept := m.imports()
	for i, decl := range decls {
		if len(kept[i]) == 0 {
			continue
		}
		first := kept[i][0]
		gap := ";"
		if strings.HasPrefix(first.Path.Value, `"barewire/`) {
			gap = "\n\n"
		}
		if decl.Lparen.IsValid() {
			m.insert(m.offset(decl.Lparen)+1, "\n\"errors\""+gap)
			return
		}
		spec := string(m.src[m.offset(first.Pos()):m.offset(first.End())])
		m.edits = append(m.edits, edit{
			from: m.offset(first.Pos()), to: m.offset(first.End()),
			text: fmt.Sprintf("(\n\"errors\"%s%s\n)", gap, spec),
		})
		return
	}
	m.insert(m.endOfLine(m.file.Name.End()), "\n\nimport \"errors\"")
}

// endOfLine returns the offset of the end of the line that p is on.
func (m *mender) endOfLine(p token.Pos) int {
	at := m.offset(p)
	if i := bytes.IndexByte(m.src[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(m.src)
}

func (m *mender) insert(at int, text string) {
	m.edits = append(m.edits, edit{from: at, to: at, text: text})
}
