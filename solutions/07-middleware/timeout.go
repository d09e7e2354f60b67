package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"barewire/solutions/04-keep-alive"
)

// Timeout gives handlers the time d for a request; d must be above zero, or it
// panics. It cannot stop a handler: Go has no way to end a goroutine, and to answer
// while the handler still runs would hand its request's bytes to the next one. It
// makes everything fail that a handler does with the request or the response, so
// that a handler which looks at its errors returns soon.
//
// From the deadline on, the request's context is done, and each Read of Body, and
// each Write, Flush, ReadFrom and Hijack that begins, returns
// context.DeadlineExceeded; WriteHeader does nothing. A Read or Write that has begun
// ends when it ends, for which the server has deadlines of its own.
//
// If the handler returns after the deadline and its response has not begun, the
// client gets a 503, without the fields that [Recover] takes off. If it has begun
// and a Write or ReadFrom was refused, or a ReadFrom ended early because the Body that
// it read from was refused (as in io.Copy(w, r.Body)), Timeout panics, so that the
// server cuts the response off (see [Recover]). A handler that returns in time is left
// alone, also if it has written nothing.
//
// Only the time counts: a context that is done because the server stops changes
// nothing, since requests in progress are to be answered. Afterwards, also after a
// panic, the request has its Body back, and a context that ends when the one before
// did (and not at the deadline), with the values that the handler has put into its own.
//
//starter:todo 7.9 A context, a reader and a writer that look at the clock; put back what was there.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func Timeout(d time.Duration) keepalive.Middleware {
	if d <= 0 {
		panic("middleware: no time: " + d.String())
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			serveTimed(d, next, w, r)
		})
	}
}

//starter:omit
func serveTimed(d time.Duration, next keepalive.Handler, w keepalive.ResponseWriter, r *keepalive.Request) {
	before, body := r.Context(), r.Body
	t := &timedWriter{Recorder: Recorder{w: w}, deadline: time.Now().Add(d)}
	ctx, cancel := context.WithDeadline(before, t.deadline)
	defer func() {
		cancel()
		r.Body = body
		if now := r.Context(); now == ctx {
			r.SetContext(before)
		} else {
			r.SetContext(endsAndValues{before, now})
		}
	}()
	r.SetContext(ctx)
	r.Body = &timedReader{body, t}
	next.ServeHTTP(t, r)
	switch {
	case t.Status() == 0 && t.late():
		fail(w, 503)
	case t.refused:
		panic(fmt.Errorf("http: the handler took longer than %v: %w", d, context.DeadlineExceeded))
	}
}

// A timedWriter is a ResponseWriter until its deadline.
//
//starter:omit
type timedWriter struct {
	Recorder
	deadline time.Time
	refused  bool // content was
}

//starter:omit
func (t *timedWriter) late() bool { return !time.Now().Before(t.deadline) }

//starter:omit
func (t *timedWriter) WriteHeader(status int) {
	if !t.late() {
		t.Recorder.WriteHeader(status)
	}
}

//starter:omit
func (t *timedWriter) Write(content []byte) (int, error) {
	if t.late() {
		t.refused = true
		return 0, context.DeadlineExceeded
	}
	return t.Recorder.Write(content)
}

//starter:omit
func (t *timedWriter) ReadFrom(src io.Reader) (int64, error) {
	if t.late() {
		t.refused = true
		return 0, context.DeadlineExceeded
	}
	n, err := t.Recorder.ReadFrom(src)
	if t.late() && errors.Is(err, context.DeadlineExceeded) {
		t.refused = true // src is Body, or ends in it: there was more to come
	}
	return n, err
}

//starter:omit
func (t *timedWriter) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if t.late() {
		return context.DeadlineExceeded
	}
	return t.Recorder.Hijack(talk)
}

//starter:omit
func (t *timedWriter) Flush() error {
	if t.late() {
		return context.DeadlineExceeded // nothing is lost: the server flushes
	}
	return t.Recorder.Flush()
}

//starter:omit
type timedReader struct {
	from io.Reader
	t    *timedWriter
}

//starter:omit
func (b *timedReader) Read(p []byte) (int, error) {
	if b.t.late() {
		return 0, context.DeadlineExceeded
	}
	return b.from.Read(p)
}

// An endsAndValues is a context that ends when one does and has the values of
// another.
//
//starter:omit
type endsAndValues struct {
	context.Context
	values context.Context
}

//starter:omit
func (c endsAndValues) Value(key any) any { return c.values.Value(key) }
