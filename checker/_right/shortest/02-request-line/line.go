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

import "bytes"

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
	rest := bytes.TrimPrefix(src, crlf)
	skip := len(src) - len(rest)
	if limit <= 0 {
		limit = MaxRequestLine
	}
	rest = rest[:min(limit, len(rest))]
	line, n, err := CutLine(rest)
	if err == ErrIncomplete && len(rest) == limit {
		return 0, Shift(tooLong(rest), skip)
	}
	if err == nil {
		err = l.parts(line)
	}
	return skip + n, Shift(err, skip)
}

// tooLong says what is wrong with a line that uses up its limit.
func tooLong(line []byte) error {
	space := bytes.IndexByte(line, ' ')
	if space > MaxMethod {
		_, _, err := ParseMethod(line)
		return err
	}
	if space < 0 && len(line) > MaxMethod {
		return badRequest("RFC 9112 §3", MaxMethod, "no space in all of a line")
	}
	return &ProtocolError{Status: 414, Rule: "RFC 9112 §3", Offset: len(line), Msg: "the request line is too long"}
}

func (l *RequestLine) parts(line []byte) (err error) {
	var n int
	if l.Method, n, err = ParseMethod(line); err != nil {
		return err
	}
	target, version, ok := bytes.Cut(line[n:], []byte(" "))
	if !ok {
		return badRequest("RFC 9112 §3", len(line), "no version")
	}
	if err = l.Target.Parse(l.Method, target); err != nil {
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
	line, _, ok := bytes.Cut(src, []byte("\n"))
	if !ok {
		return nil, 0, ErrIncomplete
	}
	n = len(line)
	if line, ok = bytes.CutSuffix(line, []byte("\r")); !ok {
		return nil, 0, badRequest("RFC 9112 §2.2", n, "an LF without a CR")
	}
	return line, n + 1, nil
}
