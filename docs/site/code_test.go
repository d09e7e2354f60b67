package main

import (
	"strings"
	"testing"
)

const goFile = `package p

// A T is one.
//
//starter:omit
type T struct{}

// Do does it.
//
//starter:todo 1.1 Do it.
func (t *T) Do() int {
	return 1 // not 2
}

// Limits are two.
const (
	low  = 1
	high = 2
)
`

// TestDeclaration cuts declarations out of a file.
func TestDeclaration(t *testing.T) {
	for _, row := range []struct {
		name    string
		comment bool
		want    string
		line    int
	}{
		{"T", true, "// A T is one.\ntype T struct{}\n", 6},
		{"T.Do", true, "// Do does it.\nfunc (t *T) Do() int {\n\treturn 1 // not 2\n}\n", 11},
		{"T.Do", false, "func (t *T) Do() int {\n\treturn 1 // not 2\n}\n", 11},
		{"high", true, "// Limits are two.\nconst (\n\tlow  = 1\n\thigh = 2\n)\n", 16},
	} {
		text, line, err := declaration("p.go", []byte(goFile), row.name, row.comment)
		text = directive.ReplaceAllString(text, "")
		if err != nil || text != row.want || line != row.line {
			t.Errorf("%s: got %q, line %d, %v; want %q, line %d", row.name, text, line, err, row.want, row.line)
		}
	}
}

// TestMarks looks at what is marked in code, in bytes and in reports, and that nothing of
// it can be taken for HTML.
func TestMarks(t *testing.T) {
	for _, row := range []struct{ name, got, want string }{
		{"a keyword", string(coloured("go", "return <x>\n")), `<span class="k">return</span> &lt;x&gt;` + "\n"},
		{"a string over two lines", string(coloured("go", "x = `a\nb`\n")), "x = <span class=\"s\">`a</span>\n<span class=\"s\">b`</span>\n"},
		{"text", string(coloured("text", "a < b\n")), "a &lt; b\n"},
		{"a line end that is sent", string(wire("Host: <a>\\r\\n   a field\n")), `Host: &lt;a&gt;<span class="crlf">\r\n</span>   <span class="remark">a field</span>`},
		{"a red test", string(marked("FAIL 2.2 Version: <two> digits\n")), "<span class=\"bad\">FAIL 2.2 Version: &lt;two&gt; digits\n</span>"},
		{"what was wanted", string(marked("  want   400\n")), "  <span class=\"label\">want</span>   400\n"},
		{"a heading's address", slug("3.10 Chunk size, in `hex`"), "310-chunk-size-in-hex"},
	} {
		if !strings.Contains(row.got, row.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", row.name, row.got, row.want)
		}
	}
}
