package static

import (
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
	dst = append(dst, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>"+title+"</title>\n<h1>"+title+"</h1>\n<ul>\n"...)
	for _, name := range names {
		file, isDir := strings.CutSuffix(name, "/")
		dst = appendEncoded(append(dst, `<li><a href="./`...), file)
		if isDir {
			dst = append(dst, '/')
		}
		dst = append(dst, `">`+html.EscapeString(name)+"</a>\n"...)
	}
	return append(dst, "</ul>\n"...)
}

// appendEncoded percent-encodes all bytes but letters, digits and "-._~".
func appendEncoded(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
