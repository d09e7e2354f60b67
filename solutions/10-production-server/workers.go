package server

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/05-thread-pool"
)

// MaxAhead is how much of a request's content is read before a worker is taken, in
// bytes: a client that sends slowly keeps no worker waiting until it has sent more
// than that.
const MaxAhead = 16 << 10

// Workers has requests handled by the workers of p. A worker belongs to a request in
// progress and never to a connection: one that is idle, that has sent half a head,
// or that takes its time to read a response which is short enough to be handed to
// the connection at once, costs none.
//
//   - When the pool is full, or no worker is free within wait (which is above zero and
//     does not depend on the request's context), the answer is 503
//     with Retry-After (RFC 9110 §15.6.4), and the connection can be used further.
//   - Up to [MaxAhead] bytes of content are read first, unless the client waits for
//     a 100 (RFC 9110 §10.1.1): whether to send that is for the handler to say.
//     They are no longer in the connection: a handler that takes it over (see
//     [keepalive.Hijack]) reads them from Body first.
//   - If that finds a [reqline.ProtocolError] in the content, its status is the answer,
//     and neither a worker nor the handler sees the request. After any other error the
//     handler still gets what there was, and then the error.
//   - A handler that panics does so on the goroutine that called, where Recover or
//     the connection takes care of it.
//
//starter:todo 10.6 Pool.Run, and three things that may come of it.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func Workers(p *pool.Pool, wait time.Duration) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		calls := sync.Pool{New: func() any {
			c := &call{next: next}
			c.run = func() { c.next.ServeHTTP(c.w, c.r) }
			return c
		}}
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			c := calls.Get().(*call)
			c.w, c.r = w, r
			err := c.do(p, wait)
			c.w, c.r = nil, nil
			calls.Put(c)
			answer(w, err)
		})
	}
}

// answer says what has become of a request that the pool did not handle well.
//
//starter:omit
func answer(w keepalive.ResponseWriter, err error) {
	if err == nil {
		return
	}
	if failed, ok := errors.AsType[*pool.PanicError](err); ok {
		panic(failed)
	}
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	keepalive.Error(w, 503)
}

// retryAfter is how long a client is asked to wait before it tries again, in seconds.
//
//starter:omit
const retryAfter = 1

// A call is one request on its way through the pool. It is used again, so that a
// request allocates nothing.
//
//starter:omit
type call struct {
	next  keepalive.Handler
	w     keepalive.ResponseWriter
	r     *keepalive.Request
	run   func()
	ahead ahead

	patience *patience
}

//starter:omit
func (c *call) do(p *pool.Pool, wait time.Duration) error {
	if f := c.r.Framing; (f.Chunked || f.Length > 0) && !c.r.Header.Has("Expect") {
		body := c.r.Body
		c.ahead.fill(body)
		if broken, ok := errors.AsType[*reqline.ProtocolError](c.ahead.err); ok {
			keepalive.Error(c.w, broken.Status)
			return nil
		}
		c.r.Body = &c.ahead
		defer func() { c.r.Body = body }()
	}
	// Not the request's context: that is done when the server is told to stop,
	// and a request that was accepted is answered even then.
	if c.patience == nil {
		c.patience = &patience{over: make(chan struct{})}
	}
	c.patience.wait = wait
	err := p.Run(c.patience, c.run)
	if !c.patience.end() {
		c.patience = nil
	}
	return err
}

// A patience is a context that is done a while after somebody has begun to wait for
// it: most requests never do. Unlike those of context, it can be used again if it was
// not done.
//
//starter:omit
type patience struct {
	wait  time.Duration
	timer *time.Timer // nil while nobody waits
	over  chan struct{}
}

// end says whether p can be used again.
//
//starter:omit
func (p *patience) end() bool {
	timer := p.timer
	p.timer = nil
	return timer == nil || timer.Stop()
}

//starter:omit
func (p *patience) Deadline() (time.Time, bool) { return time.Time{}, false }

//starter:omit
func (p *patience) Done() <-chan struct{} {
	if p.timer == nil {
		p.timer = time.AfterFunc(p.wait, func() { close(p.over) })
	}
	return p.over
}

//starter:omit
func (p *patience) Value(any) any { return nil }

//starter:omit
func (p *patience) Err() error {
	select {
	case <-p.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// ahead is the content of a request of which the beginning has been read.
//
//starter:omit
type ahead struct {
	buf  [MaxAhead]byte
	rest []byte // of buf
	err  error  // that comes behind it
	body io.Reader
}

// fill reads from body until it ends or the buffer is full.
//
//starter:omit
func (a *ahead) fill(body io.Reader) {
	n := 0
	a.err, a.body = nil, body
	for n < len(a.buf) && a.err == nil {
		var m int
		m, a.err = body.Read(a.buf[n:])
		n += m
	}
	a.rest = a.buf[:n]
}

//starter:omit
func (a *ahead) Read(p []byte) (int, error) {
	if len(a.rest) > 0 {
		n := copy(p, a.rest)
		a.rest = a.rest[n:]
		return n, nil
	}
	if a.err != nil {
		return 0, a.err
	}
	return a.body.Read(p)
}

// Blocking runs f on a worker of p, a pool for work that blocks: one with as many
// workers as whatever f waits for can take, such as connections to a database. It
// waits for f, but not in the queue for longer than the deadline of the request's
// context, if it has one; that the context is done because the server stops changes
// nothing, for a request that was accepted is answered. If f cannot be run, it has
// answered with 503 and returns false. A panic in f is the handler's.
//
//starter:todo 10.6 Pool.Do, and the same three things, for a part of a handler.
func Blocking(p *pool.Pool, w keepalive.ResponseWriter, r *keepalive.Request, f func(ctx context.Context)) bool {
	ctx := context.WithoutCancel(r.Context())
	if deadline, ok := r.Context().Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	err := p.Do(ctx, func() { f(r.Context()) })
	answer(w, err)
	return err == nil
}
