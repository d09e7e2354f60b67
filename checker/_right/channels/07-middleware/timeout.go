package middleware

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
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
func Timeout(d time.Duration) keepalive.Middleware {
	if d <= 0 {
		panic("middleware: Timeout without time")
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			t := &timed{rec: record(w), body: r.Body, deadline: time.Now().Add(d)}
			t.serve(next, r)
			switch {
			case !t.late():
			case t.rec.Status() == 0:
				instead(t.rec, 503)
			case t.cut.Load():
				panic("middleware: the time was over in the middle of a response")
			}
		})
	}
}

// serve calls the handler with a context, a Body and a writer that end in time, and
// puts back what was there.
func (t *timed) serve(next keepalive.Handler, r *keepalive.Request) {
	before := r.Context()
	ctx, cancel := context.WithDeadline(before, t.deadline)
	r.SetContext(ctx)
	r.Body = (*timedBody)(t)
	defer func() {
		r.Body = t.body
		if now := r.Context(); now != ctx {
			r.SetContext(settled{before, now})
		} else {
			r.SetContext(before)
		}
		cancel()
	}()
	next.ServeHTTP((*timedWriter)(t), r)
}

// A settled context is what it was before, with the values of another one.
type settled struct {
	context.Context
	values context.Context
}

func (s settled) Value(key any) any { return s.values.Value(key) }

// A timed is one request under the clock.
type timed struct {
	rec      *Recorder
	body     io.Reader
	deadline time.Time

	cut    atomic.Bool // something of the response was refused
	unread atomic.Bool // a Read of Body was
}

func (t *timed) late() bool { return !time.Now().Before(t.deadline) }

type timedBody timed

func (b *timedBody) Read(p []byte) (int, error) {
	if (*timed)(b).late() {
		b.unread.Store(true)
		return 0, context.DeadlineExceeded
	}
	return b.body.Read(p)
}

type timedWriter timed

func (w *timedWriter) late() bool { return (*timed)(w).late() }

func (w *timedWriter) Unwrap() keepalive.ResponseWriter { return w.rec }

func (w *timedWriter) Header() *message.Header { return w.rec.Header() }

func (w *timedWriter) WriteHeader(status int) {
	if !w.late() {
		w.rec.WriteHeader(status)
	}
}

func (w *timedWriter) Write(content []byte) (int, error) {
	if w.late() {
		w.cut.Store(true)
		return 0, context.DeadlineExceeded
	}
	return w.rec.Write(content)
}

func (w *timedWriter) Flush() error {
	if w.late() {
		return context.DeadlineExceeded
	}
	return w.rec.Flush()
}

func (w *timedWriter) ReadFrom(src io.Reader) (int64, error) {
	if w.late() {
		w.cut.Store(true)
		return 0, context.DeadlineExceeded
	}
	w.unread.Store(false)
	n, err := w.rec.ReadFrom(src)
	if w.unread.Load() {
		w.cut.Store(true)
	}
	return n, err
}

func (w *timedWriter) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if w.late() {
		return context.DeadlineExceeded
	}
	return w.rec.Hijack(talk)
}
