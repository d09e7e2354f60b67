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
		panic("middleware: a BodyLimit below zero")
	}
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		if r.Framing.Length > n {
			keepalive.Error(w, 413)
			return
		}
		rec, body := NewRecorder(w), &capped{src: r.Body, left: n}
		func() {
			defer func() { r.Body = body.src }()
			r.Body = body
			next(rec)
		}()
		if body.over && rec.Status() == 0 {
			instead(w, 413)
		}
	})
}

// capped is a Body that ends with an error where there is more than left.
type capped struct {
	src  io.Reader
	left int64
	over bool
}

func (b *capped) Read(p []byte) (int, error) {
	if b.over {
		return 0, &reqline.ProtocolError{Status: 413, Rule: "RFC 9110 §15.5.14", Msg: "more content than the handler takes"}
	}
	n, err := b.src.Read(p[:min(int64(len(p)), b.left+1)]) // one byte decides
	if int64(n) <= b.left {
		b.left -= int64(n)
		return n, err
	}
	n, b.left, b.over = int(b.left), 0, true
	if n > 0 {
		return n, nil
	}
	return b.Read(nil)
}
