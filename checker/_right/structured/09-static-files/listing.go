package static

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"text/template"
)

// MaxListing is how many entries of a directory a list has at most. It bounds what one
// request can make the server read and keep.
const MaxListing = 10_000

// AppendListing appends a page of HTML to dst and returns it: with title as its title,
// and with a link for each of the names, in their order:
//
//	<a href="./a%20b.txt">a b.txt</a>
//
// The name of a directory ends with a slash, in the link too.
//
// A file's name can be anything, also "<script>". In the text it is escaped for HTML.
// In the link it is percent-encoded, all bytes but letters, digits and "-._~", with
// hexadecimal digits in upper case; "./" before it keeps it from looking like a scheme.
func AppendListing(dst []byte, title string, names []string) []byte {
	var page struct {
		Title string
		Links []link
	}
	page.Title = title
	for _, name := range names {
		page.Links = append(page.Links, link{escape(name), name})
	}
	b := bytes.NewBuffer(dst)
	listing.Execute(b, page)
	return b.Bytes()
}

type link struct{ Address, Text string }

// The template escapes for HTML alone; the address is percent-encoded before.
var listing = template.Must(template.New("").Funcs(template.FuncMap{"html": html.EscapeString}).Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{.Title | html}}</title></head>
<body>
<h1>{{.Title | html}}</h1>
<ul>
{{range .Links}}<li><a href="./{{.Address}}">{{.Text | html}}</a></li>
{{end}}</ul>
</body>
</html>
`))

// escape percent-encodes a name, but not the slash at the end of a directory's.
func escape(name string) string {
	name, slash := strings.CutSuffix(name, "/")
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; strings.IndexByte("-._~", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if slash {
		b.WriteByte('/')
	}
	return b.String()
}
