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
	"barewire/steps/02-request-line"
)

// Parse reads the header section at the start of src, up to and with the empty
// line that ends it, and returns how many bytes it took. The fields that h had
// are gone, and the new ones are borrowed from src.
//
// It returns [reqline.ErrIncomplete] while the empty line is not there yet. Every
// other error is a [*reqline.ProtocolError] with an offset into src: what
// [ParseField] and [reqline.CutLine] say of a line, and a 431 (RFC 6585 §5) where
// the section has more bytes or more fields than lim allows.
func (h *Header) Parse(src []byte, lim Limits) (n int, err error) {
	lim = lim.OrDefaults()
	h.Reset()
	for {
		line, m, err := reqline.CutLine(src[n:min(len(src), lim.HeaderSection)])
		if err == reqline.ErrIncomplete && len(src) >= lim.HeaderSection {
			return 0, protocolError(431, "RFC 6585 §5", n, "too long")
		}
		if err != nil {
			return 0, reqline.Shift(err, n)
		}
		if len(line) == 0 {
			return n + m, nil
		}
		if len(h.fields) == lim.Fields {
			return 0, protocolError(431, "RFC 6585 §5", n, "too many fields")
		}
		f, err := ParseField(line)
		if err != nil {
			return 0, reqline.Shift(err, n)
		}
		h.fields = append(h.fields, f)
		n += m
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
func (h *Head) Parse(src []byte, lim Limits) (n int, err error) {
	lim = lim.OrDefaults()
	n, err = h.RequestLine.Parse(src, lim.RequestLine)
	if err != nil {
		return 0, err
	}
	m, err := h.Header.Parse(src[n:], lim)
	if err != nil {
		return 0, reqline.Shift(err, n)
	}
	h.Host, err = Host(&h.RequestLine, &h.Header)
	if err != nil {
		return 0, reqline.Shift(err, n)
	}
	h.Framing, err = RequestFraming(h.Version, &h.Header)
	if err != nil {
		return 0, reqline.Shift(err, n)
	}
	if h.Framing.Length > lim.Content {
		return 0, protocolError(413, "RFC 9110 §15.5.14", n, "content too large")
	}
	return n + m, nil
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
func Host(l *reqline.RequestLine, h *Header) ([]byte, error) {
	count := 0
	for range h.Values("Host") {
		count++
	}
	if count > 1 {
		return nil, protocolError(400, "RFC 9112 §3.2", 0, "more than one Host")
	}
	if count == 0 && l.Version != reqline.HTTP10 {
		return nil, protocolError(400, "RFC 9112 §3.2", 0, "no Host")
	}
	host := h.Value("Host")
	if _, _, err := reqline.ParseAuthority(host); err != nil {
		return nil, protocolError(400, "RFC 9112 §3.2", 0, "bad Host")
	}
	if l.Target.Authority != nil {
		return l.Target.Authority, nil
	}
	if count == 1 && len(host) == 0 {
		return nil, protocolError(400, "RFC 9112 §3.2", 0, "empty Host")
	}
	return host, nil
}
