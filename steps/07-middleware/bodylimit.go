package middleware

import (
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
	// TODO 7.9: The length is known, or it is not: then count what is read.
	return func(next keepalive.Handler) keepalive.Handler { return next }
}
