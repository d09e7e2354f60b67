package static

import (
	"fmt"
	"html"
	"strings"
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
	title = html.EscapeString(title)
	dst = fmt.Appendf(dst, "<!doctype html>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<h1>%s</h1>\n<ul>\n", title, title)
	for _, name := range names {
		dst = fmt.Appendf(dst, "<li><a href=\"./%s\">%s</a></li>\n", encoded(name), html.EscapeString(name))
	}
	return append(dst, "</ul>\n"...)
}

// encoded percent-encodes a name, but for a slash at its end.
func encoded(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 ||
			c == '/' && i == len(name)-1 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
