package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

//go:embed rfc-sections.txt
var sectionList string

// sections has the titles of the sections that there are, by "9112 2.3".
var sections = func() map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(sectionList) {
		if rfc, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && rfc != "#" {
			section, title, _ := strings.Cut(rest, " ")
			all[rfc+" "+section] = title
		}
	}
	return all
}()

// cited is how a section is named.
var cited = regexp.MustCompile(`RFC (\d+) §([0-9A-Z](?:[0-9.]*[0-9])?)`)

// citation returns the link to a section, and its title.
func citation(rfc, section string) (href, title string, err error) {
	title, ok := sections[rfc+" "+section]
	if !ok {
		return "", "", fmt.Errorf("RFC %s has no section %s that docs/site/rfc-sections.txt knows", rfc, section)
	}
	kind := "section"
	if section[0] >= 'A' {
		kind = "appendix"
	}
	return fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%s#%s-%s", rfc, kind, section), title, nil
}

// cite makes links of the sections that a piece of text names.
func (t transformer) cite(n *ast.Text) {
	for p := n.Parent(); p != nil; p = p.Parent() {
		switch p.(type) {
		case *ast.Link, *ast.CodeSpan, *ast.Heading, *ast.Image:
			return
		}
	}
	value := n.Segment.Value(t.text)
	all := cited.FindAllSubmatchIndex(value, -1)
	if all == nil {
		return
	}
	parent, at := n.Parent(), 0
	part := func(from, to int) *ast.Text {
		return ast.NewTextSegment(text.NewSegment(n.Segment.Start+from, n.Segment.Start+to))
	}
	for _, m := range all {
		href, title, err := citation(string(value[m[2]:m[3]]), string(value[m[4]:m[5]]))
		if err != nil {
			t.failf(n.Segment.Start+m[0], "%v", err)
			continue
		}
		link := ast.NewLink()
		link.Destination, link.Title = []byte(href), []byte(title)
		link.SetAttributeString("class", []byte("rfc"))
		link.AppendChild(link, part(m[0], m[1]))
		parent.InsertBefore(parent, n, part(at, m[0]))
		parent.InsertBefore(parent, n, link)
		at = m[1]
	}
	n.Segment = n.Segment.WithStart(n.Segment.Start + at)
}
