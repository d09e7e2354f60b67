package middleware

import (
	"cmp"
	"log/slog"
	"net"

	"barewire/steps/04-keep-alive"
)

// AccessLog writes one record a request to log, when its response is complete: at
// level Info, or Error if the status is 500 or above and a handler's. The message is
// "request" and the attributes are, in this order,
//
//	method target status bytes duration remote id agent
//
// and aborted=true where the handler panicked, and fault where the connection has
// refused the request by itself: why. Remote is the address of the
// connection without its port, id that of [RequestID] or "", agent the User-Agent
// field. What the client has chosen is escaped as [AppendEscaped] does, so that it
// can be nothing but a value, whatever the slog.Handler does with it. A record that
// log is not interested in costs nothing. A nil log is slog.Default().
func AccessLog(log *slog.Logger) keepalive.Middleware {
	return Observe(func(e *Exchange) {
		r, log := e.Request, orDefault(log)
		level := slog.LevelInfo
		if e.Status >= 500 && r.Fault == nil {
			level = slog.LevelError
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		attrs := []slog.Attr{
			slog.String("method", escaped([]byte(r.Method))),
			slog.String("target", escaped(r.Target.Raw)),
			slog.Int("status", e.Status),
			slog.Int64("bytes", e.Bytes),
			slog.Duration("duration", e.Duration),
			slog.String("remote", escaped([]byte(cmp.Or(remote(r), "-")))),
			slog.String("id", ID(r.Context())),
			slog.String("agent", escaped(r.Header.Value("User-Agent"))),
		}
		if e.Aborted {
			attrs = append(attrs, slog.Bool("aborted", true))
		}
		if r.Fault != nil {
			attrs = append(attrs, slog.String("fault", escaped([]byte(r.Fault.Error()))))
		}
		log.LogAttrs(r.Context(), level, "request", attrs...)
	})
}

// AppendEscaped appends src to dst with every byte that is not visible ASCII or a
// space, and every quote and backslash, written as \xNN with two upper-case
// hexadecimal digits: what comes out cannot end a line or a quoted value, and moves
// no cursor of a terminal. nginx writes its logs in this way too.
func AppendEscaped(dst, src []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range src {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

func escaped(src []byte) string { return string(AppendEscaped(nil, src)) }

// remote is the address of the connection without its port, or "".
func remote(r *keepalive.Request) string {
	if r.RemoteAddr == nil {
		return ""
	}
	addr := r.RemoteAddr.String()
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}
