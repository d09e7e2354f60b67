package router

import "errors"

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
func ParsePattern(s string) (Pattern, error) {
	// TODO 6.1: Cut before the first slash, and what is in front of it at its one space; then at every slash. Each segment is one of four kinds.
	return Pattern{}, errors.New("task 6.1 is not written yet")
}
