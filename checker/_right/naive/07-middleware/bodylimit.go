package middleware

import (
	"fmt"
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
		panic(fmt.Sprintf("middleware: BodyLimit(%d)", n))
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Framing.Length > n {
				keepalive.Error(w, 413)
				return
			}
			rec := NewRecorder(w)
			body := &limitedBody{body: r.Body, left: n}
			r.Body = body
			defer func() { r.Body = body.body }()
			next.ServeHTTP(rec, r)
			if body.err != nil && rec.Status() == 0 {
				answerInstead(w, 413)
			}
		})
	}
}

// A limitedBody fails where there is more than so much.
type limitedBody struct {
	body io.Reader
	left int64
	err  error
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1] // one byte more than may come
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		b.err = &reqline.ProtocolError{Status: 413, Rule: "RFC 9110 §15.5.14", Msg: "more content than this handler takes"}
		err = b.err
	}
	b.left -= int64(n)
	return n, err
}
