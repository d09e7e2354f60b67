package middleware

import (
	"io"

	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
)

// BodyLimit takes no more than n bytes of content with a request; n below zero
// panics. The server has a limit for all requests already, and this one can only be
// smaller.
//
// A request whose Content-Length is above n is answered with 413 (RFC 9110
// §15.5.14) and does not reach the handler. Otherwise Read of its Body returns at
// most n bytes and, where there are more, a *reqline.ProtocolError with Status
// 413; if the handler then writes nothing, that is the answer, without the fields
// that [Recover] takes off. Afterwards the request has its Body back.
func BodyLimit(n int64) keepalive.Middleware {
	if n < 0 {
		panic("middleware: BodyLimit below zero")
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if !r.Framing.Chunked && r.Framing.Length > n {
				instead(w, 413)
				return
			}
			rec, body := record(w), r.Body
			limited := &limitedBody{body: body, left: n}
			r.Body = limited
			defer func() { r.Body = body }()
			next.ServeHTTP(rec, r)
			if limited.err != nil && rec.Status() == 0 {
				instead(rec, 413)
			}
		})
	}
}

// A limitedBody reads one byte more than it lets through, to know whether there is
// one.
type limitedBody struct {
	body io.Reader
	left int64
	err  error // the 413
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.left > 0 {
		n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
		b.left -= int64(n)
		return n, err
	}
	var beyond [1]byte
	n, err := b.body.Read(beyond[:])
	if n > 0 {
		b.err = &reqline.ProtocolError{Status: 413, Rule: "RFC 9110 §15.5.14", Msg: "more content than the limit of this resource"}
		return 0, b.err
	}
	return 0, err
}
