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
