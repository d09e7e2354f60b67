package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A response is what one response was, without its content.
type response struct {
	status int
	bytes  int64 // of the whole response, with any interim ones before it
	last   bool  // the connection ends with it
}

// A brokenError says how a response breaks HTTP/1.1.
type brokenError string

func (e brokenError) Error() string { return string(e) }

func brokenf(format string, args ...any) error { return brokenError(fmt.Sprintf(format, args...)) }

// mostHead bounds the head of a response, and the trailer section.
const mostHead = 64 << 10

// A reader reads responses and throws their content away. It checks their framing
// and leaves all else unread, to need less processor time than the server.
type reader struct {
	*bufio.Reader
	got int64 // bytes of the response that is being read
}

// read reads the final response to one request; to says whether that was HEAD.
// An error is a brokenError or what the connection returned; io.EOF and
// io.ErrUnexpectedEOF both say that the connection ended too early. r.got is then
// how much had come.
func (r *reader) read(head bool) (response, error) {
	r.got = 0
	for interim := 0; ; interim++ {
		h, err := r.head()
		if err != nil {
			return response{}, err
		}
		switch {
		case h.status == 101:
			return response{}, brokenf("a switch of protocols that nobody asked for")
		case h.status < 200 && interim == 10:
			return response{}, brokenf("more than 10 interim responses")
		case h.status < 200:
			continue
		}
		closes, err := r.content(&h, head)
		return response{status: h.status, bytes: r.got, last: closes}, err
	}
}

// A head is what the framing of a response depends on (RFC 9112 §6.3).
type head struct {
	status     int
	minor      byte // of the version, '0' or '1'
	length     int64
	hasLength  bool
	chunked    bool // chunked is the last transfer coding
	hasCoding  bool
	close      bool
	keepAlive  bool
	headLength int
}

// line reads a line and returns it without its end, valid until the next read.
func (r *reader) line(h *head) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	r.got += int64(len(line))
	h.headLength += len(line)
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || h.headLength > mostHead:
		return nil, brokenf("a head that is too long")
	case err != nil:
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// head reads a status line and the fields behind it.
func (r *reader) head() (h head, err error) {
	line, err := r.line(&h)
	if err != nil {
		return h, err
	}
	// HTTP/1.1 200 OK
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[7]|1 != '1' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return h, brokenf("the status line %.60q", line)
	}
	h.minor = line[7]
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return h, brokenf("the status line %.60q", line)
		}
		h.status = 10*h.status + int(c-'0')
	}
	if h.status < 100 || h.status > 599 {
		return h, brokenf("the status %d", h.status)
	}
	for {
		line, err := r.line(&h)
		if err != nil || len(line) == 0 {
			return h, err
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

// field looks at one field line.
func (h *head) field(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return brokenf("the field line %.60q", line)
	}
	// Comparing the length first makes most lines cost nothing.
	switch name := line[:colon]; {
	case colon == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
		h.close = h.close || hasToken(line[colon+1:], "close")
		h.keepAlive = h.keepAlive || hasToken(line[colon+1:], "keep-alive")
	case colon == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := number(bytes.Trim(line[colon+1:], " \t"), 10)
		if !ok || h.hasLength && n != h.length {
			return brokenf("the field line %.60q", line)
		}
		h.length, h.hasLength = n, true
	case colon == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.hasCoding = true
		value := line[colon+1:]
		h.chunked = bytes.EqualFold(bytes.Trim(value[bytes.LastIndexByte(value, ',')+1:], " \t"), []byte("chunked"))
	}
	return nil
}

// hasToken reports whether a list has the token, in any case.
func hasToken(list []byte, token string) bool {
	for item := range bytes.SplitSeq(list, []byte(",")) {
		if bytes.EqualFold(bytes.Trim(item, " \t"), []byte(token)) {
			return true
		}
	}
	return false
}

// number parses digits to the base 10 or 16, without a sign and up to 1<<60.
func number(digits []byte, base int64) (int64, bool) {
	var n int64
	for _, c := range digits {
		var d int64
		switch {
		case c >= '0' && c <= '9':
			d = int64(c - '0')
		case base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int64(c|0x20-'a') + 10
		default:
			return 0, false
		}
		if n = n*base + d; n > 1<<60/16 {
			return 0, false
		}
	}
	return n, len(digits) > 0
}

// content reads what follows the head, and reports whether the connection ends
// with it.
func (r *reader) content(h *head, toHead bool) (closes bool, err error) {
	closes = h.close || h.minor == '0' && !h.keepAlive
	switch {
	case h.hasCoding && (h.hasLength || h.minor == '0'):
		// RFC 9112 §6.1 and §6.3: whoever sends this lets two readers disagree
		// about where the response ends.
		return true, brokenf("a Transfer-Encoding where there must be none")
	case toHead || h.status == 204 || h.status == 304:
		return closes, nil
	case h.chunked:
		return closes, r.chunks()
	case h.hasLength:
		return closes, r.discard(h.length)
	}
	n, err := io.Copy(io.Discard, r.Reader)
	r.got += n
	return true, err
}

// discard throws the next n bytes away.
func (r *reader) discard(n int64) error {
	for n > 0 {
		got, err := r.Discard(int(min(n, 1<<30)))
		r.got += int64(got)
		n -= int64(got)
		if err != nil {
			return early(err)
		}
	}
	return nil
}

// early turns an end of the connection within a response into what it is.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// chunks reads a chunked content with its trailer section (RFC 9112 §7.1).
func (r *reader) chunks() error {
	var h head // only for the bound of its length
	for {
		h.headLength = 0
		line, err := r.line(&h)
		if err != nil {
			return early(err)
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, ok := number(bytes.TrimRight(digits, " \t"), 16)
		if !ok {
			return brokenf("the chunk size %.60q", line)
		}
		if size == 0 {
			break
		}
		if err := r.discard(size); err != nil {
			return err
		}
		if line, err = r.line(&h); err != nil {
			return early(err)
		}
		if len(line) > 0 {
			return brokenf("%.60q behind a chunk", line)
		}
	}
	for {
		line, err := r.line(&h)
		if err != nil || len(line) == 0 {
			return early(err)
		}
		if bytes.IndexByte(line, ':') < 1 {
			return brokenf("the trailer field line %.60q", line)
		}
	}
}
