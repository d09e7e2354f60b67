package echo

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"
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

	mu                sync.Mutex
	stopping, expired context.Context // shutdown has begun; its time is up
	stop, expire      context.CancelFunc
	running           sync.WaitGroup // handlers, and calls of Serve
}

// lock locks s.mu, and makes the contexts if nobody has.
func (s *Server) lock() {
	s.mu.Lock()
	if s.stop == nil {
		s.stopping, s.stop = context.WithCancel(context.Background())
		s.expired, s.expire = context.WithCancel(context.Background())
	}
}

func (s *Server) logError(msg string, args ...any) {
	cmp.Or(s.ErrorLog, slog.Default()).Error(msg, args...)
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
	defer ln.Close()
	s.lock()
	if s.stopping.Err() != nil {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	defer context.AfterFunc(s.stopping, func() { ln.Close() })()
	for wait := minWait; ; {
		conn, err := ln.Accept()
		if err == nil {
			wait = minWait
			s.running.Go(func() { s.handle(conn) })
			continue
		}
		if s.stopping.Err() != nil {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		s.logError("accept failed", "error", err, "wait", wait)
		select {
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		case <-s.stopping.Done():
			return ErrServerClosed
		}
	}
}

const minWait = 5 * time.Millisecond

func (s *Server) handle(conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(s.expired, func() { conn.Close() })()
	defer func() {
		if v := recover(); v != nil {
			s.logError("handler panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	s.Handler(s.stopping, conn)
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
	s.lock()
	s.stop()
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.expire()
		return ctx.Err()
	}
}
