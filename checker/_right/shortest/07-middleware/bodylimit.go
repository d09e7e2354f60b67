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
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		if r.Framing.Length > n {
			answer(w, 413)
			return
		}
		rec, body := NewRecorder(w), &limitedBody{r: r.Body, left: n}
		r.Body = body
		defer func() { r.Body = body.r }()
		next.ServeHTTP(rec, r)
		if body.err != nil && rec.Status() == 0 {
			answer(w, 413)
		}
	})
}

type limitedBody struct {
	r    io.Reader
	left int64
	err  error // there was more
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), max(b.left, b.left+1))])
	if int64(n) > b.left {
		b.err = &reqline.ProtocolError{Status: 413, Rule: "RFC 9110 §15.5.14", Msg: "the content is too large"}
		n, err = int(b.left), b.err
	}
	b.left -= int64(n)
	return n, err
}
