package step10

import (
	"log/slog"
	"net"
	"sync"
)

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// A street is a listener without a kernel: clients come when the story says so.
type street struct {
	door   chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newStreet() *street {
	return &street{door: make(chan net.Conn, 100), closed: make(chan struct{})}
}

func (s *street) Accept() (net.Conn, error) {
	select {
	case <-s.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case nc := <-s.door:
		return nc, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close ends those who are still waiting too, as the kernel does.
func (s *street) Close() error {
	s.once.Do(func() {
		close(s.closed)
		for range len(s.door) {
			_ = (<-s.door).Close()
		}
	})
	return nil
}

func (s *street) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// from is a connection that comes from an address.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

// at is an address to come from.
func at(host string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(host), Port: 999} }
