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
	"slices"
	"strings"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
)

// Chain makes one middleware of several. The first is the outermost: it sees the
// request first and the response last. None at all leave the handler as it is. The
// slice may be changed afterwards.
func Chain(ms ...keepalive.Middleware) keepalive.Middleware {
	ms = slices.Clone(ms)
	return func(next keepalive.Handler) keepalive.Handler {
		for _, m := range slices.Backward(ms) {
			next = m(next)
		}
		return next
	}
}

// around makes a middleware of a function that calls next itself.
func around(f func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler)) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { f(w, r, next) })
	}
}

// equalFold is strings.EqualFold for an ASCII s: no other letter equals one of s.
func equalFold(b, s string) bool { return len(b) == len(s) && strings.EqualFold(b, s) }

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func addVary(h *message.Header, name string) {
	if !h.HasMember("Vary", name) {
		h.Add("Vary", name)
	}
}

// answer answers with an error in the place of content that does not come.
func answer(w keepalive.ResponseWriter, status int) {
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Language", "Content-Location",
		"Content-Range", "Content-Disposition", "Content-Digest", "Repr-Digest", "ETag", "Last-Modified",
		"Cache-Control", "Expires", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	keepalive.Error(w, status)
}
