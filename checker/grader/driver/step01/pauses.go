package step01

import (
	"context"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	echo "barewire/solutions/01-tcp-echo"

	"barewire/checker/grader/driver/wire"
)

// Pauses serves a listener that there is not, where time is exact: its Accepts return a
// connection where conns says so, otherwise an error, and net.ErrClosed behind the last.
// It returns how long after each of them the next one was called, and what went wrong.
func Pauses(conns []bool) (out Paused) {
	l := &pausing{conns: conns}
	err := wire.Bubble(func() {
		srv := &echo.Server{Handler: func(context.Context, net.Conn) {}, ErrorLog: slog.New(slog.DiscardHandler)}
		out.End = errName(srv.Serve(l))
	})
	if out.Pauses = l.pauses; err != nil {
		out.End = err.Error()
	}
	return out
}

// Woken serves a listener that always fails, and calls Shutdown after so long. It returns
// how long after that Serve has returned.
func Woken(after time.Duration) (out Paused) {
	err := wire.Bubble(func() {
		srv := &echo.Server{Handler: func(context.Context, net.Conn) {}, ErrorLog: slog.New(slog.DiscardHandler)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			out.End = errName(srv.Serve(&pausing{conns: make([]bool, 1000)}))
		}()
		time.Sleep(after)
		began := time.Now()
		_ = srv.Shutdown(context.Background())
		<-done
		out.Pauses = []time.Duration{time.Since(began)}
	})
	if err != nil {
		out.End = err.Error()
	}
	return out
}

// Paused is what came of it.
type Paused struct {
	Pauses []time.Duration
	End    string
}

type pausing struct {
	conns  []bool
	pauses []time.Duration
	next   int
	last   time.Time
}

func (l *pausing) Accept() (net.Conn, error) {
	if l.next > 0 && l.next <= len(l.conns) {
		l.pauses = append(l.pauses, time.Since(l.last))
	}
	l.next++
	l.last = time.Now()
	op := &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	switch {
	case l.next > len(l.conns):
		op.Err = net.ErrClosed
	case l.conns[l.next-1]:
		ours, theirs := net.Pipe()
		theirs.Close()
		return ours, nil
	}
	return nil, op
}

func (l *pausing) Close() error   { return nil }
func (l *pausing) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
