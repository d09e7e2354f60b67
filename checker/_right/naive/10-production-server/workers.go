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
			if !waitsFor100(r) {
				ahead, err := readAhead(body)
				if fault, ok := errors.AsType[*reqline.ProtocolError](err); ok {
					keepalive.Error(w, fault.Status)
					return
				}
				if err != nil { // io.EOF too
					r.Body = io.MultiReader(bytes.NewReader(ahead), failing{err})
				} else {
					r.Body = io.MultiReader(bytes.NewReader(ahead), body)
				}
			}

			// Not the request's context: that ends when the server stops.
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			err := p.Run(ctx, func() { next.ServeHTTP(w, r) })
			if err != nil {
				unavailable(w)
			}
		})
	}
}

func waitsFor100(r *keepalive.Request) bool {
	return r.Version != reqline.HTTP10 && r.Header.HasMember("Expect", "100-continue")
}

// readAhead reads up to MaxAhead bytes.
func readAhead(body io.Reader) ([]byte, error) {
	ahead := []byte{}
	for len(ahead) < MaxAhead {
		piece := make([]byte, min(4096, MaxAhead-len(ahead)))
		n, err := body.Read(piece)
		ahead = append(ahead, piece[:n]...)
		if err != nil {
			return ahead, err
		}
	}
	return ahead, nil
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func unavailable(w keepalive.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	keepalive.Error(w, 503)
}

// Blocking runs f on a worker of p, a pool for work that blocks: one with as many
// workers as whatever f waits for can take, such as connections to a database. It
// waits for f, but not in the queue for longer than the deadline of the request's
// context, if it has one. If f cannot be run, it has answered with 503 and returns
// false. A panic in f is the handler's.
func Blocking(p *pool.Pool, w keepalive.ResponseWriter, r *keepalive.Request, f func(ctx context.Context)) bool {
	ctx := context.Background()
	if deadline, ok := r.Context().Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	err := p.Do(ctx, func() { f(r.Context()) })
	if err == nil {
		return true
	}
	if e, ok := errors.AsType[*pool.PanicError](err); ok {
		if e.Value == nil {
			panic(e)
		}
		panic(e.Value)
	}
	unavailable(w)
	return false
}
