package router

import (
	"cmp"
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
	method, target := cutMethod(s)
	slash := strings.IndexByte(target, '/')
	if slash < 0 {
		return Pattern{}, fmt.Errorf("no path in %q", target)
	}
	var p Pattern
	for _, part := range []func() error{
		func() error { return p.setMethod(method) },
		func() error { return p.setHost(target[:slash]) },
		func() error { return p.setPath(target[slash+1:]) },
	} {
		if err := part(); err != nil {
			return Pattern{}, err
		}
	}
	return p, nil
}

// cutMethod cuts at the space behind the method, if there is one: behind the first
// slash, a space is part of a path.
func cutMethod(s string) (method, target string) {
	before, _, _ := strings.Cut(s, "/")
	if i := strings.IndexByte(before, ' '); i >= 0 {
		return s[:i], s[i+1:]
	}
	return "*", s
}

// standard are the methods of RFC 9110 and 5789.
var standard = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"}

// isStandard says whether s would be one of them in another case.
func isStandard(s string) bool { return slices.Contains(standard, strings.ToUpper(s)) }

func (p *Pattern) setMethod(s string) error {
	switch {
	case s == "*":
		return nil
	case s == "CONNECT":
		return errors.New("CONNECT has no path")
	case s != strings.ToUpper(s) && isStandard(s):
		return fmt.Errorf("the method %q is in the wrong case", s)
	case s == "" || strings.ContainsFunc(s, func(r rune) bool { return r > 127 || !reqline.IsToken(byte(r)) }):
		return fmt.Errorf("%q is no method", s)
	}
	p.Method = s
	return nil
}

func (p *Pattern) setHost(s string) error {
	host, port, err := reqline.ParseAuthority([]byte(s))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no host: %w", s, err)
	case port != nil || len(host) < len(s):
		return fmt.Errorf("the host %q has a port", s)
	case strings.Contains(s, "*"), strings.HasSuffix(s, "."):
		return fmt.Errorf("the host %q has a wildcard, or a dot at its end", s)
	case isStandard(s):
		return fmt.Errorf("no space behind the method %q", s)
	}
	p.Host = strings.ToLower(s)
	return nil
}

func (p *Pattern) setPath(s string) error {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		seg, err := parseSegment(part)
		if err != nil {
			return err
		}
		if seg.Kind >= Rest && i < len(parts)-1 {
			return fmt.Errorf("%q is not the last segment", part)
		}
		if seg.Kind != Literal && seg.Text != "" && slices.ContainsFunc(p.Segments, func(s Segment) bool { return s.Kind != Literal && s.Text == seg.Text }) {
			return fmt.Errorf("two names %q", seg.Text)
		}
		p.Segments = append(p.Segments, seg)
	}
	return nil
}

func parseSegment(s string) (Segment, error) {
	switch s {
	case "":
		return Segment{Kind: Rest}, nil
	case "{$}":
		return Segment{Kind: End}, nil
	}
	if name, ok := strings.CutPrefix(s, "{"); ok {
		if name, ok = strings.CutSuffix(name, "}"); ok {
			kind := Single
			if rest, ok := strings.CutSuffix(name, "..."); ok {
				name, kind = rest, Rest
			}
			if isName(name) {
				return Segment{kind, name}, nil
			}
		}
	}
	if strings.ContainsAny(s, "{}?#\x00\r\n") {
		return Segment{}, fmt.Errorf("a segment %q", s)
	}
	text, err := reqline.AppendDecoded(nil, []byte(s))
	if err != nil {
		return Segment{}, fmt.Errorf("a segment %q: %w", s, err)
	}
	if t := string(text); t == "." || t == ".." || strings.ContainsAny(t, "\r\n") {
		return Segment{}, fmt.Errorf("a segment %q, which no request has", s)
	}
	return Segment{Literal, string(text)}, nil
}

// isName says whether s is an identifier.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// shape is the same for two patterns that are for the same requests.
func (p *Pattern) shape() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", p.Method, p.Host)
	for _, s := range p.Segments {
		fmt.Fprintf(&b, "/%d", s.Kind)
		if s.Kind == Literal {
			fmt.Fprintf(&b, "%q", s.Text)
		}
	}
	return b.String()
}

// compare puts the more specific of two patterns first, by its host or its segments.
// Where both match the same request, the lengths do not matter; but to sort
// all of them needs an order of all.
func (p *Pattern) compare(q *Pattern) int {
	if (p.Host == "") != (q.Host == "") {
		return cmp.Compare(len(q.Host), len(p.Host))
	}
	order := [...]int{Literal: 1, Single: 2, End: 3, Rest: 4}
	return slices.CompareFunc(p.Segments, q.Segments, func(a, b Segment) int { return order[a.Kind] - order[b.Kind] })
}

// beats says whether p is more specific than q, which ends in a rest, where one of the
// two matches a path and the other the same path with a slash more or less.
func (p *Pattern) beats(q *Pattern) bool {
	if (p.Host == "") != (q.Host == "") {
		return p.Host != ""
	}
	n := min(len(p.Segments), len(q.Segments))
	return (&Pattern{Segments: p.Segments[:n]}).compare(&Pattern{Segments: q.Segments[:n]}) < 0
}

// match says whether the pattern is for a path that consists of parts.
func (p *Pattern) match(parts path) bool {
	for i, s := range p.Segments {
		switch {
		case i >= len(parts):
			return false
		case s.Kind == Rest:
			return true
		case s.Kind == End:
			return len(parts[i].text) == 0 && i == len(parts)-1
		case s.Kind == Literal && string(parts[i].text) != s.Text, len(parts[i].text) == 0:
			return false
		}
	}
	return len(parts) == len(p.Segments)
}
