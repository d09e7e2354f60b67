package middleware

import (
	"fmt"
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
		log := log
		if log == nil {
			log = slog.Default()
		}
		r := e.Request
		level := slog.LevelInfo
		if e.Status >= 500 && r.Fault == nil {
			level = slog.LevelError
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		attrs := []slog.Attr{
			slog.String("method", escaped(r.Method)),
			slog.String("target", escaped(string(r.Target.Raw))),
			slog.Int("status", e.Status),
			slog.Int64("bytes", e.Bytes),
			slog.Duration("duration", e.Duration),
			slog.String("remote", remoteHost(r)),
			slog.String("id", ID(r.Context())),
			slog.String("agent", escaped(r.Header.Get("User-Agent"))),
		}
		if e.Aborted {
			attrs = append(attrs, slog.Bool("aborted", true))
		}
		if r.Fault != nil {
			attrs = append(attrs, slog.String("fault", escaped(r.Fault.Error())))
		}
		log.LogAttrs(r.Context(), level, "request", attrs...)
	})
}

// remoteHost is the address of the client without its port.
func remoteHost(r *keepalive.Request) string {
	if r.RemoteAddr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr.String())
	if err != nil {
		return r.RemoteAddr.String()
	}
	return host
}

func escaped(s string) string { return string(AppendEscaped(nil, []byte(s))) }

// AppendEscaped appends src to dst with every byte that is not visible ASCII or a
// space, and every quote and backslash, written as \xNN with two upper-case
// hexadecimal digits: what comes out cannot end a line or a quoted value, and moves
// no cursor of a terminal. nginx writes its logs in this way too.
func AppendEscaped(dst, src []byte) []byte {
	for _, c := range src {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			dst = fmt.Appendf(dst, "\\x%02X", c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
