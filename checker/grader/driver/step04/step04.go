package step04

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	message "barewire/solutions/03-headers-bodies"
	keepalive "barewire/solutions/04-keep-alive"

	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/wire"
)

// Register makes the functions of this package callable.
func Register() {
	wire.Handle("keepalive.KeepAlive", KeepAlive)
	wire.Handle("keepalive.Writes", Writes)
	wire.Handle("keepalive.Reset", Reset)
	wire.HandleSession("keepalive.Server", newServer)
}

// Kept is what KeepAlive says of a head.
type Kept struct {
	Keep bool
	Err  wire.Err // of parsing it
}

// KeepAlive calls KeepAlive.
func KeepAlive(a step02.Bytes) Kept {
	var h message.Head
	if _, err := h.Parse(a.Src, message.Limits{}); err != nil {
		return Kept{Err: ErrOf(err)}
	}
	return Kept{Keep: keepalive.KeepAlive(&h)}
}

// Server says how connections are served.
type Server struct {
	Scripts                   Scripts
	Limits                    message.Limits
	Header, Idle, Body, Write time.Duration
}

// A Told is what Refused is told.
type Told struct {
	Method        string
	Target, Agent []byte
	Status        int
	Fault         wire.Err
	Body, Remote  bool // are there
}

// newServer serves each connection with ServeConn. The exam may call
//
//	listener  the name of the listener
//	stop      ends the context of all connections
//
// and hears of "handled" for each request, of "refused" for what Refused is told, of
// "log" for each line that is logged, and of "served" when a ServeConn has returned.
func newServer(s *wire.Session, a Server) {
	ln := s.Listen()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), theirs{}, true))
	s.Defer(cancel)
	srv := &keepalive.Server{
		Handler: a.Scripts.Handler(s), Limits: a.Limits,
		HeaderTimeout: a.Header, IdleTimeout: a.Idle, BodyTimeout: a.Body, WriteTimeout: a.Write,
		ErrorLog: Log(s),
		Refused: func(r *keepalive.Request, status int) {
			s.Emit("refused", Told{
				r.Method, step02.Copy(r.Target.Raw), append([]byte{}, r.Header.Value("User-Agent")...), status, ErrOf(r.Fault), r.Body != nil, r.RemoteAddr != nil,
			})
		},
	}
	Serve(s, ln, func(conn net.Conn) { srv.ServeConn(ctx, conn) })
	wire.On(s, "stop", func(struct{}) bool { cancel(); return true })
}

type theirs struct{}

// Serve has each connection of ln served in a goroutine of its own, until the session
// ends. The exam may ask for the name of the listener.
func Serve(s *wire.Session, ln *wire.Listener, serve func(conn net.Conn)) {
	wire.On(s, "listener", func(struct{}) string { return ln.Name })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.Defer(func() { _ = conn.Close() })
			go func() {
				defer s.Emit("served", nil)
				serve(conn)
			}()
		}
	}()
}

// Log returns a log that tells the exam of each line.
func Log(s *wire.Session) *slog.Logger { return slog.New(slog.NewTextHandler(logWriter{s}, nil)) }

type logWriter struct{ s *wire.Session }

func (w logWriter) Write(line []byte) (int, error) {
	w.s.Emit("log", wire.Clip(string(line)))
	return len(line), nil
}

// Addr is an address of a client.
func Addr(text string) net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text))
}
