package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// directive is a comment for the generator of the starters, which no reader needs, and
// the empty line of a comment before it.
var directive = regexp.MustCompile(`(?m)(?:^[\t ]*//\n)?^[\t ]*//(?:starter|fuzz):.*\n`)

// code is a declaration of a Go file, with its path, which leads to the whole file.
// Without a name it is all of the file.
func (s *site) code(p *page, file, name string, comment bool) (template.HTML, error) {
	src, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(file)))
	if err != nil {
		return "", fmt.Errorf("there is no %s", file)
	}
	text, line := string(src), 1
	if name != "" {
		if text, line, err = declaration(file, src, name, comment); err != nil {
			return "", err
		}
	}
	text = directive.ReplaceAllString(text, "")
	to := s.sourcePage(file)
	caption := markup(`<a href="%s">%s</a>`, fmt.Sprintf("%s#L%d", p.to(to.address), line), file)
	if name != "" {
		caption = markup("<span>%s</span> ", name) + caption
	}
	return figure(caption, "go", text), nil
}

// figure is a block of code with a caption.
func figure(caption template.HTML, language, text string) template.HTML {
	return markup("<figure class=\"source\"><figcaption>%s</figcaption>\n%s</figure>\n", caption, block(language, text))
}

// declaration returns the text of a function, a method as Type.Method, a type, or a
// group of constants or variables, and its line.
func declaration(file string, src []byte, name string, comment bool) (string, int, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", 0, err
	}
	var all []string
	for _, d := range f.Decls {
		declares, doc := declared(d)
		all = append(all, declares...)
		if !slices.Contains(declares, name) {
			continue
		}
		from := d.Pos()
		if doc != nil && comment {
			from = doc.Pos()
		}
		text := src[fset.Position(from).Offset:fset.Position(d.End()).Offset]
		return string(text) + "\n", fset.Position(d.Pos()).Line, nil
	}
	return "", 0, fmt.Errorf("%s declares no %s; it has %s", file, name, strings.Join(all, ", "))
}

// declared returns the names that a declaration declares, and its comment.
func declared(d ast.Decl) (names []string, doc *ast.CommentGroup) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		return []string{name}, d.Doc
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			}
		}
		return names, d.Doc
	}
	return nil, nil
}

// receiver returns the name of a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// run is a command, and what it printed when it ran last: the golden file.
func (s *site) run(file, command string) (template.HTML, error) {
	if !strings.HasPrefix(file, "docs/runs/") || path.Ext(file) != ".txt" {
		return "", fmt.Errorf("%s: what a command printed is in docs/runs, in a file that ends in .txt", file)
	}
	if command == "" {
		return "", errors.New("the text of the link is the command that was run")
	}
	out, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(file)))
	if err != nil {
		return "", fmt.Errorf("there is no %s", file)
	}
	return terminal(command, string(out)), nil
}

// terminal is a command with its output. Of a report of tests, the words that say what
// each line is are marked.
func terminal(command, output string) template.HTML {
	var lines strings.Builder
	for line := range strings.Lines(strings.TrimRight(output, "\n") + "\n") {
		lines.WriteString(string(marked(line)))
	}
	return markup("<div class=\"terminal\" data-language=\"terminal\"><pre tabindex=\"0\"><code><span class=\"command\"><span class=\"prompt\">$ </span>%s</span>\n%s</code></pre></div>\n",
		command, template.HTML(lines.String()))
}

var (
	redLine   = regexp.MustCompile(`^(FAIL|--- FAIL:|panic:)( .*)?\n$`)
	greenLine = regexp.MustCompile(`^(ok|PASS|DONE)( .*)?\n$`)
	label     = regexp.MustCompile(`^( *)(sent|want|got|why|code|next|hint|note)(  +)(.*\n)$`)
	caret     = regexp.MustCompile(`^( +)(\^.*\n)$`)
)

// marked marks a line of a report.
func marked(line string) template.HTML {
	if redLine.MatchString(line) {
		return markup(`<span class="bad">%s</span>`, line)
	}
	if greenLine.MatchString(line) {
		return markup(`<span class="good">%s</span>`, line)
	}
	if m := label.FindStringSubmatch(line); m != nil {
		return markup(`%s<span class="label">%s</span>%s%s`, m[1], m[2], m[3], m[4])
	}
	if m := caret.FindStringSubmatch(line); m != nil {
		return markup(`%s<span class="caret">%s</span>`, m[1], m[2])
	}
	return markup("%s", line)
}
