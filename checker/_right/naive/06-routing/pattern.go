package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
func ParsePattern(s string) (Pattern, error) {
	method, host, path := cutPattern(s)
	p := Pattern{Method: method, Host: strings.ToLower(host)}
	if method == "*" {
		p.Method = ""
	}
	fail := func(format string, args ...any) (Pattern, error) {
		return Pattern{}, fmt.Errorf("pattern %q: "+format, append([]any{s}, args...)...)
	}

	if strings.HasPrefix(s, " ") {
		return fail("a space without a method before it")
	}
	for i := range len(method) {
		if !reqline.IsToken(method[i]) {
			return fail("%q is no method", method)
		}
	}
	if method == "CONNECT" {
		return fail("a request with the method CONNECT has no path")
	}
	if method != strings.ToUpper(method) && isKnown(strings.ToUpper(method)) {
		return fail("the method is written %q", strings.ToUpper(method))
	}

	if host != "" {
		if isKnown(strings.ToUpper(host)) {
			return fail("%q is a method and needs a space behind it", host)
		}
		_, _, err := reqline.ParseAuthority([]byte(host))
		address := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
		if err != nil || strings.Contains(host, ":") && !address || strings.HasSuffix(host, ".") || strings.Contains(host, "*") {
			return fail("%q is no host", host)
		}
	}

	if path == "" {
		return fail("there is no path")
	}
	written := strings.Split(path[1:], "/")
	names := map[string]bool{}
	for i, text := range written {
		segment, err := parseSegment(text, i == len(written)-1)
		if err != nil {
			return fail("%v", err)
		}
		if (segment.Kind == Single || segment.Kind == Rest) && segment.Text != "" {
			if names[segment.Text] {
				return fail("the name %q stands there twice", segment.Text)
			}
			names[segment.Text] = true
		}
		p.Segments = append(p.Segments, segment)
	}
	return p, nil
}

// cutPattern cuts a pattern into its parts. Without a slash all of it is the host,
// or the method if it ends in a space.
func cutPattern(s string) (method, host, path string) {
	before := s
	if slash := strings.Index(s, "/"); slash >= 0 {
		before, path = s[:slash], s[slash:]
	}
	if method, host, found := strings.Cut(before, " "); found {
		return method, host, path
	}
	return "", before, path
}

var knownMethods = []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

func isKnown(method string) bool { return slices.Contains(knownMethods, method) }

func parseSegment(text string, last bool) (Segment, error) {
	if text == "" || text == "{$}" || strings.HasPrefix(text, "{") && strings.HasSuffix(text, "...}") {
		if !last {
			return Segment{}, fmt.Errorf("the segment %q is not the last one", text)
		}
	}
	switch {
	case text == "":
		return Segment{Kind: Rest}, nil
	case text == "{$}":
		return Segment{Kind: End}, nil
	case strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}"):
		kind := Single
		name := text[1 : len(text)-1]
		if strings.HasSuffix(name, "...") {
			kind = Rest
			name = strings.TrimSuffix(name, "...")
		}
		if !isName(name) {
			return Segment{}, fmt.Errorf("%q is no name", name)
		}
		return Segment{Kind: kind, Text: name}, nil
	case strings.ContainsAny(text, "{}"):
		return Segment{}, fmt.Errorf("a brace in the middle of %q", text)
	case strings.ContainsAny(text, "?#"):
		return Segment{}, fmt.Errorf("%q has a ? or # that is not encoded", text)
	}
	decoded, err := reqline.AppendDecoded(nil, []byte(text))
	if err != nil {
		return Segment{}, err
	}
	if strings.ContainsAny(string(decoded), "\x00\r\n") {
		return Segment{}, fmt.Errorf("no path has the segment %q", text)
	}
	if string(decoded) == "." || string(decoded) == ".." {
		return Segment{}, fmt.Errorf("%q is a dot segment, which no path has", text)
	}
	return Segment{Kind: Literal, Text: string(decoded)}, nil
}

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}
