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
//
//starter:todo 2.6 Take one line off src with CutLine, cut it at its two spaces, and hand each part to its parser.
func (l *RequestLine) Parse(src []byte, limit int) (n int, err error) {
	if limit <= 0 {
		limit = MaxRequestLine
	}
	start := 0
	if bytes.HasPrefix(src, crlf) {
		start = len(crlf)
	}
	line, n, err := CutLine(src[start:min(len(src), start+limit)])
	if err == ErrIncomplete && len(src)-start >= limit {
		err = tooLong(src[start:start+limit], limit)
	}
	if err != nil {
		return 0, Shift(err, start)
	}
	if len(line) == 0 {
		return 0, badRequest("RFC 9112 §2.2", start, "a second empty line before the request line")
	}
	if err := l.parts(line); err != nil {
		return 0, Shift(err, start)
	}
	return start + n, nil
}

var crlf = []byte("\r\n")

// parts cuts line, which has no CRLF any more, at its two spaces. A third space
// is found by the parser of the part that it stands in.
//
//starter:omit
func (l *RequestLine) parts(line []byte) (err error) {
	var n int
	if l.Method, n, err = ParseMethod(line); err != nil {
		return err
	}
	rest := line[n:]
	space := bytes.IndexByte(rest, ' ')
	if space < 0 {
		// HTTP/0.9 looked like this. Nobody speaks it, and guessing a
		// version is how two servers come to disagree.
		return badRequest("RFC 9112 §3", len(line), "the line ends after the target: no HTTP version")
	}
	if err = l.Target.Parse(l.Method, rest[:space]); err != nil {
		return Shift(err, n)
	}
	n += space + 1
	l.Version, err = ParseVersion(line[n:])
	return Shift(err, n)
}

// tooLong is the error for a line that has no end within its limit. A method
// that is too long by itself has a better answer, as long as there is a space that
// ends it: without one, nothing says that this is a method, or HTTP. Whatever else
// ParseMethod says, it may say it because the limit has cut the method short.
//
//starter:omit
func tooLong(line []byte, limit int) error {
	_, _, err := ParseMethod(line)
	if e, ok := errors.AsType[*ProtocolError](err); ok && e.Status == 501 {
		if bytes.IndexByte(line, ' ') < 0 {
			return badRequest("RFC 9112 §3", limit, "no space within the limit of a request line")
		}
		return err
	}
	return &ProtocolError{Status: 414, Rule: "RFC 9112 §3", Offset: limit,
		Msg: "the request line has no end within its limit"}
}

// CutLine returns the line at the start of src without its CRLF, and how many
// bytes it took with it. The line is borrowed from src. It returns
// [ErrIncomplete] where src has no LF, and a 400 for an LF that no CR stands
// before: RFC 9112 §2.2 allows a recipient to take a bare LF for a line end,
// and as some do and some do not, a message that has one means two things. The
// offset is that of the LF. A CR within the line is left to whoever parses the
// line, as it is no character of anything.
//
//starter:todo 2.5 Look for the LF first; then look at the byte before it.
func CutLine(src []byte) (line []byte, n int, err error) {
	end := bytes.IndexByte(src, '\n')
	if end < 0 {
		return nil, 0, ErrIncomplete
	}
	if end == 0 || src[end-1] != '\r' {
		return nil, 0, badRequest("RFC 9112 §2.2", end, "a line that ends in LF without CR")
	}
	return src[:end-1], end + 1, nil
}
