package router

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

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
	var p Pattern
	before, path, ok := strings.Cut(s, "/")
	if !ok {
		return p, fmt.Errorf("pattern %q has no path", s)
	}
	method, host, ok := strings.Cut(before, " ")
	if !ok {
		method, host = "*", before
	}
	if err := p.setMethod(method); err != nil {
		return p, fmt.Errorf("pattern %q: %w", s, err)
	}
	if err := p.setHost(host); err != nil {
		return p, fmt.Errorf("pattern %q: %w", s, err)
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		seg, err := parseSegment(part, i == len(parts)-1)
		if err != nil {
			return p, fmt.Errorf("pattern %q: %w", s, err)
		}
		p.Segments = append(p.Segments, seg)
	}
	if name := twice(p.Segments); name != "" {
		return p, fmt.Errorf("pattern %q: the name %q is there twice", s, name)
	}
	return p, nil
}

// knownMethods are those of RFC 9110 and 5789.
var knownMethods = []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

// likeMethod returns the method that s is in another case, or "".
func likeMethod(s string) string {
	for _, m := range knownMethods {
		if strings.EqualFold(m, s) {
			return m
		}
	}
	return ""
}

func (p *Pattern) setMethod(method string) error {
	if method == "*" {
		return nil
	}
	if _, n, err := reqline.ParseMethod([]byte(method + " ")); err != nil || n != len(method)+1 {
		return fmt.Errorf("%q is no method", method)
	}
	switch like := likeMethod(method); {
	case like == "CONNECT":
		return errors.New("the target of CONNECT has no path")
	case like != "" && like != method:
		return fmt.Errorf("the method %q is written %s", method, like)
	}
	p.Method = method
	return nil
}

func (p *Pattern) setHost(host string) error {
	if host == "" {
		return nil
	}
	name, _, err := reqline.ParseAuthority([]byte(host))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no host", host)
	case len(name) != len(host):
		return fmt.Errorf("the host %q has a port", host)
	case strings.HasSuffix(host, "."):
		return fmt.Errorf("the host %q ends with a dot", host)
	case strings.Contains(host, "*"):
		return fmt.Errorf("there are no wildcards in hosts, as in %q", host)
	case p.Method == "" && likeMethod(host) != "":
		return fmt.Errorf("%q is taken for a host; a method has a space behind it", host)
	}
	p.Host = strings.ToLower(host)
	return nil
}

func parseSegment(s string, last bool) (Segment, error) {
	switch name, braced := strings.CutPrefix(s, "{"); {
	case s == "" && last:
		return Segment{Kind: Rest}, nil
	case s == "":
		return Segment{}, errors.New("an empty segment")
	case braced:
		return parseName(s, name, last)
	case strings.ContainsAny(s, "{}"):
		return Segment{}, fmt.Errorf("a brace in the middle of %q", s)
	case strings.ContainsAny(s, "?#"):
		return Segment{}, fmt.Errorf("a path ends before the ? or # of %q", s)
	}
	text, err := reqline.AppendDecoded(nil, []byte(s))
	switch {
	case err != nil:
		return Segment{}, fmt.Errorf("segment %q: %w", s, err)
	case slices.Contains(text, 0):
		return Segment{}, fmt.Errorf("a NUL in %q", s)
	case isDots(text):
		return Segment{}, fmt.Errorf("the dot segment %q", s)
	}
	return Segment{Literal, string(text)}, nil
}

func isDots(decoded []byte) bool {
	return len(decoded) == 1 && decoded[0] == '.' || len(decoded) == 2 && decoded[0] == '.' && decoded[1] == '.'
}

// parseName parses a segment that begins with a brace.
func parseName(s, name string, last bool) (Segment, error) {
	name, closed := strings.CutSuffix(name, "}")
	if !closed {
		return Segment{}, fmt.Errorf("%q does not end with a brace", s)
	}
	seg := Segment{Kind: Single}
	if name == "$" {
		seg.Kind = End
	} else {
		var rest bool
		if seg.Text, rest = strings.CutSuffix(name, "..."); rest {
			seg.Kind = Rest
		}
		for i, c := range seg.Text {
			if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
				return Segment{}, fmt.Errorf("%q is no name", s)
			}
		}
		if seg.Text == "" {
			return Segment{}, fmt.Errorf("%q has no name", s)
		}
	}
	if seg.Kind != Single && !last {
		return Segment{}, fmt.Errorf("nothing can follow %q", s)
	}
	return seg, nil
}

// twice returns a name that two segments have, or "".
func twice(segs []Segment) string {
	for i, s := range segs {
		if (s.Kind == Single || s.Kind == Rest && s.Text != "") && slices.ContainsFunc(segs[:i], func(t Segment) bool { return t.Kind == Single && t.Text == s.Text }) {
			return s.Text
		}
	}
	return ""
}
