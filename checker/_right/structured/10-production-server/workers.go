package server

import (
	"bytes"
	"context"
	"errors"
	"io"
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
			body := r.Body
			defer func() { r.Body = body }()
			if !r.Header.HasMember("Expect", "100-continue") && (r.Framing.Chunked || r.Framing.Length > 0) {
				ahead, err := readAhead(body)
				if wrong, ok := errors.AsType[*reqline.ProtocolError](err); ok {
					keepalive.Error(w, wrong.Status)
					return
				}
				r.Body = ahead
			}
			// Not the request's own context: that one ends when the server stops, and
			// this request has been accepted.
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			if p.Run(ctx, func() { next.ServeHTTP(w, r) }) != nil {
				unavailable(w)
			}
		})
	}
}

func unavailable(w keepalive.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	keepalive.Error(w, 503)
}

// readAhead reads up to MaxAhead bytes of a body, and returns one that begins with
// them, and how reading has ended, if it has.
func readAhead(body io.Reader) (io.Reader, error) {
	var ahead bytes.Buffer
	n, err := ahead.ReadFrom(io.LimitReader(body, MaxAhead))
	switch {
	case err != nil:
		return io.MultiReader(&ahead, failing{err}), err
	case n < MaxAhead:
		return &ahead, nil
	}
	return io.MultiReader(&ahead, body), nil
}

// failing is a reader that cannot read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Blocking runs f on a worker of p, a pool for work that blocks: one with as many
// workers as whatever f waits for can take, such as connections to a database. It
// waits for f, but not in the queue for longer than the deadline of the request's
// context, if it has one. If f cannot be run, it has answered with 503 and returns
// false. A panic in f is the handler's.
func Blocking(p *pool.Pool, w keepalive.ResponseWriter, r *keepalive.Request, f func(ctx context.Context)) bool {
	queue := context.Background()
	if deadline, ok := r.Context().Deadline(); ok {
		var cancel context.CancelFunc
		queue, cancel = context.WithDeadline(queue, deadline)
		defer cancel()
	}
	err := p.Do(queue, func() { f(r.Context()) })
	if panicked, ok := errors.AsType[*pool.PanicError](err); ok {
		panic(panicked)
	}
	if err != nil {
		unavailable(w)
	}
	return err == nil
}
