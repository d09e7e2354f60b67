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
		panic("middleware: a Timeout that is not above zero")
	}
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		rec := NewRecorder(w)
		g := &gate{Recorder: rec, closes: time.Now().Add(d)}
		defer g.around(r)()
		next(g)
		switch {
		case !g.late():
		case rec.Status() == 0:
			instead(w, 503)
		case g.cut:
			panic("middleware: the time for a response was over in the middle of it")
		}
	})
}

// A gate lets everything through until it closes.
type gate struct {
	*Recorder
	closes  time.Time
	body    io.Reader
	refused bool // a Read of the Body
	cut     bool // content is missing
}

func (g *gate) late() bool { return !time.Now().Before(g.closes) }

// around puts Body and the context of r behind the gate, and returns what puts back
// the ones that were there.
func (g *gate) around(r *keepalive.Request) (restore func()) {
	before, body := r.Context(), r.Body
	ctx, cancel := context.WithDeadline(before, g.closes)
	g.body = body
	r.SetContext(ctx)
	r.Body = gatedBody{g}
	return func() {
		cancel()
		r.Body = body
		switch after := r.Context(); after {
		case ctx:
			r.SetContext(before)
		default:
			r.SetContext(grafted{before, context.WithoutCancel(after)})
		}
	}
}

// grafted has the end of one context and the values of another.
type grafted struct {
	context.Context
	values context.Context
}

func (c grafted) Value(key any) any { return c.values.Value(key) }

// pass calls f unless it is too late.
func pass[N int | int64](g *gate, f func() (N, error)) (N, error) {
	if g.late() {
		return 0, context.DeadlineExceeded
	}
	return f()
}

func (g *gate) WriteHeader(status int) {
	if !g.late() {
		g.Recorder.WriteHeader(status)
	}
}

func (g *gate) Write(content []byte) (int, error) {
	g.cut = g.cut || g.late()
	return pass(g, func() (int, error) { return g.Recorder.Write(content) })
}

func (g *gate) ReadFrom(src io.Reader) (int64, error) {
	g.cut = g.cut || g.late()
	return pass(g, func() (int64, error) {
		was := g.refused
		g.refused = false
		n, err := g.Recorder.ReadFrom(src)
		g.cut = g.cut || g.refused
		g.refused = g.refused || was
		return n, err
	})
}

func (g *gate) Flush() error {
	_, err := pass(g, func() (int, error) { return 0, g.Recorder.Flush() })
	return err
}

func (g *gate) Hijack(talk func(ctx context.Context, nc net.Conn)) error {
	_, err := pass(g, func() (int, error) { return 0, g.Recorder.Hijack(talk) })
	return err
}

type gatedBody struct{ *gate }

func (b gatedBody) Read(p []byte) (int, error) {
	b.refused = b.refused || b.late()
	return pass(b.gate, func() (int, error) { return b.body.Read(p) })
}
