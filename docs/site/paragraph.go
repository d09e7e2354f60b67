package main

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// paragraph replaces a paragraph that is only a link with a certain title.
func (t transformer) paragraph(n *ast.Paragraph) {
	l, ok := n.FirstChild().(*ast.Link)
	if !ok || n.ChildCount() != 1 || len(l.Title) == 0 {
		return
	}
	switch title := string(l.Title); title {
	case "code", "body", "run":
		// Written next; until then the link stays.
	default:
		t.failf(offset(l), "a link with the title %q is nothing; there are code, body and run", title)
	}
}

// comment replaces a comment by what it names.
func (t transformer) comment(n *ast.HTMLBlock) {
	raw := strings.TrimSpace(string(n.Lines().Value(t.text)))
	inner, ok := strings.CutPrefix(raw, "<!--")
	inner, ok2 := strings.CutSuffix(inner, "-->")
	if !ok || !ok2 || strings.Contains(raw, "\n") {
		t.failf(offset(n), "raw HTML: a page is plain Markdown, and a comment is one line")
		return
	}
	put(n, markup("<p class=\"later\">%s</p>\n", strings.TrimSpace(inner)))
}
