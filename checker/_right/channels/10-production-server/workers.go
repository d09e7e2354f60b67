package server

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
	"barewire/steps/05-thread-pool"
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
//   - If that finds a [reqline.ProtocolError] in the content, its status is the answer,
//     and neither a worker nor the handler sees the request. After any other error the
//     handler still gets what there was, and then the error.
//   - A handler that panics does so on the goroutine that called, where Recover or
//     the connection takes care of it.
func Workers(p *pool.Pool, wait time.Duration) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			a := takeAhead(r)
			if a != nil {
				defer a.putBack(r)
				if wrong, ok := errors.AsType[*reqline.ProtocolError](a.err); ok {
					keepalive.Error(w, wrong.Status)
					return
				}
			}
			// Not the request's context: that is done when the server is told to
			// stop, and this request has been accepted.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), wait)
			defer cancel()
			if p.Run(ctx, func() { next.ServeHTTP(w, r) }) != nil {
				busy(w)
			}
		})
	}
}

// busy answers where there is no worker.
func busy(w keepalive.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	keepalive.Error(w, 503)
}

// An aheadBody is content of which the beginning has been read already.
type aheadBody struct {
	body io.Reader
	buf  []byte // MaxAhead bytes
	left []byte // in buf, for the handler
	err  error  // behind left
}

var aheads = sync.Pool{New: func() any { return &aheadBody{buf: make([]byte, MaxAhead)} }}

// takeAhead reads the beginning of a request's content, and puts it in the place of
// its Body. It returns nil if there is nothing to read.
func takeAhead(r *keepalive.Request) *aheadBody {
	if !r.Framing.Chunked && r.Framing.Length == 0 || r.Header.HasMember("Expect", "100-continue") && r.Version != reqline.HTTP10 {
		return nil
	}
	a := aheads.Get().(*aheadBody)
	a.body = r.Body
	n := 0
	for n < len(a.buf) && a.err == nil {
		var more int
		more, a.err = r.Body.Read(a.buf[n:])
		n += more
	}
	a.left = a.buf[:n]
	r.Body = a
	return a
}

func (a *aheadBody) Read(p []byte) (int, error) {
	if len(a.left) > 0 {
		n := copy(p, a.left)
		a.left = a.left[n:]
		return n, nil
	}
	if a.err != nil {
		return 0, a.err
	}
	return a.body.Read(p)
}

func (a *aheadBody) putBack(r *keepalive.Request) {
	r.Body = a.body
	*a = aheadBody{buf: a.buf}
	aheads.Put(a)
}

// Blocking runs f on a worker of p, a pool for work that blocks: one with as many
// workers as whatever f waits for can take, such as connections to a database. It
// waits for f, but not in the queue for longer than the deadline of the request's
// context, if it has one. If f cannot be run, it has answered with 503 and returns
// false. A panic in f is the handler's.
func Blocking(p *pool.Pool, w keepalive.ResponseWriter, r *keepalive.Request, f func(ctx context.Context)) bool {
	ctx := context.WithoutCancel(r.Context())
	if deadline, ok := r.Context().Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	err := p.Do(ctx, func() { f(r.Context()) })
	if panicked, ok := errors.AsType[*pool.PanicError](err); ok {
		if panicked.Value == nil { // runtime.Goexit
			panic(panicked)
		}
		panic(panicked.Value)
	}
	if err != nil {
		busy(w)
	}
	return err == nil
}
