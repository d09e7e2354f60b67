package router

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"barewire/steps/02-request-line"
)

// A Pattern says which requests a route is for.
type Pattern struct {
	// Method is the only method, or "" for any. GET stands for HEAD too.
	Method string

	// Host is the only host, in lower case and without a port, or "" for any.
	Host string

	// Segments are what the path consists of, in order. There is at least one,
	// and only the last can be Rest or End.
	Segments []Segment
}

// A Kind is what a segment of a pattern matches.
type Kind uint8

const (
	Literal Kind = iota + 1 // users: this segment and no other
	Single                  // {id}: any one segment that is not empty
	Rest                    // {path...}, or nothing behind the last slash: all that follows, or nothing
	End                     // {$}: nothing behind the last slash
)

// A Segment is one segment of the path in a pattern.
type Segment struct {
	Kind Kind

	// Text is what a Literal matches, decoded, and the name of a Single or a
	// Rest. A Rest that was written as nothing has no name; an End has none.
	Text string
}

// ParsePattern parses a pattern:
//
//	[METHOD ][HOST]/segment/{name}/{name...}
//
// METHOD is a token in the case in which it is sent, and one space; * and nothing
// stand for any method. HOST is a name, or an IPv6 address in brackets, without a
// port and without a dot at its end. Then comes a path:
//
//   - A segment is text, percent-encoded or as it is: "/caf%C3%A9" and "/café" are
//     the same pattern, and "/a%2Fb" is one segment.
//   - {name} is one segment that is not empty. A name consists of letters of any
//     script, digits and "_", does not start with a digit, and stands in a pattern
//     once.
//   - {name...} at the end is the rest of the path, slashes and all; it may be empty.
//   - A slash at the end is a rest without a name: "/img/" is for all that is below.
//   - {$} at the end is for the path that ends here: "/img/{$}" is "/img/" only.
//
// What no request could match is an error: CONNECT, which has no path; a method of
// RFC 9110 or 5789 in the wrong case, or without its space; a host that is none, or
// has a "*" in it, as there are no wildcards; a path with
// empty, "." or ".." segments, which [Router] redirects; a segment with "?" or "#"
// that is not encoded, with a percent sign that encodes nothing, or with a NUL;
// braces in the middle of a segment. The error says which part is wrong.
func ParsePattern(s string) (p Pattern, err error) {
	fail := func(what string) (Pattern, error) { return Pattern{}, fmt.Errorf("pattern %q: %s", s, what) }
	head, path := cut(s)
	if path == "" {
		return fail("no path")
	}
	method, host, ok := strings.Cut(head, " ")
	if !ok {
		method, host = "*", head
	}
	if upper := strings.ToUpper(method); method == "CONNECT" || method != upper && slices.Contains(methods, upper) ||
		method == "" || strings.ContainsFunc(method, func(c rune) bool { return c > 127 || !reqline.IsToken(byte(c)) }) {
		return fail("bad method")
	}
	if method != "*" {
		p.Method = method
	}
	h, _, err := reqline.ParseAuthority([]byte(host))
	if err != nil || len(h) < len(host) || strings.Contains(host, "*") || strings.HasSuffix(host, ".") || slices.Contains(methods, host) {
		return fail("bad host")
	}
	p.Host = strings.ToLower(host)
	segments := strings.Split(path[1:], "/")
	var names []string
	for i, text := range segments {
		seg := Segment{Kind: Literal}
		last := i == len(segments)-1
		m := wildcard.FindStringSubmatch(text)
		switch {
		case last && text == "":
			seg.Kind = Rest
		case last && text == "{$}":
			seg.Kind = End
		case m != nil && (last || m[2] == ""):
			seg = Segment{Single, m[1]}
			if slices.Contains(names, m[1]) {
				return fail("two values have one name")
			}
			names = append(names, m[1])
			if m[2] != "" {
				seg.Kind = Rest
			}
		default:
			decoded, err := reqline.AppendDecoded(nil, []byte(text))
			seg.Text = string(decoded)
			if err != nil || strings.ContainsAny(text, "{}?#") || strings.ContainsAny(seg.Text, "\x00\r\n") ||
				slices.Contains([]string{"", ".", ".."}, seg.Text) {
				return fail(fmt.Sprintf("bad segment %q", text))
			}
		}
		p.Segments = append(p.Segments, seg)
	}
	return p, nil
}

// methods are those of RFC 9110 and 5789.
var methods = strings.Fields("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE")

// cut cuts a pattern before its path.
func cut(s string) (head, path string) {
	i := strings.IndexByte(s+"/", '/')
	return s[:i], s[i:]
}

// wildcard is {name} and {name...}.
var wildcard = regexp.MustCompile(`^\{([\pL_][\pL\p{Nd}_]*)(\.\.\.)?\}$`)
