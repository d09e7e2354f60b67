// Package step01 is step 1 for the exam: a server whose listener and handlers the
// exam controls from afar, and Echo on connections of every kind.
package step01

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	echo "barewire/solutions/01-tcp-echo"

	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("echo.Script", Play)
	wire.Handle("echo.Pauses", Pauses)
	wire.Handle("echo.Woken", Woken)
	wire.HandleSession("echo.Server", newServer)
	wire.HandleSession("echo.Echo", newEcho)
}

// A Server says what a server of the exam is like.
type Server struct {
	Remote bool // its handlers ask the exam what to do; otherwise they are Echo
	Accept bool // the listener asks the exam what Accept returns
	Late   bool // an Accept that waits when the listener is closed still asks the exam: the two race in every real server
	NoLog  bool // there is no ErrorLog
}

// An Accepted is what Accept returns: a connection that the exam opens, or an error.
type Accepted struct {
	Error string // "", "too many files", "closed"
}

// A Command is what a handler does next.
type Command struct {
	Do   string // "read", "write", "return", "panic", "hang"
	Data []byte // to write
	N    int    // bytes to read
}

// A Turn tells the exam of a handler and asks it for a command.
type Turn struct {
	Conn int
	Done bool   // its context is done
	Data []byte // that was read
	Err  bool   // the last read or write failed
}

// newServer makes a server that is ready to serve. The exam may call
//
//	listener  the name of its listener
//	serve     Serve, which returns when that does
//	shutdown  Shutdown with so much time
//	close     closes the listener
func newServer(s *wire.Session, a Server) {
	ln := s.Listen()
	l := &listener{Listener: ln, s: s, remote: a.Accept, late: a.Late, closed: make(chan struct{})}
	srv := &echo.Server{Handler: echo.Echo}
	if !a.NoLog {
		srv.ErrorLog = slog.New(slog.NewTextHandler(logWriter{s}, nil))
	}
	if a.Remote {
		h := &handlers{s: s}
		srv.Handler = h.handle
	}
	s.Defer(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = l.Close()
		_ = srv.Shutdown(ctx)
	})
	wire.On(s, "listener", func(struct{}) string { return ln.Name })
	wire.On(s, "serve", func(struct{}) string { return errName(srv.Serve(l)) })
	wire.On(s, "shutdown", func(d time.Duration) string {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		return errName(srv.Shutdown(ctx))
	})
	wire.On(s, "close", func(struct{}) bool { return l.Close() == nil })
}

// errName is the class of an error of Serve and Shutdown.
func errName(err error) string {
	switch {
	case err == nil:
		return "nil"
	case errors.Is(err, echo.ErrServerClosed):
		return "ErrServerClosed"
	case errors.Is(err, net.ErrClosed):
		return "net.ErrClosed"
	case errors.Is(err, context.DeadlineExceeded):
		return "context.DeadlineExceeded"
	case errors.Is(err, context.Canceled):
		return "context.Canceled"
	}
	return "another error: " + wire.Clip(err.Error())
}

// logWriter tells the exam of each line that is logged.
type logWriter struct{ s *wire.Session }

func (w logWriter) Write(line []byte) (int, error) {
	w.s.Emit("log", wire.Clip(string(line)))
	return len(line), nil
}

// A listener asks the exam what Accept returns, if it is remote.
type listener struct {
	*wire.Listener
	s            *wire.Session
	remote, late bool
	once         sync.Once
	closed       chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	if !l.remote {
		return l.Listener.Accept()
	}
	op := &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed}
	select {
	case <-l.closed:
		return nil, op
	default:
	}
	word := make(chan Accepted, 1)
	go func() {
		a := Accepted{Error: "closed"}
		_ = l.s.Ask("accept", nil, &a)
		word <- a
	}()
	closed := l.closed
	if l.late {
		closed = nil
	}
	select {
	case <-closed:
		return nil, op
	case a := <-word:
		switch a.Error {
		case "too many files":
			op.Err = os.NewSyscallError("accept4", syscall.EMFILE)
			return nil, op
		case "closed":
			return nil, op
		}
	}
	return l.Listener.Accept()
}

// Close implements net.Listener. A remote one stays open for the connection that is
// accepted at that very moment.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.s.Emit("closed", nil)
	})
	if l.remote {
		return nil
	}
	return l.Listener.Close()
}

// handlers ask the exam what to do with their connections.
type handlers struct {
	s    *wire.Session
	mu   sync.Mutex
	last int
}

func (h *handlers) handle(ctx context.Context, conn net.Conn) {
	h.mu.Lock()
	h.last++
	turn := Turn{Conn: h.last}
	h.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { h.s.Emit("told", turn.Conn) })
	defer stop()
	for {
		turn.Done = ctx.Err() != nil
		var c Command
		if h.s.Ask("turn", turn, &c) != nil {
			return
		}
		var err error
		switch turn.Data = nil; c.Do {
		case "read":
			buf := make([]byte, min(max(c.N, 1), 1<<20))
			var n int
			n, err = conn.Read(buf)
			turn.Data = buf[:n]
		case "write":
			_, err = conn.Write(c.Data)
		case "panic":
			panic(string(c.Data))
		case "hang":
			<-h.s.Done()
			return
		default:
			return
		}
		turn.Err = err != nil
	}
}

// EchoIn says whether bytes are counted; then Echo sees a net.Conn and no more.
type EchoIn struct{ Count bool }

// counted counts the bytes that are read.
type counted struct {
	net.Conn
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// newEcho runs Echo on each connection, with a context that the exam can end. Whoever
// calls Echo closes the connection, which is done here. The exam may call
//
//	listener  the name of the listener
//	cancel    ends the context
//
// and hears of "returned" for each Echo that has, with how many bytes it had read.
func newEcho(s *wire.Session, a EchoIn) {
	ln := s.Listen()
	ctx, cancel := context.WithCancel(context.Background())
	s.Defer(cancel)
	wire.On(s, "listener", func(struct{}) string { return ln.Name })
	wire.On(s, "cancel", func(struct{}) bool { cancel(); return true })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				c := &counted{Conn: conn}
				defer func() {
					_ = conn.Close()
					s.Emit("returned", c.n.Load())
				}()
				if a.Count {
					echo.Echo(ctx, c)
				} else {
					echo.Echo(ctx, conn)
				}
			}()
		}
	}()
}
