package echo

import (
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

	// mu keeps a Serve that begins and a Shutdown that begins apart.
	//
	//starter:omit
	mu sync.Mutex

	// stopping is done when Shutdown has begun, expired when a Shutdown has
	// run out of time. Both are made by init.
	//
	//starter:omit
	stopping, expired context.Context
	//starter:omit
	stop, expire context.CancelFunc

	// running counts the calls of Serve and the handlers. It leaves zero under
	// mu only, before stopping is done; so a Wait that follows misses nothing.
	//
	//starter:omit
	running sync.WaitGroup
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
//
//starter:todo 1.3 Accept in a loop; give each connection a goroutine that calls the Handler, then closes.
//starter:todo 1.4 An error of Accept is not the end, unless ln is closed: wait and try again.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if !s.begin() {
		return ErrServerClosed
	}
	defer s.running.Done()
	defer context.AfterFunc(s.stopping, func() { ln.Close() })()

	var pause backoff
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			// Served even if Shutdown has begun: the client has been told
			// that it is connected, and Shutdown waits for this loop.
			pause.reset()
			s.running.Go(func() { s.handle(conn) })
		case s.stopping.Err() != nil:
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			wait := pause.next()
			s.log().Warn("accept failed", "error", err, "retry_in", wait)
			select {
			case <-time.After(wait):
			case <-s.stopping.Done():
			}
		}
	}
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
//
//starter:todo 1.5 Close the listener, tell the handlers, and wait for all of them or for ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.init()
	s.stop()
	s.mu.Unlock()

	drained := make(chan struct{})
	go func() {
		s.running.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		s.expire()
		return ctx.Err()
	}
}

// begin counts one more Serve, unless Shutdown has begun.
//
//starter:omit
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	if s.stopping.Err() != nil {
		return false
	}
	s.running.Add(1)
	return true
}

// init makes the zero Server work. The caller holds mu.
//
//starter:omit
func (s *Server) init() {
	if s.stopping == nil {
		s.stopping, s.stop = context.WithCancel(context.Background())
		s.expired, s.expire = context.WithCancel(context.Background())
	}
}

// handle runs the Handler on conn and closes it, whatever the Handler does.
//
//starter:omit
func (s *Server) handle(conn net.Conn) {
	defer conn.Close()
	// Nothing can end a goroutine from outside; but once its connection is
	// closed, every Read and Write in it fails.
	defer context.AfterFunc(s.expired, func() { conn.Close() })()
	defer func() {
		// A panic that nobody recovers would end the program, and with it
		// every other connection.
		if p := recover(); p != nil {
			s.log().Error("handler panicked", "client", conn.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	s.Handler(s.stopping, conn)
}

// log returns the logger to use.
//
//starter:omit
func (s *Server) log() *slog.Logger {
	if s.ErrorLog != nil {
		return s.ErrorLog
	}
	return slog.Default()
}
