package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"barewire/solutions/02-request-line"
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
// METHOD is a token in the case in which it is sent, and one space; a space behind
// the first slash is text. * and nothing stand for any method. HOST is a name, or an IPv6 address in brackets, without a
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
//
//starter:todo 6.1 Cut before the first slash, and what is in front of it at its one space; then at every slash. Each segment is one of four kinds.
func ParsePattern(s string) (Pattern, error) {
	method, host, path := cutPattern(s)
	p := Pattern{Method: method, Host: strings.ToLower(host)}
	if err := p.check(path); err != nil {
		return Pattern{}, err
	}
	names := map[string]bool{}
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		seg, err := parseSegment(part, i == len(parts)-1)
		if err == nil && seg.Kind != Literal && seg.Text != "" {
			if names[seg.Text] {
				err = fmt.Errorf("the name is there twice")
			}
			names[seg.Text] = true
		}
		if err != nil {
			return Pattern{}, fmt.Errorf("router: segment %q: %w", part, err)
		}
		p.Segments = append(p.Segments, seg)
	}
	if p.Method == "*" {
		p.Method = ""
	}
	return p, nil
}

// cutPattern cuts a pattern into its parts and checks nothing.
//
//starter:omit
func cutPattern(s string) (method, host, path string) {
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		slash = len(s)
	}
	host, path = s[:slash], s[slash:]
	if space := strings.IndexByte(host, ' '); space >= 0 {
		method, host = host[:space], host[space+1:]
		if method == "" {
			method = " " // no token, for check to see
		}
	}
	return method, host, path
}

// check looks at everything but the segments.
//
//starter:omit
func (p *Pattern) check(path string) error {
	for i := range len(p.Method) {
		if !reqline.IsToken(p.Method[i]) {
			return fmt.Errorf("router: %q is no method", p.Method)
		}
	}
	upper := strings.ToUpper(p.Method)
	switch {
	case upper == "CONNECT":
		return fmt.Errorf("router: CONNECT has no path to match")
	case upper != p.Method && slices.Contains(known, upper):
		return fmt.Errorf("router: %q would not match: the method is %s", p.Method, upper)
	case path == "":
		return fmt.Errorf("router: no path: it starts with a slash")
	case p.Host == "":
		return nil
	case slices.Contains(known, strings.ToUpper(p.Host)):
		return fmt.Errorf("router: no space behind %q", p.Host)
	}
	host, _, err := reqline.ParseAuthority([]byte(p.Host))
	if err != nil || len(host) < len(p.Host) || strings.HasSuffix(p.Host, ".") || strings.Contains(p.Host, "*") {
		return fmt.Errorf("router: %q is no host name, or has a port or a dot at its end", p.Host)
	}
	return nil
}

// parseSegment parses what stands between two slashes, or behind the last one.
//
//starter:omit
func parseSegment(s string, last bool) (Segment, error) {
	switch {
	case s == "" && last:
		return Segment{Kind: Rest}, nil
	case s == "":
		return Segment{}, fmt.Errorf("it is empty, and such paths are redirected")
	case s == "{$}" && last:
		return Segment{Kind: End}, nil
	case s == "{$}":
		return Segment{}, fmt.Errorf("something stands behind it")
	case !strings.ContainsAny(s, "{}"):
		return parseLiteral(s)
	case s[0] != '{' || strings.IndexByte(s, '}') != len(s)-1:
		return Segment{}, fmt.Errorf("braces are for a whole segment")
	}
	name, rest := strings.CutSuffix(s[1:len(s)-1], "...")
	if rest && !last {
		return Segment{}, fmt.Errorf("something stands behind it")
	}
	for i, c := range name {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return Segment{}, fmt.Errorf("%q is no name", name)
		}
	}
	switch {
	case name == "":
		return Segment{}, fmt.Errorf("it has no name")
	case rest:
		return Segment{Kind: Rest, Text: name}, nil
	}
	return Segment{Kind: Single, Text: name}, nil
}

//starter:omit
func parseLiteral(s string) (Segment, error) {
	if strings.ContainsAny(s, "?#\x00") {
		return Segment{}, fmt.Errorf("no path has ?, # or NUL in it: write %%3F and %%23")
	}
	decoded, err := reqline.AppendDecoded(nil, []byte(s))
	switch {
	case err != nil:
		return Segment{}, fmt.Errorf("a percent sign that encodes nothing: write %%25")
	case string(decoded) == "." || string(decoded) == "..":
		return Segment{}, fmt.Errorf("such paths are redirected")
	}
	return Segment{Kind: Literal, Text: string(decoded)}, nil
}
