// Package message parses and writes the parts of an HTTP/1.1 message: field
// lines and the header section (RFC 9112 §5), where the content ends (§6),
// chunked transfer coding (§7.1), the head of a response, and what is most often
// in them: cookies, forms and JSON.
//
// As in the step before, no socket and no clock: bytes in, a count and a value
// out; writers append to a slice. A message that cannot be framed in exactly one
// way is an error, and every part has a limit. It leaves out when to read and
// write, and when a connection ends, which is the next step.
//
// Read field.go and header.go first, then head.go, which puts the head of a
// request together, framing.go and chunked.go. response.go writes; cookie.go and
// content.go are for handlers.
package message

import (
	"bytes"

	"barewire/solutions/02-request-line"
)

// Parse reads the header section at the start of src, up to and with the empty
// line that ends it, and returns how many bytes it took. The fields that h had
// are gone, and the new ones are borrowed from src.
//
// It returns [reqline.ErrIncomplete] while the empty line is not there yet. Every
// other error is a [*reqline.ProtocolError] with an offset into src: what
// [ParseField] and [reqline.CutLine] say of a line, and a 431 (RFC 6585 §5) where
// the section has more bytes or more fields than lim allows.
//
//starter:todo 3.5 Take lines off src until one is empty. Check the limits before you believe a line.
func (h *Header) Parse(src []byte, lim Limits) (n int, err error) {
	lim = lim.OrDefaults()
	h.Reset()
	limited := src[:min(len(src), lim.HeaderSection)]
	for {
		line, used, err := reqline.CutLine(limited[n:])
		if err == reqline.ErrIncomplete && len(src) >= lim.HeaderSection {
			err = protocolError(431, "RFC 6585 §5", lim.HeaderSection-n, "a header section larger than its limit")
		}
		if err != nil {
			return 0, reqline.Shift(err, n)
		}
		if len(line) == 0 {
			return n + used, nil
		}
		if len(h.fields) == lim.Fields {
			return 0, protocolError(431, "RFC 6585 §5", n, "more fields than the limit")
		}
		f, err := ParseField(line)
		if err != nil {
			return 0, reqline.Shift(err, n)
		}
		h.append(f)
		n += used
	}
}

// A Head is the head of a request: its request line and its header section, and
// what follows from them. It may be used again for the next request; the zero
// value is ready.
type Head struct {
	reqline.RequestLine
	Header Header

	// Host is the host, and the port if there is one, that the request is
	// for: see [Host]. Borrowed.
	Host []byte

	// Framing is where the content ends.
	Framing Framing

	//starter:omit
	seen int // how much of an incomplete head has been looked at
	//starter:omit
	room int // how long an incomplete head may be before it must be looked at again
}

// Parse reads the head of a request at the start of src and returns how many
// bytes it took. The content starts there. All bytes in h are borrowed from src.
//
// It returns [reqline.ErrIncomplete] while the head has no end; call it again
// with the same bytes and more behind them. A Head may remember how far it has
// looked, so that a client which sends one byte at a time does not cost the square
// of what it sends, but need not: to begin at the start each time is right as well.
// For the same reason, a Head that has said ErrIncomplete is of no use for another
// message; take a new one.
//
// Every other error is a [*reqline.ProtocolError] with an offset into src: what
// [reqline.RequestLine.Parse], [Header.Parse], [Host] and [RequestFraming] say,
// and a 413 (RFC 9110 §15.5.14) where Content-Length is above the limit. Host and
// RequestFraming see fields and no bytes, so what they refuse stands somewhere in
// the header section: the offset is the start of that, or of a field in it.
//
//starter:todo 3.9 Request line, header section, host, framing, in this order; each starts where the one before ended.
func (h *Head) Parse(src []byte, lim Limits) (n int, err error) {
	if h.seen > 0 && len(src) < h.room && bytes.IndexByte(src[h.seen:], '\n') < 0 {
		h.seen = len(src)
		return 0, reqline.ErrIncomplete
	}
	lim = lim.OrDefaults()
	n, err = h.RequestLine.Parse(src, lim.RequestLine)
	if err != nil {
		return 0, h.incomplete(err, len(src), lim.RequestLine)
	}
	used, err := h.Header.Parse(src[n:], lim)
	if err != nil {
		return 0, h.incomplete(reqline.Shift(err, n), len(src), n+lim.HeaderSection)
	}
	h.seen = 0
	if h.Host, err = Host(&h.RequestLine, &h.Header); err != nil {
		return 0, reqline.Shift(err, n)
	}
	if h.Framing, err = RequestFraming(h.Version, &h.Header); err != nil {
		return 0, reqline.Shift(err, n)
	}
	if h.Framing.Length > lim.Content {
		return 0, protocolError(413, "RFC 9110 §15.5.14", n, "content longer than the limit")
	}
	return n + used, nil
}

// incomplete remembers how far the head was looked at, if err says that more is
// to come, and returns err.
//
//starter:omit
func (h *Head) incomplete(err error, seen, room int) error {
	h.seen, h.room = 0, room
	if err == reqline.ErrIncomplete {
		h.seen = seen
	}
	return err
}

// Host returns the host and port that a request is for (RFC 9112 §3.2): the
// authority of the target if that has one, and otherwise the value of the Host
// field. It is borrowed, and empty only for HTTP/1.0 without Host.
//
// The error is a 400 where HTTP/1.1 comes without a Host field, where there is
// more than one, even with the same value, and where its value is no authority.
// An empty value is an error unless the target has an authority: it stands for a
// URI without a host, and http has none of those (RFC 9110 §4.2.1). The error's
// Offset is 0, for a Header does not know where in a message its fields stood.
//
//starter:todo 3.6 Count first. Then check the value, also when the target decides.
func Host(l *reqline.RequestLine, h *Header) ([]byte, error) {
	const rule = "RFC 9112 §3.2"
	first := h.index("Host", 0)
	if first < 0 {
		if l.Version != reqline.HTTP10 {
			return nil, protocolError(400, rule, 0, "HTTP/1.1 without a Host field")
		}
		return l.Target.Authority, nil
	}
	if h.index("Host", first+1) >= 0 {
		// A proxy may route by the one and we serve the other.
		return nil, protocolError(400, rule, 0, "more than one Host field")
	}
	value := h.fields[first].Value
	if _, _, err := reqline.ParseAuthority(value); err != nil {
		return nil, protocolError(400, rule, 0, "Host: "+err.Error())
	}
	if l.Target.Authority != nil {
		// RFC 9112 §3.2.2: MUST ignore Host. Whoever forwards the request
		// has to replace it.
		return l.Target.Authority, nil
	}
	if len(value) == 0 {
		return nil, protocolError(400, rule, 0, "an empty Host field")
	}
	return value, nil
}
