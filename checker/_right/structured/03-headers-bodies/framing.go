package message

import (
	"barewire/steps/02-request-line"
)

// Framing says where the content of a message ends.
type Framing struct {
	Chunked bool  // by the last chunk
	Length  int64 // after this many bytes, if it is not chunked
}

// MaxLength is the largest Content-Length that is not an error by itself.
const MaxLength = 1<<63 - 1

// ContentLength returns the value of the Content-Length field (RFC 9110 §8.6),
// and whether there is one.
//
// The error is a 400 for anything but one field of decimal digits: a sign, a
// space, a list, a second field, and a number above [MaxLength]. RFC 9112 §6.3
// allows a list of equal numbers, since some gateways joined two fields; a server
// that accepts it depends on everything before it reading the list alike. The
// error's Offset is 0.
func ContentLength(h *Header) (n int64, ok bool, err error) {
	bad := protocolError(400, "RFC 9110 §8.6", 0, "Content-Length")
	var digits []byte
	for v := range h.Values("Content-Length") {
		if ok || len(v) == 0 {
			return 0, false, bad
		}
		digits, ok = v, true
	}
	for _, c := range digits {
		d := int64(c) - '0'
		if d < 0 || d > 9 || n > (MaxLength-d)/10 {
			return 0, false, bad
		}
		n = n*10 + d
	}
	return n, ok, nil
}

// RequestFraming says where the content of a request ends. The numbers are those
// of RFC 9112 §6.3; the ones that are missing are about responses.
//
//  3. Transfer-Encoding and Content-Length: a 400. The RFC lets a server go by
//     Transfer-Encoding, if it closes the connection afterwards.
//  4. Transfer-Encoding: chunked if that is the only coding and stands there once.
//     Anything that does not end in chunked is a 400 ("gzip" alone, no coding at
//     all), for nobody knows where the content ends. So is chunked that is there
//     twice, and any Transfer-Encoding with HTTP/1.0 (§6.1). Another coding before
//     one chunked at the end is a 501 (§6.1): framed, but not understood.
//  5. An invalid Content-Length: a 400, see [ContentLength].
//  6. Content-Length: so many bytes.
//  7. Neither: no content.
//
// After each of these errors nobody knows where the next request starts, so the
// connection has to be closed. Their Offset is 0.
func RequestFraming(v reqline.Version, h *Header) (Framing, error) {
	length, _, err := ContentLength(h)
	verdict := codings(h)
	switch {
	case verdict == absent:
		return Framing{Length: length}, err
	case h.Has("Content-Length") || v == reqline.HTTP10:
		verdict = endless
	}
	if status := verdict.status(); status != 0 {
		return Framing{}, protocolError(status, "RFC 9112 §6.3", 0, "Transfer-Encoding")
	}
	return Framing{Chunked: true}, nil
}

// coding is what the members of Transfer-Encoding so far have come to.
type coding uint8

const (
	absent  coding = iota
	endless        // the last one is not chunked
	chunked        // and nothing else
	mixed          // chunked, behind others
	twice
)

// after says what one more member makes of c: the first number if it is not
// chunked, the second if it is.
func (c coding) after(isChunked bool) coding {
	next := [...][2]coding{
		absent:  {endless, chunked},
		endless: {endless, mixed},
		chunked: {twice, twice}, // chunked must be the last
		mixed:   {twice, twice},
		twice:   {twice, twice},
	}
	if isChunked {
		return next[c][1]
	}
	return next[c][0]
}

func (c coding) status() int {
	return [...]int{endless: 400, mixed: 501, twice: 400, chunked: 0}[c]
}

func codings(h *Header) coding {
	c := absent
	for m := range h.Members("Transfer-Encoding") {
		c = c.after(same(m, "chunked"))
	}
	if c == absent && h.Has("Transfer-Encoding") {
		return endless
	}
	return c
}
