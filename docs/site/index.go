package main

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// An entryOfIndex is a heading of a page with the text below it, for the search.
type entryOfIndex struct{ id, heading, text string }

// mostIndexed is how much of the text below one heading is searched.
const mostIndexed = 3000

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// index collects what a reader can look for on the page: its prose and its tables, and
// neither code nor hints.
func (t transformer) index(doc ast.Node) {
	t.parts = []entryOfIndex{{}}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			id, _ := h.AttributeString("id")
			t.parts = append(t.parts, entryOfIndex{id: string(id.([]byte)), heading: words(h, t.text)})
			continue
		}
		last := &t.parts[len(t.parts)-1]
		_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			switch n := n.(type) {
			case *made:
				if entering && strings.Contains(string(n.html), "<table") {
					last.text += " " + html.UnescapeString(tag.ReplaceAllString(string(n.html), " "))
				}
			case *ast.Text:
				if entering {
					last.text += string(n.Segment.Value(t.text))
					if n.SoftLineBreak() {
						last.text += " "
					}
				}
			default:
				if n.Type() == ast.TypeBlock {
					last.text += " "
				}
			}
			return ast.WalkContinue, nil
		}) // the function returns no error
	}
	for i := range t.parts {
		text := strings.TrimSpace(spaces.ReplaceAllString(t.parts[i].text, " "))
		if len(text) > mostIndexed {
			text = strings.ToValidUTF8(text[:mostIndexed], "")
		}
		t.parts[i].text = text
	}
}

// searchIndex is the index of all pages: the page's title, the address, the heading and the text.
func (s *site) searchIndex() ([]byte, error) {
	all := [][4]string{}
	for _, p := range s.pages {
		for _, part := range p.parts {
			address := p.address
			if part.id != "" {
				address += "#" + part.id
			}
			all = append(all, [4]string{p.title, address, part.heading, part.text})
		}
	}
	return json.Marshal(all)
}
