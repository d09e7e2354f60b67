package echo

import (
	"context"
	"errors"
	"log/slog"
	"net"
)

// ErrServerClosed is what Serve returns after Shutdown: the server has stopped
// because it was asked to.
var ErrServerClosed = errors.New("echo: server closed")

// A Server accepts connections and runs its Handler on each of them. It must
// not be copied. One that has been shut down cannot be used again.
type Server struct {
	// Handler talks on each connection. It must be set before Serve.
	Handler Handler

	// ErrorLog is told of accept errors and of handlers that panic.
	// If it is nil, slog.Default() is.
	ErrorLog *slog.Logger
}

// Serve accepts connections on ln and runs the Handler on each in a goroutine
// of its own; it closes the connection when the Handler has returned. A Handler
// that panics costs its own connection and no more: Serve recovers the panic
// and logs it.
//
// When Accept fails, for example since the process has too many files open,
// Serve logs the error, waits and tries again: first after 5 ms, after twice as
// long for each further error in a row, but never after more than 1 s. A
// connection that is accepted sets the wait back to 5 ms.
//
// Serve closes ln before it returns, and always returns an error: ErrServerClosed
// after Shutdown, otherwise that of Accept once ln was closed by somebody else
// (errors.Is(err, net.ErrClosed)). It does not wait for the handlers; Shutdown
// does.
func (s *Server) Serve(ln net.Listener) error {
	// TODO 1.3: Accept in a loop; give each connection a goroutine that calls the Handler, then closes.
	// TODO 1.4: An error of Accept is not the end, unless ln is closed: wait and try again.
	return errors.New("task 1.3 is not written yet")
}

// Shutdown stops the server without cutting anybody off: it closes the
// listeners, tells the handlers through their context, and returns nil when
// every connection that was accepted has been handled and closed.
//
// If ctx ends first, Shutdown closes the connections that are left and returns
// ctx.Err() at once. It does not wait for their handlers then: they end soon,
// as their reads and writes fail, and one that waits for something else must
// not hold up a program that wants to end.
//
// Shutdown may be called at any time, several times and at the same time; a
// Serve that comes after it returns ErrServerClosed.
func (s *Server) Shutdown(ctx context.Context) error {
	// TODO 1.5: Close the listener, tell the handlers, and wait for all of them or for ctx.
	return errors.New("task 1.5 is not written yet")
}
