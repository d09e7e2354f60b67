package server

import (
	"context"
	"time"

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
//     They are no longer in the connection: a handler that takes it over (see
//     [keepalive.Hijack]) reads them from Body first.
//   - If that finds a [reqline.ProtocolError] in the content, its status is the answer,
//     and neither a worker nor the handler sees the request. After any other error the
//     handler still gets what there was, and then the error.
//   - A handler that panics does so on the goroutine that called, where Recover or
//     the connection takes care of it.
func Workers(p *pool.Pool, wait time.Duration) keepalive.Middleware {
	// TODO 10.6: Pool.Run, and three things that may come of it.
	return func(next keepalive.Handler) keepalive.Handler { return next }
}

// Blocking runs f on a worker of p, a pool for work that blocks: one with as many
// workers as whatever f waits for can take, such as connections to a database. It
// waits for f, but not in the queue for longer than the deadline of the request's
// context, if it has one; that the context is done because the server stops changes
// nothing, for a request that was accepted is answered. If f cannot be run, it has
// answered with 503 and returns false. A panic in f is the handler's.
func Blocking(p *pool.Pool, w keepalive.ResponseWriter, r *keepalive.Request, f func(ctx context.Context)) bool {
	// TODO 10.6: Pool.Do, and the same three things, for a part of a handler.
	return false
}
