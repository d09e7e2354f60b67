package main

import (
	"errors"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"barewire/docs/diagram"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/ast"
)

// fences are the languages that a fenced block may have, and what chroma calls them;
// "" is not coloured.
var fences = map[string]string{
	"go": "go", "http": "", "json": "json", "mermaid": "", "sh": "bash", "text": "", "yaml": "yaml",
}

// names returns the keys of a map in a sentence.
func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

// fence makes HTML of a fenced block.
func (t transformer) fence(n *ast.FencedCodeBlock) {
	language := "text"
	if n.Info != nil {
		language = string(n.Info.Segment.Value(t.text))
	}
	if _, ok := fences[language]; !ok {
		t.failf(offset(n), "no block is in %q; there are %s", language, names(fences))
		return
	}
	source := string(n.Lines().Value(t.text))
	switch language {
	case "mermaid":
		html, err := drawn(source)
		if err != nil {
			at := offset(n)
			if e := (*diagram.Error)(nil); errors.As(err, &e) && e.Line >= 1 && e.Line <= n.Lines().Len() {
				at = n.Lines().At(e.Line - 1).Start
			}
			t.failf(at, "%v", err)
		}
		put(n, html)
	case "http":
		put(n, wire(source))
	default:
		put(n, block(language, source))
	}
}

// block is source in a language, coloured.
func block(language, source string) template.HTML {
	return markup("<div class=\"code\" data-language=\"%s\"><pre tabindex=\"0\"><code>%s</code></pre></div>\n", language, coloured(language, source))
}

// remark is what stands beside bytes, to say what they are.
var remark = regexp.MustCompile(` {3,}(\S.*)$`)

// wire is bytes as they are sent: their line ends are seen.
func wire(source string) template.HTML {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line, said := strings.TrimRight(line, "\n"), template.HTML("")
		if m := remark.FindStringSubmatchIndex(line); m != nil {
			line, said = line[:m[2]], markup(`<span class="remark">%s</span>`, line[m[2]:])
		}
		b.WriteString(strings.ReplaceAll(escape(line), `\r\n`, `<span class="crlf">\r\n</span>`) + string(said) + "\n")
	}
	return markup("<div class=\"wire\" data-language=\"bytes\"><pre tabindex=\"0\"><code>%s</code></pre></div>\n", template.HTML(b.String()))
}

// coloured is source whose keywords, strings, numbers, comments and the names of what
// it declares are marked; the theme has the colours. No mark goes over a line's end.
func coloured(language, source string) template.HTML {
	if fences[language] == "" {
		return template.HTML(escape(source))
	}
	lexer := lexerOf(fences[language])
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	if err != nil {
		return template.HTML(escape(source)) // plain, but complete
	}
	var b strings.Builder
	for _, line := range chroma.SplitTokensIntoLines(tokens.Tokens()) {
		for _, token := range line {
			class := class(token.Type)
			text, end := strings.CutSuffix(token.Value, "\n")
			if class != "" && strings.TrimSpace(text) != "" {
				b.WriteString(`<span class="` + class + `">` + escape(text) + `</span>`)
			} else {
				b.WriteString(escape(text))
			}
			if end {
				b.WriteByte('\n')
			}
		}
	}
	return template.HTML(b.String())
}

// lexerOf returns the lexer of a language, which takes a while to find.
func lexerOf(name string) chroma.Lexer {
	lexer, ok := found.Load(name)
	if !ok {
		lexer, _ = found.LoadOrStore(name, lexers.Get(name))
	}
	return lexer.(chroma.Lexer)
}

var found sync.Map

// class returns the class of a kind of token, or "" for one that has no colour.
func class(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "c"
	case t.InCategory(chroma.Keyword):
		return "k"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber):
		return "m"
	case t == chroma.NameFunction, t == chroma.NameClass, t == chroma.NameTag, t == chroma.NameAttribute:
		return "f"
	}
	return ""
}
