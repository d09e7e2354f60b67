package middleware

import (
	"context"

	"barewire/steps/04-keep-alive"
)

// RequestIDField is the field that carries a request's id, both ways. It is in no
// RFC; proxies, log collectors and most frameworks use it.
const RequestIDField = "X-Request-ID"

// MaxRequestID is how long an id may be that a client sends, in bytes. A UUID has
// 36, a trace id in hexadecimal 32.
const MaxRequestID = 64

// RequestID gives every request an id: that of its one X-Request-ID field if
// [WellFormedID] says so, and otherwise a new one of at least 128 random bits.
// A field that comes twice is ignored. [ID] returns the id from the request's
// context, and the response has it as a field, on errors too.
func RequestID() keepalive.Middleware {
	// TODO 7.3: Take it or make it, set it on the response, put it into the context; then call next.
	return func(next keepalive.Handler) keepalive.Handler { return next }
}

// ID returns the id that [RequestID] gave to the request with this context, or "".
func ID(ctx context.Context) string {
	// TODO 7.3: Look in the context.
	return ""
}

// WellFormedID says whether id has 1 to [MaxRequestID] bytes, all of them ASCII
// letters, digits, ".", "_" or "-". Whoever sends an id writes it into our logs and
// into those of every server behind us, so it can be nothing that means something
// there.
func WellFormedID(id []byte) bool {
	// TODO 7.3: Say what is allowed, not what is forbidden.
	return false
}
