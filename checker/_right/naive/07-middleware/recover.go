package middleware

import (
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
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			rec := NewRecorder(w)
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				log := log
				if log == nil {
					log = slog.Default()
				}
				log.Error("handler panicked", "panic", v, "method", escaped(r.Method), "target", escaped(string(r.Target.Raw)),
					"id", ID(r.Context()), "stack", string(debug.Stack()))
				if rec.Status() != 0 {
					panic(v)
				}
				answerInstead(w, 500)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// answerInstead answers with an error, without the fields of content that does not come.
func answerInstead(w keepalive.ResponseWriter, status int) {
	for _, name := range []string{
		"Content-Length", "Content-Encoding", "Content-Type", "Content-Language", "Content-Location",
		"Content-Range", "Content-Disposition", "Content-MD5", "Content-Digest", "Repr-Digest", "Digest",
		"ETag", "Last-Modified", "Cache-Control", "CDN-Cache-Control", "Expires", "Age", "Pragma",
		"Accept-Ranges", "Trailer",
	} {
		w.Header().Del(name)
	}
	keepalive.Error(w, status)
}
