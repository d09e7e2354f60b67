package echo

import (
	"context"
	"errors"
	"log/slog"
	"net"
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
	ctx       context.Context
	cancel    context.CancelFunc
	listeners map[net.Listener]bool
	conns     map[net.Conn]bool
	stopped   bool
	expired   bool
	wg        sync.WaitGroup
}

// init is called with mu locked.
func (s *Server) init() {
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.listeners = map[net.Listener]bool{}
		s.conns = map[net.Conn]bool{}
	}
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
	s.init()
	if s.stopped {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.listeners[ln] = true
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	pause := 5 * time.Millisecond
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.stopped {
				return ErrServerClosed
			}
			return err
		}
		if err != nil {
			s.log().Error("accept failed", "err", err)
			select {
			case <-time.After(pause):
			case <-s.ctx.Done():
				return ErrServerClosed
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		s.mu.Lock()
		if s.expired {
			conn.Close()
		} else {
			s.conns[conn] = true
			s.wg.Add(1)
			go s.handle(conn)
		}
		s.mu.Unlock()
	}
}

func (s *Server) handle(conn net.Conn) {
	defer s.wg.Done()
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	defer func() {
		if r := recover(); r != nil {
			s.log().Error("handler panicked", "panic", r)
		}
	}()
	s.Handler(s.ctx, conn)
}

func (s *Server) log() *slog.Logger {
	if s.ErrorLog != nil {
		return s.ErrorLog
	}
	return slog.Default()
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
	s.init()
	s.stopped = true
	for ln := range s.listeners {
		ln.Close()
	}
	s.cancel()
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		s.expired = true
		for conn := range s.conns {
			conn.Close()
		}
		s.mu.Unlock()
		return ctx.Err()
	}
}
