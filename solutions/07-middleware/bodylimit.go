package middleware

import (
	"io"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 7.9 The length is known, or it is not: then count what is read.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func BodyLimit(n int64) keepalive.Middleware {
	if n < 0 {
		panic("middleware: a body limit below zero")
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			switch {
			case r.Framing.Chunked:
				serveLimited(n, next, w, r)
			case r.Framing.Length > n:
				keepalive.Error(w, 413)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

//starter:omit
func serveLimited(n int64, next keepalive.Handler, w keepalive.ResponseWriter, r *keepalive.Request) {
	rec := record(w)
	defer rec.release(w)
	b := &limitedBody{from: r.Body, left: n}
	defer func() { r.Body = b.from }()
	r.Body = b
	next.ServeHTTP(rec, r)
	if b.exceeded && rec.Status() == 0 {
		fail(w, 413)
	}
}

//starter:omit
type limitedBody struct {
	from     io.Reader
	left     int64
	exceeded bool
}

//starter:omit
func (b *limitedBody) Read(p []byte) (n int, err error) {
	if !b.exceeded {
		// More than is left may come: only that tells content which ends
		// here from content which goes on.
		n, err = b.from.Read(p)
		if int64(n) <= b.left {
			b.left -= int64(n)
			return n, err
		}
		n, b.exceeded = int(b.left), true
	}
	return n, &reqline.ProtocolError{Status: 413, Rule: "RFC 9110 §15.5.14", Msg: "more content than this route takes"}
}
