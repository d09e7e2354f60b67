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
	dst = fmt.Appendf(dst, "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n<h1>%s</h1>\n<ul>\n", title, title)
	for _, name := range names {
		dst = fmt.Appendf(dst, "<li><a href=\"./%s\">%s</a></li>\n", encode(name), html.EscapeString(name))
	}
	return append(dst, "</ul>\n</body>\n</html>\n"...)
}

// encode percent-encodes a name, but for a slash at its end.
func encode(name string) string {
	bare, isDir := strings.CutSuffix(name, "/")
	encoded := ""
	for i := range len(bare) {
		c := bare[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			encoded += string(rune(c))
		} else {
			encoded += fmt.Sprintf("%%%02X", c)
		}
	}
	if isDir {
		encoded += "/"
	}
	return encoded
}
