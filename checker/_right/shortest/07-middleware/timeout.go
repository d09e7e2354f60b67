package middleware

import (
	"context"
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
		panic("middleware: Timeout without time")
	}
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		t := &timed{Recorder: Recorder{w: w}, body: r.Body, deadline: time.Now().Add(d)}
		old := r.Context()
		ctx, cancel := context.WithDeadline(old, t.deadline)
		defer cancel()
		r.SetContext(ctx)
		r.Body = timedBody{t}
		defer func() {
			r.Body = t.body
			r.SetContext(restored{old, context.WithoutCancel(r.Context())})
		}()
		next.ServeHTTP(t, r)
		if t.late() == nil {
			return
		}
		if t.Status() == 0 {
			answer(w, 503)
		} else if t.refused {
			panic("middleware: a response was not complete in time")
		}
	})
}

// A restored context ends as the first one, and has the values of the second.
type restored struct {
	context.Context
	values context.Context
}

func (c restored) Value(key any) any { return c.values.Value(key) }

// A timed is a ResponseWriter that refuses everything from its deadline on.
type timed struct {
	Recorder
	body        io.Reader
	deadline    time.Time
	refused     bool // content of the response
	bodyRefused bool
}

func (t *timed) late() error {
	if time.Now().Before(t.deadline) {
		return nil
	}
	return context.DeadlineExceeded
}

func (t *timed) WriteHeader(status int) {
	if t.late() == nil {
		t.Recorder.WriteHeader(status)
	}
}

func (t *timed) Write(content []byte) (int, error) {
	if err := t.late(); err != nil {
		t.refused = true
		return 0, err
	}
	return t.Recorder.Write(content)
}

func (t *timed) Flush() error {
	if err := t.late(); err != nil {
		return err
	}
	return t.Recorder.Flush()
}

func (t *timed) ReadFrom(src io.Reader) (int64, error) {
	if err := t.late(); err != nil {
		t.refused = true
		return 0, err
	}
	n, err := t.Recorder.ReadFrom(src)
	t.refused = t.refused || err != nil && t.bodyRefused
	return n, err
}

func (t *timed) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	if err := t.late(); err != nil {
		return err
	}
	return t.Recorder.Hijack(talk)
}

type timedBody struct{ t *timed }

func (b timedBody) Read(p []byte) (int, error) {
	if err := b.t.late(); err != nil {
		b.t.bodyRefused = true
		return 0, err
	}
	return b.t.body.Read(p)
}
