package message

import (
	"barewire/solutions/02-request-line"
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
//
//starter:todo 3.7 Digits and nothing else; look out for a number that is too large before it is.
func ContentLength(h *Header) (n int64, ok bool, err error) {
	const rule = "RFC 9112 §6.3"
	i := h.index("Content-Length", 0)
	if i < 0 {
		return 0, false, nil
	}
	if h.index("Content-Length", i+1) >= 0 {
		return 0, true, protocolError(400, rule, 0, "more than one Content-Length field")
	}
	value := h.fields[i].Value
	if len(value) == 0 {
		return 0, true, protocolError(400, rule, 0, "an empty Content-Length field")
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, true, protocolError(400, rule, 0, "Content-Length is not a number of digits only")
		}
		digit := int64(c - '0')
		if n > (MaxLength-digit)/10 {
			return 0, true, protocolError(400, rule, 0, "Content-Length does not fit into 63 bits")
		}
		n = n*10 + digit
	}
	return n, true, nil
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
//
//starter:todo 3.8 Go through the cases in the order of the list.
func RequestFraming(v reqline.Version, h *Header) (Framing, error) {
	n, hasLength, err := ContentLength(h)
	if h.index("Transfer-Encoding", 0) < 0 {
		return Framing{Length: n}, err
	}
	if hasLength {
		return Framing{}, protocolError(400, "RFC 9112 §6.3", 0, "both Transfer-Encoding and Content-Length")
	}
	if v == reqline.HTTP10 {
		return Framing{}, protocolError(400, "RFC 9112 §6.1", 0, "Transfer-Encoding in HTTP/1.0")
	}
	if err := checkCodings(h); err != nil {
		return Framing{}, err
	}
	return Framing{Chunked: true}, nil
}

// checkCodings reports a Transfer-Encoding that is anything but chunked.
//
//starter:omit
func checkCodings(h *Header) error {
	codings, chunked, last := 0, 0, false
	for coding := range h.Members("Transfer-Encoding") {
		codings++
		// Names are compared without regard to case (RFC 9112 §7), and whole:
		// "xchunked" and "chunked;a=b" are not chunked (CVE-2022-1705).
		if last = equalFold(coding, "chunked"); last {
			chunked++
		}
	}
	switch {
	case !last:
		return protocolError(400, "RFC 9112 §6.3", 0, "chunked is not the last transfer coding")
	case chunked > 1:
		return protocolError(400, "RFC 9112 §6.1", 0, "chunked twice")
	case codings > 1:
		return protocolError(501, "RFC 9112 §6.1", 0, "a transfer coding that is not known")
	}
	return nil
}
