package main

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// render makes HTML of a page's Markdown, in two passes: what the page names is put
// in its place in the tree, and then the tree is written.
func (s *site) render(p *page) {
	md := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
		goldmark.WithParserOptions(
			parser.WithBlockParsers(
				util.Prioritized(&containerParser{p}, 90),
				util.Prioritized(&tabParser{p}, 91),
			),
			parser.WithASTTransformers(util.Prioritized(transformer{s, p}, 500)),
		),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(
			util.Prioritized(blocks{}, 100),
		)),
	)
	var out bytes.Buffer
	if err := md.Convert(p.text, &out); err != nil {
		p.failf(0, "%v", err)
	}
	p.body = template.HTML(out.String())
}

// A transformer changes the tree of a page.
type transformer struct {
	*site
	*page
}

// Transform looks at every node once, and collects before it changes anything.
func (t transformer) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	var all []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			all = append(all, n)
		}
		return ast.WalkContinue, nil
	}) // the function returns no error
	used := make(map[string]bool)
	for _, n := range all {
		switch n := n.(type) {
		case *ast.Heading:
			t.heading(n, used)
		case *ast.FencedCodeBlock:
			t.fence(n)
		case *ast.CodeBlock:
			t.failf(offset(n), "code by indentation: use a fence, which says what language it is")
		case *ast.HTMLBlock:
			t.comment(n)
		case *ast.RawHTML:
			t.failf(offset(n), "raw HTML: a page is plain Markdown")
		case *ast.Paragraph:
			t.paragraph(n)
		case *ast.Link:
			t.link(n)
		case *ast.Image:
			t.image(n)
		case *ast.Text:
			t.cite(n)
		case *east.TableCell:
			if n.Alignment == east.AlignRight {
				n.SetAttributeString("class", []byte("right")) // the policy forbids styles
			}
		case *east.Table:
			wrap := &container{kind: "table"}
			n.Parent().ReplaceChild(n.Parent(), n, wrap)
			wrap.AppendChild(wrap, n)
		}
	}
	t.index(doc)
	t.endTasks(doc)
}

// prose is Markdown that is not a page's own, such as a hint.
func (t transformer) prose(text string) template.HTML {
	q := &page{source: t.source, address: t.address, text: []byte(text)}
	t.render(q)
	t.wrong = append(t.wrong, q.wrong...)
	return q.body
}

// phrase is prose of one paragraph, without being one.
func (t transformer) phrase(text string) template.HTML {
	html := strings.TrimSpace(string(t.prose(text)))
	return template.HTML(strings.TrimSuffix(strings.TrimPrefix(html, "<p>"), "</p>"))
}

// offset returns where in the source a node begins, or the one that it is in.
func offset(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		switch n := n.(type) {
		case *ast.Text:
			return n.Segment.Start
		case *ast.RawHTML:
			return n.Segments.At(0).Start
		case *container:
			return n.at
		case *ast.FencedCodeBlock:
			if n.Info != nil {
				return n.Info.Segment.Start
			}
		}
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			return n.Lines().At(0).Start
		}
		if n.Type() == ast.TypeInline {
			if first, ok := n.FirstChild().(*ast.Text); ok {
				return first.Segment.Start
			}
		}
	}
	return 0
}

// words returns the text of a node without its markup.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(n.Value)
			}
		}
		return ast.WalkContinue, nil
	}) // the function returns no error
	return b.String()
}

// heading gives a heading its id: the one that code hosts give it, so that links to
// it are good there and here. The first one is the page's title.
func (t transformer) heading(n *ast.Heading, used map[string]bool) {
	said := words(n, t.text)
	if n.Level == 1 {
		if t.title != "" {
			t.failf(offset(n), "a second title; the first is %q", t.title)
		}
		t.title = said
		n.Parent().RemoveChild(n.Parent(), n) // the template writes it
		return
	}
	id := slug(said)
	for i, base := 1, id; used[id]; i++ {
		id = fmt.Sprintf("%s-%d", base, i)
	}
	used[id] = true
	n.SetAttributeString("id", []byte(id))
	t.headings = append(t.headings, heading{n.Level, id, said})
	link := ast.NewLink()
	link.Destination = []byte("#" + id)
	link.SetAttributeString("class", []byte("anchor"))
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		link.AppendChild(link, c)
	}
	n.AppendChild(n, link)
}

// slug returns the fragment that code hosts make of a heading.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(s))
}
