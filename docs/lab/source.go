package lab

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A source is the code of the steps that the lab runs, and where in it things are.
type source struct {
	Tree  string            `json:"tree"`  // "solutions" or "steps"
	Files map[string]string `json:"files"` // by step and name: "02-request-line/line.go"
	Decls map[string]place  `json:"decls"` // by step and name: "02-request-line#RequestLine.Parse"
	Texts []text            `json:"texts"` // string literals, which are how errors are found
}

// A place is lines of a file.
type place struct {
	File string `json:"file"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

// A text is a string literal: what an error says, perhaps with verbs of fmt in it.
type text struct {
	Text string `json:"text"`
	File string `json:"file"`
	Line int    `json:"line"`
	Decl string `json:"decl"`
}

// source reads the steps that the lab runs.
func (c Config) source() (*source, error) {
	s := &source{Tree: filepath.Base(c.tree()), Files: map[string]string{}, Decls: map[string]place{}}
	for _, step := range steps {
		names, err := filepath.Glob(filepath.Join(c.tree(), step, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			if err := s.read(step, name); err != nil {
				return nil, err
			}
		}
	}
	if len(s.Decls) == 0 {
		return nil, fmt.Errorf("there is no code in %s", c.tree())
	}
	return s, nil
}

// read adds a file.
func (s *source) read(step, name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file := step + "/" + filepath.Base(name)
	s.Files[file] = string(content)
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, content, parser.ParseComments)
	if tree == nil {
		return err // one that does not compile may still have declarations
	}
	line := func(at token.Pos) int { return set.Position(at).Line }
	for _, d := range tree.Decls {
		var decl string
		from := d.Pos()
		switch d := d.(type) {
		case *ast.FuncDecl:
			decl = funcName(d)
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
		case *ast.GenDecl:
			spec, ok := d.Specs[0].(*ast.TypeSpec)
			if len(d.Specs) != 1 || !ok {
				continue
			}
			decl = spec.Name.Name
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
		default:
			continue
		}
		decl = step + "#" + decl
		s.Decls[decl] = place{file, line(from), line(d.End())}
		ast.Inspect(d, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			// Sections and names are no messages.
			if value, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(value, " ") && !strings.HasPrefix(value, "RFC ") {
				s.Texts = append(s.Texts, text{value, file, line(lit.Pos()), decl})
			}
			return true
		})
	}
	return nil
}

// funcName returns "Parse" for a function and "Head.Parse" for a method.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}
