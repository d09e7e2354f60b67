package middleware

import (
	"context"
	"crypto/rand"
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
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		id := rand.Text()
		if ids := slices.Collect(r.Header.Values(RequestIDField)); len(ids) == 1 && WellFormedID(ids[0]) {
			id = string(ids[0])
		}
		w.Header().Set(RequestIDField, id)
		r.SetContext(context.WithValue(r.Context(), idKey{}, id))
		next.ServeHTTP(w, r)
	})
}

type idKey struct{}

// ID returns the id that [RequestID] gave to the request with this context, or "".
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// WellFormedID says whether id has 1 to [MaxRequestID] bytes, all of them ASCII
// letters, digits, ".", "_" or "-". Whoever sends an id writes it into our logs and
// into those of every server behind us, so it can be nothing that means something
// there.
func WellFormedID(id []byte) bool { return wellFormed.Match(id) }

var wellFormed = regexp.MustCompile(`^[\w.-]{1,64}$`)
