package message

import (
	"strings"

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
	for v := range h.Values("Content-Length") {
		if ok || len(v) == 0 {
			return 0, false, protocolError(400, "RFC 9110 §8.6", 0, "bad Content-Length")
		}
		ok = true
		for _, c := range v {
			if c < '0' || c > '9' || n > (MaxLength-int64(c-'0'))/10 {
				return 0, false, protocolError(400, "RFC 9110 §8.6", 0, "bad Content-Length")
			}
			n = n*10 + int64(c-'0')
		}
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
	bad := func(status int, msg string) (Framing, error) {
		return Framing{}, protocolError(status, "RFC 9112 §6.3", 0, msg)
	}
	if h.Has("Transfer-Encoding") {
		if h.Has("Content-Length") || v == reqline.HTTP10 {
			return bad(400, "both, or HTTP/1.0")
		}
		chunked, others, last := 0, 0, false
		for m := range h.Members("Transfer-Encoding") {
			last = len(m) == len("chunked") && strings.EqualFold(string(m), "chunked")
			if last {
				chunked++
			} else {
				others++
			}
		}
		switch {
		case !last || chunked > 1:
			return bad(400, "not chunked at the end")
		case others > 0:
			return bad(501, "unknown coding")
		}
		return Framing{Chunked: true}, nil
	}
	n, _, err := ContentLength(h)
	return Framing{Length: n}, err
}
