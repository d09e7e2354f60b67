package middleware

import (
	"log/slog"
	"net/netip"

	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 7.5 Observe does the work: what is left is a call of LogAttrs.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func AccessLog(log *slog.Logger) keepalive.Middleware {
	if log == nil {
		log = slog.Default()
	}
	return Observe(func(e *Exchange) {
		level := slog.LevelInfo
		r := e.Request
		if e.Status >= 500 && r.Fault == nil {
			level = slog.LevelError
		}
		ctx := r.Context()
		if !log.Enabled(ctx, level) {
			return
		}
		// A Logger would look at the clock again, and for the line that called it.
		record := slog.NewRecord(e.Began.Add(e.Duration), level, "request", 0)
		record.AddAttrs(
			slog.String("method", r.Method),
			slog.String("target", escaped(r.Target.Raw)),
			slog.Int("status", e.Status),
			slog.Int64("bytes", e.Bytes),
			slog.Duration("duration", e.Duration),
			slog.String("remote", string(appendRemote(nil, r))),
			slog.String("id", ID(ctx)),
			slog.String("agent", escaped(r.Header.Value("User-Agent"))))
		if e.Aborted {
			record.AddAttrs(slog.Bool("aborted", true))
		}
		if r.Fault != nil {
			record.AddAttrs(slog.String("fault", escaped([]byte(r.Fault.Error()))))
		}
		log.Handler().Handle(ctx, record)
	})
}

// AppendEscaped appends src to dst with every byte that is not visible ASCII or a
// space, and every quote and backslash, written as \xNN with two upper-case
// hexadecimal digits: what comes out cannot end a line or a quoted value, and moves
// no cursor of a terminal. nginx writes its logs in this way too.
//
//starter:todo 7.5 A byte is either harmless or four bytes long.
func AppendEscaped(dst, src []byte) []byte {
	const digits = "0123456789ABCDEF"
	harmless := 0 // from here to c
	for i, c := range src {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			dst = append(dst, src[harmless:i]...)
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
			harmless = i + 1
		}
	}
	return append(dst, src[harmless:]...)
}

//starter:omit
func escaped(src []byte) string { return string(AppendEscaped(make([]byte, 0, 128), src)) }

// appendRemote appends the address that the connection comes from, without its
// port.
//
//starter:omit
func appendRemote(dst []byte, r *keepalive.Request) []byte {
	switch a := r.RemoteAddr.(type) {
	case nil:
		return append(dst, '-')
	case interface{ AddrPort() netip.AddrPort }:
		return a.AddrPort().Addr().Unmap().AppendTo(dst)
	default:
		return AppendEscaped(dst, []byte(a.String()))
	}
}
