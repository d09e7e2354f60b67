package middleware

import (
	"cmp"
	"log/slog"
	"runtime/debug"

	"barewire/steps/04-keep-alive"
)

// Recover makes a panic in a handler cost one response. It logs the panic at level
// Error with the attributes panic, method, target, id (see [RequestID]) and stack,
// to slog.Default() if log is nil.
//
// If the response has not begun, the client gets a 500 without a word about the
// reason, and the connection goes on. Fields about the content that does not come
// are taken off (Content-Length, Content-Encoding, ETag, Last-Modified,
// Cache-Control and their like); others stay. If it has begun, Recover panics
// again with the same value: the server below it cuts the response off so that the
// client notices (a response that ends as if it were complete would be stored as
// one).
func Recover(log *slog.Logger) keepalive.Middleware {
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		rec := NewRecorder(w)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			cmp.Or(log, slog.Default()).Error("panic in a handler", "panic", v, "method", r.Method,
				"target", string(r.Target.Raw), "id", ID(r.Context()), "stack", string(debug.Stack()))
			if rec.Status() != 0 {
				panic(v)
			}
			answer(w, 500)
		}()
		next.ServeHTTP(rec, r)
	})
}
