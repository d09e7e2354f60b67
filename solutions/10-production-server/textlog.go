package server

import (
	"bytes"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
)

// TextLog writes to out what middleware.AccessLog writes with a slog.TextHandler, byte
// for byte, at a fifth of the cost: a slog.Record is made for any attributes and any
// handler, and these are always the same ones. Each line is one call of out.Write, and
// never two calls at once. Its errors are dropped: a full disk must not stop the server.
func TextLog(out io.Writer) keepalive.Middleware {
	l := &textLog{out: out}
	return middleware.Observe(l.write)
}

// A textLog has the lines of an access log written one after another.
type textLog struct {
	out io.Writer

	mu     sync.Mutex
	line   []byte
	second int64  // that stamp is for
	stamp  []byte // a time without its milliseconds, which are put in at millis
}

// millis is where a stamp has its milliseconds.
const millis = len("time=2006-01-02T15:04:05.")

func (l *textLog) write(e *middleware.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := e.Request
	b := l.appendTime(l.line[:0], e.Began.Add(e.Duration))
	if e.Status >= 500 && r.Fault == nil {
		b = append(b, " level=ERROR"...)
	} else {
		b = append(b, " level=INFO"...)
	}
	b = appendTextString(append(b, " msg=request method="...), r.Method)
	b = appendText(append(b, " target="...), r.Target.Raw)
	b = strconv.AppendInt(append(b, " status="...), int64(e.Status), 10)
	b = strconv.AppendInt(append(b, " bytes="...), e.Bytes, 10)
	b = append(append(b, " duration="...), e.Duration.String()...)
	b = append(b, " remote="...)
	switch a := r.RemoteAddr.(type) {
	case nil:
		b = append(b, '-')
	case interface{ AddrPort() netip.AddrPort }:
		b = a.AddrPort().Addr().Unmap().AppendTo(b)
	default:
		b = appendTextString(b, a.String())
	}
	b = appendTextString(append(b, " id="...), middleware.ID(r.Context()))
	b = appendText(append(b, " agent="...), r.Header.Value("User-Agent"))
	if e.Aborted {
		b = append(b, " aborted=true"...)
	}
	if r.Fault != nil {
		b = appendTextString(append(b, " fault="...), r.Fault.Error())
	}
	l.line = append(b, '\n')
	l.out.Write(l.line)
}

// appendTime appends t to the millisecond. All but that is made once a second.
func (l *textLog) appendTime(dst []byte, t time.Time) []byte {
	if second := t.Unix(); second != l.second || l.stamp == nil {
		l.second = second
		l.stamp = t.AppendFormat(l.stamp[:0], "time=2006-01-02T15:04:05.000Z07:00")
	}
	ms := t.Nanosecond() / 1e6
	at := len(dst) + millis
	dst = append(dst, l.stamp...)
	dst[at], dst[at+1], dst[at+2] = byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10)
	return dst
}

// appendText appends what a client has sent as a value: escaped as
// middleware.AppendEscaped does, and then in quotes as a slog.TextHandler would put it,
// which doubles the backslashes.
func appendText(dst, value []byte) []byte {
	if len(value) > 0 && bytes.IndexByte(value, ' ') < 0 && bytes.IndexByte(value, '=') < 0 {
		return middleware.AppendEscaped(dst, value)
	}
	dst = append(dst, '"')
	begin := len(dst)
	dst = middleware.AppendEscaped(dst, value)
	if bytes.IndexByte(dst[begin:], '\\') >= 0 {
		dst = append(dst[:begin], bytes.ReplaceAll(dst[begin:], []byte(`\`), []byte(`\\`))...)
	}
	return append(dst, '"')
}

// appendTextString is appendText for a string.
func appendTextString(dst []byte, value string) []byte { return appendText(dst, []byte(value)) }
