package main

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A container holds blocks between "::: KIND TITLE" and ":::", or is a tab in one,
// which begins with "== TITLE".
type container struct {
	ast.BaseBlock
	kind, title string
	at          int // offset in the source
	closed      bool
}

var kindContainer = ast.NewNodeKind("Container")

func (*container) Kind() ast.NodeKind { return kindContainer }
func (c *container) Dump(src []byte, level int) {
	ast.DumpHelper(c, src, level, map[string]string{"kind": c.kind, "title": c.title}, nil)
}

// titled says for each kind of container whether it has a title.
var titled = map[string]bool{"fold": true, "try": true, "question": true, "note": false, "warning": false, "tabs": false}

// html returns what stands before and behind a container's blocks.
func (c *container) html() (open, end string) {
	title := escape(c.title)
	switch c.kind {
	case "fold":
		return `<details class="fold"><summary>` + title + "</summary>\n<div>", "</div></details>\n"
	case "question":
		return `<details class="question"><summary>` + title + "</summary>\n<div>", "</div></details>\n"
	case "try":
		return `<section class="try" aria-label="Try it"><p class="label">Try it: ` + title + "</p>\n", "</section>\n"
	case "note":
		return `<aside class="note" aria-label="Note"><p class="label">Note</p>` + "\n", "</aside>\n"
	case "warning":
		return `<aside class="warning" aria-label="Careful"><p class="label">Careful</p>` + "\n", "</aside>\n"
	case "table":
		return `<div class="table" tabindex="0">` + "\n", "</div>\n"
	case "tabs":
		return c.tabs(), "</div>\n"
	}
	return string(markup("<div class=\"%s\" id=\"%s\" role=\"tabpanel\" aria-labelledby=\"%s-tab\"><p class=\"label\">%s</p>\n", c.class(), c.id(), c.id(), c.title)), "</div>\n"
}

// tabs is the row of buttons above the tabs, which only a script shows.
func (c *container) tabs() string {
	buttons := template.HTML("")
	for child := c.FirstChild(); child != nil; child = child.NextSibling() {
		tab, ok := child.(*container)
		if !ok {
			continue // a mistake, which is noted
		}
		first := tab.PreviousSibling() == nil
		buttons += markup("<button role=\"tab\" id=\"%s-tab\" aria-controls=\"%s\" aria-selected=\"%t\"%s>%s</button>\n",
			tab.id(), tab.id(), first, template.HTML(map[bool]string{false: ` tabindex="-1"`}[first]), tab.title)
	}
	return string(markup("<div class=\"tabs\">\n<div class=\"tablist\" role=\"tablist\" aria-label=\"Ways\">\n%s</div>\n", buttons))
}

// id is one for a tab that no heading has: a heading's has no dot.
func (c *container) id() string { return fmt.Sprintf("tab.%d", c.at) }

// class is what the theme calls a tab; the first one is shown.
func (c *container) class() string {
	if c.PreviousSibling() == nil {
		return "tab on"
	}
	return "tab"
}

// containerParser is the block parser for containers.
type containerParser struct{ *page }

func (*containerParser) Trigger() []byte             { return []byte{':'} }
func (*containerParser) CanInterruptParagraph() bool { return true }
func (*containerParser) CanAcceptIndentedLine() bool { return false }

func (cp *containerParser) Open(parent ast.Node, reader text.Reader, _ parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	rest, ok := bytes.CutPrefix(line, []byte(":::"))
	if !ok {
		return nil, parser.NoChildren
	}
	kind, title, _ := strings.Cut(strings.TrimSpace(string(rest)), " ")
	c := &container{kind: kind, title: strings.TrimSpace(title), at: segment.Start}
	wants, known := titled[kind]
	switch {
	case kind == "":
		cp.failf(c.at, "::: closes a container, and none is open")
		c.closed = true
	case !known:
		cp.failf(c.at, "there is no container %q; there are fold, note, question, tabs, try and warning", kind)
	case wants && c.title == "":
		cp.failf(c.at, "::: %s has a title behind it", kind)
	case !wants && c.title != "":
		cp.failf(c.at, "::: %s has no title: %q", kind, c.title)
	}
	end(reader)
	return c, parser.HasChildren
}

func (*containerParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	c := n.(*container)
	line, _ := reader.PeekLine()
	if c.closed {
		return parser.Close
	}
	if string(bytes.TrimSpace(line)) == ":::" && innermost(pc) == c {
		c.closed = true
		end(reader)
		return parser.Close
	}
	return parser.Continue | parser.HasChildren
}

func (cp *containerParser) Close(n ast.Node, _ text.Reader, _ parser.Context) {
	c := n.(*container)
	if !c.closed {
		cp.failf(c.at, "::: %s is not closed by a line :::", c.kind)
	}
	if c.kind != "tabs" {
		return
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if tab, ok := child.(*container); !ok || tab.kind != "tab" {
			cp.failf(offset(child), "in ::: tabs everything belongs to a tab: a line such as == curl")
		}
	}
	if n.ChildCount() < 2 {
		cp.failf(c.at, "::: tabs has at least two tabs: lines such as == curl")
	}
}

// end goes to the end of the line, before its line feed.
func end(reader text.Reader) {
	line, _ := reader.PeekLine()
	reader.Advance(len(bytes.TrimRight(line, "\r\n")))
}

// innermost returns the container that is open and has no other one open in it, or nil
// if the line belongs to code.
func innermost(pc parser.Context) *container {
	for _, b := range slices.Backward(pc.OpenedBlocks()) {
		switch n := b.Node.(type) {
		case *ast.FencedCodeBlock:
			return nil
		case *container:
			if n.kind != "tab" {
				return n
			}
		}
	}
	return nil
}

// tabParser is the block parser for the tabs in a container.
type tabParser struct{ *page }

func (*tabParser) Trigger() []byte             { return []byte{'='} }
func (*tabParser) CanInterruptParagraph() bool { return true }
func (*tabParser) CanAcceptIndentedLine() bool { return false }

func (tp *tabParser) Open(parent ast.Node, reader text.Reader, _ parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	title, ok := strings.CutPrefix(string(line), "== ")
	if c, in := parent.(*container); !ok || !in || c.kind != "tabs" {
		return nil, parser.NoChildren
	}
	end(reader)
	return &container{kind: "tab", title: strings.TrimSpace(title), at: segment.Start}, parser.HasChildren
}

func (*tabParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	line, _ := reader.PeekLine()
	if bytes.HasPrefix(line, []byte("== ")) && innermost(pc) == n.Parent() {
		return parser.Close
	}
	return parser.Continue | parser.HasChildren
}

func (*tabParser) Close(ast.Node, text.Reader, parser.Context) {}
