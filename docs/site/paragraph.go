package main

import (
	"errors"
	"html/template"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// paragraph replaces a paragraph that is only a link with a title by what the title
// says: a declaration, with its comment or without, or a run in a terminal. One that is
// only a picture may be wider than a phone, and then scrolls by itself.
func (t transformer) paragraph(n *ast.Paragraph) {
	if _, ok := n.FirstChild().(*ast.Image); ok && n.ChildCount() == 1 {
		n.SetAttributeString("class", []byte("plot"))
		n.SetAttributeString("tabindex", []byte("0"))
		return
	}
	l, ok := n.FirstChild().(*ast.Link)
	if !ok || n.ChildCount() != 1 || len(l.Title) == 0 {
		return
	}
	said, to := words(l, t.text), t.linked(string(l.Destination))
	var html template.HTML
	var err error
	switch title := string(l.Title); title {
	case "code":
		html, err = t.code(t.page, to, said, true)
	case "body":
		html, err = t.code(t.page, to, said, false)
	case "run":
		html, err = t.run(to, said)
	default:
		t.failf(offset(l), "a link with the title %q is nothing; there are code, body and run", title)
		return
	}
	if err != nil {
		t.failf(offset(l), "%v", err)
		return
	}
	put(n, html)
}

// linked returns the name of a file, below the root of the repository, that a link of
// the page leads to.
func (p *page) linked(link string) string { return path.Join("docs", path.Dir(p.source), link) }

// A maker makes what a comment names. Its arguments are what stands behind the name.
type maker func(t transformer, args []string) (template.HTML, error)

// makers are all of them.
var makers map[string]maker

func init() { // not in the declaration: makers use what uses makers
	makers = map[string]maker{
		"commands": makeCommands,
		"flags":    makeFlags,
		"lab":      makeLab,
		"packages": makePackages,
		"place":    makePlace,
		"rfcmap":   makeMap,
		"tasks":    makeTasks,
		"wirelab":  makeWirelab,
		"wrong":    makeWrong,
	}
}

// alone are those that have no arguments.
var alone = []string{"commands", "flags", "packages", "rfcmap"}

// comment replaces a comment by what it names.
func (t transformer) comment(n *ast.HTMLBlock) {
	raw := strings.TrimSpace(string(n.Lines().Value(t.text)))
	inner, opens := strings.CutPrefix(raw, "<!--")
	inner, closes := strings.CutSuffix(inner, "-->")
	if !opens || !closes || strings.ContainsAny(inner, "\n<>") {
		t.failf(offset(n), "raw HTML: a page is plain Markdown, and a comment is alone on its line")
		return
	}
	words := strings.Fields(inner)
	if len(words) == 0 || makers[words[0]] == nil {
		t.failf(offset(n), "nothing is called %q; there are %s", strings.TrimSpace(inner), names(makers))
		return
	}
	var html template.HTML
	var err error
	if len(words) > 1 && slices.Contains(alone, words[0]) {
		err = errors.New("nothing stands behind it")
	} else {
		html, err = makers[words[0]](t, words[1:])
	}
	if err != nil {
		t.failf(offset(n), "%s: %v", words[0], err)
		return
	}
	put(n, html)
}
