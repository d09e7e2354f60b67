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

	mu        sync.Mutex
	ready     bool // the fields below are made
	ctx       context.Context
	cancel    context.CancelFunc
	listeners map[net.Listener]bool
	conns     map[net.Conn]bool
	expired   bool // the time of a Shutdown is up

	running sync.WaitGroup // calls of Serve, and handlers
}

// setUp makes the fields that a zero Server does not have. s.mu is held.
func (s *Server) setUp() {
	if s.ready {
		return
	}
	s.ready = true
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.listeners = map[net.Listener]bool{}
	s.conns = map[net.Conn]bool{}
}

func (s *Server) log() *slog.Logger {
	if s.ErrorLog != nil {
		return s.ErrorLog
	}
	return slog.Default()
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

	s.mu.Lock()
	s.setUp()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.listeners[ln] = true
	s.running.Add(1)
	s.mu.Unlock()

	defer s.running.Done()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, ln)
		s.mu.Unlock()
	}()

	pause := 5 * time.Millisecond
	for {
		conn, err := ln.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			s.running.Add(1)
			go s.handle(conn)
			continue
		}
		if s.ctx.Err() != nil {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		s.log().Error("accept failed", "err", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return ErrServerClosed
		}
		pause = min(2*pause, time.Second)
	}
}

func (s *Server) handle(conn net.Conn) {
	defer s.running.Done()
	defer conn.Close()
	defer func() {
		if v := recover(); v != nil {
			s.log().Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()

	s.mu.Lock()
	if s.expired {
		s.mu.Unlock()
		return
	}
	s.conns[conn] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()

	s.Handler(s.ctx, conn)
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
	s.mu.Lock()
	s.setUp()
	s.cancel()
	for ln := range s.listeners {
		ln.Close()
	}
	s.mu.Unlock()

	allDone := make(chan struct{})
	go func() {
		s.running.Wait()
		close(allDone)
	}()

	select {
	case <-allDone:
		return nil
	case <-ctx.Done():
	}

	s.mu.Lock()
	s.expired = true
	conns := []net.Conn{}
	for conn := range s.conns {
		conns = append(conns, conn)
	}
	s.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
	}
	return ctx.Err()
}
