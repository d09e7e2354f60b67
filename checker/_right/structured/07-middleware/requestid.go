package middleware

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"

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
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		sent := slices.Collect(r.Header.Values(RequestIDField))
		id := requestID(rand.Text())
		if len(sent) == 1 && WellFormedID(sent[0]) {
			id = requestID(sent[0])
		}
		w.Header().Set(RequestIDField, string(id))
		put(r, id)
		next(w)
	})
}

type requestID string

// ID returns the id that [RequestID] gave to the request with this context, or "".
func ID(ctx context.Context) string { return string(get[requestID](ctx)) }

// WellFormedID says whether id has 1 to [MaxRequestID] bytes, all of them ASCII
// letters, digits, ".", "_" or "-". Whoever sends an id writes it into our logs and
// into those of every server behind us, so it can be nothing that means something
// there.
func WellFormedID(id []byte) bool { return wellFormed.Match(id) }

var wellFormed = regexp.MustCompile(fmt.Sprintf(`\A[A-Za-z0-9._-]{1,%d}\z`, MaxRequestID))
