package middleware

import (
	"context"
	"crypto/rand"
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
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			sent := slices.Collect(r.Header.Values(RequestIDField))
			id := rand.Text()
			if len(sent) == 1 && WellFormedID(sent[0]) {
				id = string(sent[0])
			}
			w.Header().Set(RequestIDField, id)
			r.SetContext(context.WithValue(r.Context(), idKey{}, id))
			next.ServeHTTP(w, r)
		})
	}
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
func WellFormedID(id []byte) bool {
	for _, c := range id {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= MaxRequestID
}
