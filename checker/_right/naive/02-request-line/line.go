// Package reqline parses the first line of an HTTP/1.1 request (RFC 9112 §3),
// and what can be taken from its target: a path and query parameters.
//
// It holds no socket and no clock. Bytes go in, a value and a count come out,
// and [ErrIncomplete] asks for more. It leaves out the header fields, which are
// the next step, and what a path means, which is the router's.
//
// Read line.go first: its Parse calls all the others. Then method.go,
// version.go and target.go, which cut the line into its three parts, and last
// path.go and query.go, which a handler uses.
package reqline

import (
	"bytes"
	"errors"
)

// MaxRequestLine is the longest request line that is parsed unless the caller
// says otherwise, in bytes and with its CRLF. RFC 9112 §3 recommends at least
// 8000; nginx and Apache stop at about 8 KiB as well.
const MaxRequestLine = 8 << 10

// A RequestLine is the first line of a request:
//
//	method SP request-target SP HTTP-version CRLF
//
// The bytes in Target are borrowed from the slice that was parsed, and are
// valid for as long as that slice is. Method is a copy, or a constant.
type RequestLine struct {
	Method  string
	Target  Target
	Version Version
}

// Parse reads the request line at the start of src and returns how many bytes
// it took, with the CRLF; it does not look behind it. One empty line before it
// is skipped and counted (RFC 9112 §2.2: a server SHOULD ignore at least one); a
// second one is an error. What l held before is gone; after an error it holds
// nothing of use.
//
// It returns [ErrIncomplete] while the line has no end yet. Every other error
// is a [*ProtocolError], with an offset into src: 414 as soon as it is certain
// that the line has more than limit bytes with its CRLF (RFC 9112 §3; but a method
// that is too long by itself is a 501, and a line whose limit is used up without a
// space, by more than any method has, is no request line: a 400); whatever [CutLine], [ParseMethod],
// [Target.Parse] and [ParseVersion] say of their parts; and 400 for everything
// else. A limit of 0 stands for [MaxRequestLine]; an empty line before the line
// does not count.
func (l *RequestLine) Parse(src []byte, limit int) (n int, err error) {
	*l = RequestLine{}
	if limit == 0 {
		limit = MaxRequestLine
	}
	skipped := 0
	if bytes.HasPrefix(src, crlf) {
		skipped = len(crlf)
	}
	rest := src[skipped:]

	full := len(rest) >= limit
	if full {
		rest = rest[:limit]
	}
	line, n, err := CutLine(rest)
	if err == ErrIncomplete && full {
		return 0, Shift(tooLong(rest), skipped)
	}
	if err != nil {
		return 0, Shift(err, skipped)
	}
	if err := l.parseParts(line); err != nil {
		return 0, Shift(err, skipped)
	}
	return skipped + n, nil
}

// tooLong returns the error for a line of which only the start is within the limit.
func tooLong(start []byte) error {
	if !bytes.Contains(start, []byte(" ")) && len(start) > MaxMethod {
		return badRequest("RFC 9112 §3", 0, "%d bytes without a space", len(start))
	}
	_, _, err := ParseMethod(start)
	if e, ok := errors.AsType[*ProtocolError](err); ok && e.Status == 501 {
		return err
	}
	return &ProtocolError{Status: 414, Rule: "RFC 9112 §3", Offset: len(start), Msg: "the request line is too long"}
}

func (l *RequestLine) parseParts(line []byte) error {
	method, n, err := ParseMethod(line)
	if err != nil {
		return err
	}
	target, version, found := bytes.Cut(line[n:], []byte(" "))
	if !found {
		return badRequest("RFC 9112 §3", len(line), "there is no version")
	}
	l.Method = method
	if err := l.Target.Parse(method, target); err != nil {
		return Shift(err, n)
	}
	l.Version, err = ParseVersion(version)
	return Shift(err, n+len(target)+1)
}

var crlf = []byte("\r\n")

// CutLine returns the line at the start of src without its CRLF, and how many
// bytes it took with it. The line is borrowed from src. It returns
// [ErrIncomplete] where src has no LF, and a 400 for an LF that no CR stands
// before: RFC 9112 §2.2 allows a recipient to take a bare LF for a line end,
// and as some do and some do not, a message that has one means two things. The
// offset is that of the LF. A CR within the line is left to whoever parses the
// line, as it is no character of anything.
func CutLine(src []byte) (line []byte, n int, err error) {
	lf := bytes.IndexByte(src, '\n')
	if lf < 0 {
		return nil, 0, ErrIncomplete
	}
	if lf == 0 || src[lf-1] != '\r' {
		return nil, 0, badRequest("RFC 9112 §2.2", lf, "a line ends in LF without CR")
	}
	return src[:lf-1], lf + 1, nil
}
