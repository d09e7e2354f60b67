package middleware

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

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
		panic(fmt.Sprintf("middleware: Timeout(%v)", d))
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			deadline := time.Now().Add(d)
			body := &timedBody{body: r.Body, deadline: deadline}
			tw := &timedWriter{Recorder: NewRecorder(w), body: body, deadline: deadline}

			before := r.Context()
			ctx, cancel := context.WithDeadline(before, deadline)
			defer cancel()
			r.SetContext(ctx)
			r.Body = body
			defer func() {
				r.Body = body.body
				r.SetContext(mixedContext{Context: before, values: context.WithoutCancel(r.Context())})
			}()
			next.ServeHTTP(tw, r)

			switch {
			case !late(deadline):
			case tw.Status() == 0:
				answerInstead(w, 503)
			case tw.cutOff:
				panic("middleware: time is up in the middle of a response")
			}
		})
	}
}

func late(deadline time.Time) bool { return !time.Now().Before(deadline) }

// A mixedContext ends as one context does and has the values of another one too.
type mixedContext struct {
	context.Context
	values context.Context
}

func (c mixedContext) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// A timedBody can be read until its deadline.
type timedBody struct {
	body     io.Reader
	deadline time.Time
	refused  int
}

func (b *timedBody) Read(p []byte) (int, error) {
	if late(b.deadline) {
		b.refused++
		return 0, context.DeadlineExceeded
	}
	return b.body.Read(p)
}

// A timedWriter can be written to until its deadline.
type timedWriter struct {
	*Recorder
	body     *timedBody
	deadline time.Time
	cutOff   bool // content is missing
}

func (w *timedWriter) WriteHeader(status int) {
	if !late(w.deadline) {
		w.Recorder.WriteHeader(status)
	}
}

func (w *timedWriter) Write(content []byte) (int, error) {
	if late(w.deadline) {
		w.cutOff = true
		return 0, context.DeadlineExceeded
	}
	return w.Recorder.Write(content)
}

func (w *timedWriter) Flush() error {
	if late(w.deadline) {
		return context.DeadlineExceeded
	}
	return w.Recorder.Flush()
}

func (w *timedWriter) ReadFrom(src io.Reader) (int64, error) {
	if late(w.deadline) {
		w.cutOff = true
		return 0, context.DeadlineExceeded
	}
	refused := w.body.refused
	n, err := w.Recorder.ReadFrom(src)
	if w.body.refused > refused {
		w.cutOff = true
	}
	return n, err
}

func (w *timedWriter) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if late(w.deadline) {
		return context.DeadlineExceeded
	}
	return w.Recorder.Hijack(talk)
}
