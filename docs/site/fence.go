package main

import (
	"bytes"
	"html/template"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/yuin/goldmark/ast"
)

// fences are the languages that a fenced block may have.
var fences = []string{"console", "go", "http", "json", "mermaid", "sh", "text", "yaml"}

// fence makes HTML of a fenced block.
func (t transformer) fence(n *ast.FencedCodeBlock) {
	language := "text"
	if n.Info != nil {
		language = string(n.Info.Segment.Value(t.text))
	}
	if !slices.Contains(fences, language) {
		t.failf(offset(n), "no block is in %q; there are %s", language, strings.Join(fences, ", "))
		return
	}
	source := string(n.Lines().Value(t.text))
	put(n, block(language, source))
}

// block is source in a language, coloured.
func block(language, source string) template.HTML {
	return markup("<div class=\"code\" data-language=\"%s\"><pre tabindex=\"0\"><code>%s</code></pre></div>\n", language, coloured(language, source))
}

// formatter writes coloured source with classes: the theme has the colours.
var formatter = html.New(html.WithClasses(true), html.PreventSurroundingPre(true))

// coloured is source with its keywords, strings and comments marked.
func coloured(language, source string) template.HTML {
	name := map[string]string{"go": "go", "sh": "bash", "console": "bash", "json": "json", "yaml": "yaml"}[language]
	lexer := lexers.Get(name)
	if name == "" || lexer == nil {
		return template.HTML(escape(source))
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	var out bytes.Buffer
	if err == nil {
		err = formatter.Format(&out, styles.Fallback, tokens)
	}
	if err != nil {
		return template.HTML(escape(source)) // plain, but complete
	}
	return template.HTML(out.String())
}
