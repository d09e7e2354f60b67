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
			rec := record(w)
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				orDefault(log).LogAttrs(r.Context(), slog.LevelError, "panic",
					slog.Any("panic", v),
					slog.String("method", escaped([]byte(r.Method))),
					slog.String("target", escaped(r.Target.Raw)),
					slog.String("id", ID(r.Context())),
					slog.String("stack", string(debug.Stack())))
				if rec.Status() != 0 {
					panic(v)
				}
				instead(rec, 500)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

func orDefault(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.Default()
	}
	return log
}

// ofContent are the fields that describe content, and how long it may be kept.
var ofContent = []string{
	"Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range", "Content-Disposition",
	"Content-MD5", "Content-Digest", "Repr-Digest", "Digest", "Accept-Ranges", "Transfer-Encoding", "Trailer",
	"ETag", "Last-Modified", "Cache-Control", "Expires", "Age", "Pragma",
}

// instead answers with a status in the place of a response that does not come.
func instead(w keepalive.ResponseWriter, status int) {
	for _, name := range ofContent {
		w.Header().Del(name)
	}
	keepalive.Error(w, status)
}
