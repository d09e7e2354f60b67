package echo

import (
	"context"
	"errors"
	"io"
	"iter"
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

	once    sync.Once
	stop    context.Context // done when Shutdown begins
	begin   context.CancelFunc
	drained chan struct{} // closed when the last one has left and no one may join

	mu     sync.Mutex
	phase  phase
	living map[*member]struct{}
}

// A phase only ever goes up.
type phase uint8

const (
	open     phase = iota
	stopping       // listeners do not join any more, connections do
	expired        // nobody does
)

// A member is whatever keeps the server alive: a listener for as long as its
// Serve runs, a connection for as long as its Handler does. latest is the last
// phase in which such a one may join.
type member struct {
	io.Closer
	latest phase
}

func (s *Server) init() {
	s.stop, s.begin = context.WithCancel(context.Background())
	s.drained = make(chan struct{})
	s.living = make(map[*member]struct{})
}

// join returns nil, and closes c, where it is too late. leave closes c too.
func (s *Server) join(c io.Closer, latest phase) *member {
	s.once.Do(s.init)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase > latest {
		c.Close()
		return nil
	}
	m := &member{c, latest}
	s.living[m] = struct{}{}
	return m
}

func (s *Server) leave(m *member) {
	m.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.living, m)
	if s.phase > open && len(s.living) == 0 {
		close(s.drained)
	}
}

// enter moves the server to phase p and closes the members that must not
// outlive the one before it.
func (s *Server) enter(p phase) {
	s.once.Do(s.init)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase >= p {
		return
	}
	if s.phase == open {
		s.begin()
		if len(s.living) == 0 {
			close(s.drained)
		}
	}
	s.phase = p
	for m := range s.living {
		if m.latest < p {
			m.Close()
		}
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
func (s *Server) Serve(ln net.Listener) (err error) {
	me := s.join(ln, open)
	if me == nil {
		return ErrServerClosed
	}
	defer s.leave(me)
	for conn := range s.arrivals(ln, &err) {
		if m := s.join(conn, stopping); m != nil {
			go s.handle(m, conn)
		}
	}
	return err
}

// arrivals yields connections until the listener is closed, and leaves the
// reason in err.
func (s *Server) arrivals(ln net.Listener, err *error) iter.Seq[net.Conn] {
	const first, longest = 5 * time.Millisecond, time.Second
	return func(yield func(net.Conn) bool) {
		for pause := first; ; {
			conn, e := ln.Accept()
			switch {
			case e == nil:
				pause = first
				if !yield(conn) {
					return
				}
			case s.stop.Err() != nil:
				*err = ErrServerClosed
				return
			case errors.Is(e, net.ErrClosed):
				*err = e
				return
			default:
				s.log().Error("accept failed", "err", e, "pause", pause)
				select {
				case <-time.After(pause):
				case <-s.stop.Done():
				}
				pause = min(2*pause, longest)
			}
		}
	}
}

func (s *Server) handle(m *member, conn net.Conn) {
	defer s.leave(m)
	defer func() {
		if r := recover(); r != nil {
			s.log().Error("handler panicked", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	s.Handler(s.stop, conn)
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
	s.enter(stopping)
	select {
	case <-s.drained:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-s.drained: // both at once
		return nil
	default:
		s.enter(expired)
		return ctx.Err()
	}
}
