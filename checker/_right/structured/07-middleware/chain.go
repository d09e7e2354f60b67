// Package middleware has what most handlers need around them and none should
// contain: recovery, request ids, logs, CORS, compression, limits on time and
// size, passwords, and fields that browsers heed. Each is a function from a
// handler to a handler, and each stands in a file of its own.
//
// It leaves out sessions and tokens, rate limits (the next step), and everything
// that one handler alone needs.
//
// Read chain.go and recorder.go first, the rest leans on them; then any file, in
// any order. compress.go is the longest, because it stands between the handler and
// the framing of its response.
package middleware

import (
	"context"

	"barewire/steps/04-keep-alive"
)

// Chain makes one middleware of several. The first is the outermost: it sees the
// request first and the response last. None at all leave the handler as it is. The
// slice may be changed afterwards.
func Chain(ms ...keepalive.Middleware) keepalive.Middleware {
	if len(ms) == 0 {
		return func(next keepalive.Handler) keepalive.Handler { return next }
	}
	first, rest := ms[0], Chain(ms[1:]...)
	return func(next keepalive.Handler) keepalive.Handler { return first(rest(next)) }
}

// each makes a middleware of what happens to each request. Next is the handler.
func each(f func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter))) keepalive.Middleware {
	return func(h keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			f(w, r, func(w keepalive.ResponseWriter) { h.ServeHTTP(w, r) })
		})
	}
}

// A key is the key of the one value of type T in a context.
type key[T any] struct{}

func put[T any](r *keepalive.Request, value T) {
	r.SetContext(context.WithValue(r.Context(), key[T]{}, value))
}

func get[T any](ctx context.Context) T {
	value, _ := ctx.Value(key[T]{}).(T)
	return value
}

// describing are the fields about content, which an error in its place must not have.
var describing = []string{
	"Content-Length", "Content-Encoding", "Content-Type", "Content-Range", "Content-Language",
	"Content-Location", "Content-Disposition", "Content-Digest", "Repr-Digest", "Content-MD5", "Digest",
	"ETag", "Last-Modified", "Cache-Control", "Expires", "Age", "Accept-Ranges",
}

// instead answers with an error in the place of what a handler was about to send.
func instead(w keepalive.ResponseWriter, status int) {
	for _, name := range describing {
		w.Header().Del(name)
	}
	keepalive.Error(w, status)
}
