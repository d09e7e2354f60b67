package main

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// made is a block whose HTML is there already.
type made struct {
	ast.BaseBlock
	html template.HTML
}

var kindMade = ast.NewNodeKind("Made")

func (*made) Kind() ast.NodeKind           { return kindMade }
func (*made) IsRaw() bool                  { return true }
func (m *made) Dump(src []byte, level int) { ast.DumpHelper(m, src, level, nil, nil) }

// put puts HTML in the place of a block.
func put(n ast.Node, html template.HTML) {
	n.Parent().ReplaceChild(n.Parent(), n, &made{html: html})
}

// blocks writes the blocks that Markdown does not know.
type blocks struct{}

func (b blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMade, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			w.WriteString(string(n.(*made).html))
		}
		return ast.WalkContinue, nil
	})
	r.Register(kindContainer, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		open, end := n.(*container).html()
		if entering {
			w.WriteString(open)
		} else {
			w.WriteString(end)
		}
		return ast.WalkContinue, nil
	})
}

// escape makes text safe to stand in HTML, and between double quotes.
func escape(text string) string { return unsafeInHTML.Replace(text) }

var unsafeInHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\x00", "\uFFFD")

// markup is Sprintf with arguments that are escaped, unless they are HTML already.
func markup(format string, args ...any) template.HTML {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = escape(a)
		case template.HTML:
			args[i] = string(a)
		}
	}
	return template.HTML(fmt.Sprintf(format, args...))
}
