package middleware

import (
	"context"
	crand "crypto/rand"
	"encoding/base32"
	"math/rand/v2"
	"sync"

	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 7.3 Take it or make it, set it on the response, put it into the context; then call next.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func RequestID() keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			ctx := &idContext{Context: r.Context(), id: sentID(r)}
			if ctx.id == "" {
				ctx.id = newID()
			}
			r.SetContext(ctx)
			w.Header().Set(RequestIDField, ctx.id)
			next.ServeHTTP(w, r)
		})
	}
}

// generators make random bits. To ask the system for those of each id takes as long as
// everything else that is done for it. ChaCha8 is cryptographically strong: whoever knows
// some ids knows nothing about the others.
//
//starter:omit
var generators = sync.Pool{New: func() any {
	var seed [32]byte
	crand.Read(seed[:]) // it never fails
	return rand.NewChaCha8(seed)
}}

// newID returns 128 random bits in 26 letters and digits.
//
//starter:omit
func newID() string {
	var bits [16]byte
	random := generators.Get().(*rand.ChaCha8)
	random.Read(bits[:])
	generators.Put(random)
	return letters.EncodeToString(bits[:])
}

//starter:omit
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// ID returns the id that [RequestID] gave to the request with this context, or "".
//
//starter:todo 7.3 Look in the context.
func ID(ctx context.Context) string {
	if c, ok := ctx.Value(idKey{}).(*idContext); ok {
		return c.id
	}
	return ""
}

// WellFormedID says whether id has 1 to [MaxRequestID] bytes, all of them ASCII
// letters, digits, ".", "_" or "-". Whoever sends an id writes it into our logs and
// into those of every server behind us, so it can be nothing that means something
// there.
//
//starter:todo 7.3 Say what is allowed, not what is forbidden.
func WellFormedID(id []byte) bool {
	if len(id) == 0 || len(id) > MaxRequestID {
		return false
	}
	for _, c := range id {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// sentID returns the id that came with the request, or "".
//
//starter:omit
func sentID(r *keepalive.Request) string {
	id, n := "", 0
	for v := range r.Header.Values(RequestIDField) {
		if n++; WellFormedID(v) {
			id = string(v)
		}
	}
	if n > 1 {
		return ""
	}
	return id
}

// An idContext is a context with an id. With a type of its own it takes one
// allocation, and looking the id up takes none; context.WithValue takes two.
//
//starter:omit
type idContext struct {
	context.Context
	id string
}

//starter:omit
type idKey struct{}

//starter:omit
func (c *idContext) Value(key any) any {
	if key == (idKey{}) {
		return c
	}
	return c.Context.Value(key)
}
