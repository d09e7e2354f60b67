package static

import (
	"html"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 9.5 The same name is written twice, and escaped in two ways.
func AppendListing(dst []byte, title string, names []string) []byte {
	dst = append(dst, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>"...)
	dst = append(dst, html.EscapeString(title)...)
	dst = append(dst, "</title>\n<h1>"...)
	dst = append(dst, html.EscapeString(title)...)
	dst = append(dst, "</h1>\n<ul>\n"...)
	for _, name := range names {
		file, isDir := strings.CutSuffix(name, "/")
		dst = append(dst, "<li><a href=\"./"...)
		dst = appendEncoded(dst, file)
		if isDir {
			dst = append(dst, '/')
		}
		dst = append(dst, "\">"...)
		dst = append(dst, html.EscapeString(strings.ToValidUTF8(name, "\uFFFD"))...)
		dst = append(dst, "</a>\n"...)
	}
	return append(dst, "</ul>\n"...)
}

// appendEncoded appends a name to dst, percent-encoded (RFC 3986 §2.1).
//
//starter:omit
func appendEncoded(dst []byte, name string) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// serveListing answers with the entries of a directory, in order, each of which would
// be served: nothing hidden, no name that Name refuses, no link that leads out.
//
//starter:omit
func (f *Files) serveListing(w keepalive.ResponseWriter, name string) {
	dir, err := f.Root.Open(name)
	if err != nil {
		f.fail(w, err)
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(MaxListing)
	if err != nil && err != io.EOF {
		f.fail(w, err)
		return
	}
	var names []string
	for _, entry := range entries {
		if shown, ok := f.entry(name, entry); ok {
			names = append(names, shown)
		}
	}
	slices.Sort(names)
	title := "/"
	if name != "." {
		title = "/" + name + "/"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "no-cache")
	content := AppendListing(nil, title, names)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.Write(content)
}

// entry returns the name of an entry as the list has it, if it belongs there.
//
//starter:omit
func (f *Files) entry(dir string, entry fs.DirEntry) (name string, ok bool) {
	name = entry.Name()
	if !plain([]byte(name)) || !f.DotFiles && Hidden(path.Join(dir, name)) {
		return "", false
	}
	mode := entry.Type()
	if mode&fs.ModeSymlink != 0 {
		info, err := f.Root.Stat(path.Join(dir, name))
		if err != nil {
			return "", false
		}
		mode = info.Mode()
	}
	if mode.IsDir() {
		name += "/"
	}
	return name, mode.IsDir() || mode.IsRegular()
}
