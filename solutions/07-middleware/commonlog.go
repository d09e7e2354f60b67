package middleware

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"barewire/solutions/04-keep-alive"
)

// CommonLog writes one line a request to out in the common log format, which every
// log tool since 1995 reads:
//
//	192.0.2.7 - alice [06/Nov/1994:08:49:37 +0000] "GET /a?b HTTP/1.1" 200 2326
//
// These are the address of the connection without its port, the client's identity
// (nobody has one: always "-"), the user that [BasicAuth] let in, the local time
// at which the request began, its request line, the status, and the bytes of
// content. A part that there is none of is "-", zero bytes and a request line that could
// not be parsed too. What the client
// has chosen is escaped as [AppendEscaped] does, and a space in a user's name is
// \x20.
//
// Each line is one call of out.Write, and never two calls at once. Its errors are
// dropped: a full disk must not stop the server.
//
//starter:todo 7.5 Append the line to a buffer; one Write, under a mutex.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func CommonLog(out io.Writer) keepalive.Middleware {
	l := &lineLog{out: out}
	return Observe(l.write)
}

// CombinedLog is CommonLog with two quoted values behind each line: the fields
// Referer and User-Agent, "-" for one that is missing.
//
//starter:todo 7.5 The same line with two values more.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func CombinedLog(out io.Writer) keepalive.Middleware {
	l := &lineLog{out: out, combined: true}
	return Observe(l.write)
}

//starter:omit
type lineLog struct {
	out      io.Writer
	combined bool

	mu  sync.Mutex
	buf []byte
}

//starter:omit
func (l *lineLog) write(e *Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := e.Request
	b := appendRemote(l.buf[:0], r)
	b = append(b, " - "...)
	b = appendUser(b, User(r.Context()))
	b = e.Began.AppendFormat(b, " [02/Jan/2006:15:04:05 -0700] ")
	b = appendLine(append(b, '"'), r)
	b = append(b, '"', ' ')
	b = strconv.AppendInt(b, int64(e.Status), 10)
	if b = append(b, ' '); e.Bytes == 0 {
		b = append(b, '-')
	} else {
		b = strconv.AppendInt(b, e.Bytes, 10)
	}
	if l.combined {
		b = appendQuoted(b, r.Header.Value("Referer"))
		b = appendQuoted(b, r.Header.Value("User-Agent"))
	}
	l.buf = append(b, '\n')
	l.out.Write(l.buf)
}

//starter:omit
func appendLine(dst []byte, r *keepalive.Request) []byte {
	if r.Method == "" {
		return append(dst, '-')
	}
	dst = append(append(dst, r.Method...), ' ')
	dst = append(AppendEscaped(dst, r.Target.Raw), " HTTP/"...)
	return append(dst, '0'+r.Version.Major, '.', '0'+r.Version.Minor)
}

//starter:omit
func appendUser(dst []byte, user string) []byte {
	if user == "" {
		return append(dst, '-')
	}
	safe := AppendEscaped(nil, []byte(user))
	return append(dst, bytes.ReplaceAll(safe, []byte(" "), []byte(`\x20`))...)
}

//starter:omit
func appendQuoted(dst, value []byte) []byte {
	if len(value) == 0 {
		return append(dst, ` "-"`...)
	}
	return append(AppendEscaped(append(dst, ' ', '"'), value), '"')
}
