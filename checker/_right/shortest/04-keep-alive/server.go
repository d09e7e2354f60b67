// Package keepalive serves HTTP/1.1 on one connection: it reads a request, calls
// the handler, writes the response, and goes on with the next request until one
// side is done (RFC 9112 §9).
//
// It leaves out where connections come from (the accept loop of step 1 fits:
// [Server.ServeConn] is an echo.Handler), routing, and what the handler does.
//
// Read persist.go first, which is one rule; then conn.go, which is the loop, and
// request.go and body.go, which it reads into. response.go decides how a response
// is framed, close.go how a connection ends, and hijack.go how it becomes something
// else than HTTP.
package keepalive

import (
	"context"
	"log/slog"
	"net"
	"time"

	"barewire/steps/03-headers-bodies"
)

// How long a connection may make the server wait, unless the Server says
// otherwise. A server without these can be stopped by one client with many
// connections that say nothing.
const (
	// DefaultHeaderTimeout is for all of a head, from its first byte or, on a
	// new connection, from the start. nginx gives it 60 s, Go's own server
	// for ever.
	DefaultHeaderTimeout = 10 * time.Second

	// DefaultIdleTimeout is for the first byte of the next request. nginx has
	// 75 s, browsers close after 60 to 120 s.
	DefaultIdleTimeout = 75 * time.Second

	// DefaultBodyTimeout is for each next piece of content.
	DefaultBodyTimeout = 30 * time.Second

	// DefaultWriteTimeout is for the client to take each next piece of a
	// response, of at most 256 KiB.
	DefaultWriteTimeout = 30 * time.Second
)

// MaxDrain is how many bytes of content that a handler did not read are read and
// thrown away, so that the connection can be used again. Above it, closing the
// connection is cheaper. Go's own server has 256 KiB as well.
const MaxDrain = 256 << 10

// A Server says how connections are served. It may be used by any number of
// connections at once and must not change once it is. Only Handler is needed;
// everything else has a default where it is zero.
type Server struct {
	Handler Handler
	Limits  message.Limits // what one request may cost

	HeaderTimeout time.Duration // DefaultHeaderTimeout
	IdleTimeout   time.Duration // DefaultIdleTimeout
	BodyTimeout   time.Duration // DefaultBodyTimeout
	WriteTimeout  time.Duration // DefaultWriteTimeout

	// ErrorLog is told of panics, and of responses with less content than their
	// Content-Length; slog.Default() if it is nil. What it is told is meant for
	// people and may change.
	ErrorLog *slog.Logger

	// Refused is told of each request that no handler has seen, since ServeConn
	// has refused it: with the status of the answer, which may not have left yet,
	// and the reason in r.Fault. It is called at most once for a connection, which
	// ends then. If the request line could be parsed it is in r, and so is the
	// header section; what could not be parsed is empty. Nil is for nobody.
	Refused func(r *Request, status int)
}

// ServeConn serves the requests that arrive on nc, in order, and closes nc. It
// returns when the connection has ended: the client has closed it or its side of
// it, a message asked for that, a deadline passed, or something was broken.
//
//   - Responses to requests that arrived together leave together, in as few
//     writes as possible, but always before the server waits for more bytes.
//   - A response is the last one if [KeepAlive] is false for its request, or the
//     handler has set "Connection: close"; then it says "Connection: close". An
//     HTTP/1.0 client whose connection goes on is told "Connection: keep-alive".
//   - A request that breaks HTTP/1.1 is answered once, with the status of its
//     [reqline.ProtocolError] and "Connection: close", and nothing behind it is
//     read as a request. So is one that the client ends in the middle (400), and
//     one whose head takes longer than HeaderTimeout (408). A connection that is
//     idle for too long is closed without a word. Refused is told of each answer.
//   - An expectation other than 100-continue is answered with 417 in the same way,
//     and the handler is not called, but Refused is: RFC 9110 §10.1.1 allows it, and
//     nothing else is defined. HTTP/1.0 never gets a 100.
//   - If Body fails and the handler then writes nothing, the response has the
//     status of the error: that of the [reqline.ProtocolError], 400 where the
//     client has left, 408 where it was too slow. It is the last one.
//   - Content that the handler has not read is read and dropped, up to [MaxDrain]
//     bytes and not for longer than BodyTimeout in all; if there is more, the
//     response says "Connection: close" where that is known in time, and the
//     connection ends.
//   - A client that has been told of an error can read it: the server closes its
//     own side (CloseWrite, where the connection has it) and drops what comes
//     until the client has closed its own, for 10 seconds at the very most. A
//     connection that is closed with bytes unread is reset, and a reset destroys
//     what the client has not read yet (RFC 9112 §9.6).
//   - A handler that panics costs its connection and no more: the client gets a
//     500 with none of the handler's fields if nothing of the response was sent,
//     and a response that is visibly cut off otherwise.
//   - Nothing that a handler sets on a Request or a ResponseWriter is left in the
//     next one: not its fields, not Body, RemoteAddr, context or path values.
//   - When ctx is done, an idle connection is closed, at once or after one last
//     look of 50 ms at most: a request may just have arrived. One that has not had
//     any request yet gets a second for it: the client was told that it is
//     connected, and would not send its request again. Requests that have arrived
//     are still answered, the last one with "Connection: close". What the handler
//     sees as [Request.Context] is ctx.
//   - A client that closes its sending side still gets every answer.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	defer nc.Close()
	c := &conn{srv: s, nc: nc, ctx: ctx, buf: make([]byte, 4096)}
	for c.serveOne() {
	}
}
