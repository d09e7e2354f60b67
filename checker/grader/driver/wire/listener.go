package wire

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// A Listener is one that exists in the driver only: its connections are those of
// the exam that said so in their Hello. They are unix connections, with half-close
// and all, unless the Hello wants TCP.
type Listener struct {
	Name   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var (
	listeners    sync.Map // of *Listener, by name
	lastListener atomic.Int64
)

// Listen returns a new listener. It is closed when the session ends.
func (s *Session) Listen() *Listener {
	l := &Listener{
		Name:   fmt.Sprintf("listener %d", lastListener.Add(1)),
		conns:  make(chan net.Conn, 1024),
		closed: make(chan struct{}),
	}
	listeners.Store(l.Name, l)
	s.Defer(func() { _ = l.Close() })
	return l
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, l.errClosed()
	default:
	}
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, l.errClosed()
	}
}

func (l *Listener) errClosed() error {
	return &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
}

// Close implements net.Listener. Connections that wait are closed, as the kernel
// does it.
func (l *Listener) Close() error {
	err := l.errClosed()
	l.once.Do(func() {
		listeners.Delete(l.Name)
		close(l.closed)
		err = nil
		for {
			select {
			case nc := <-l.conns:
				_ = nc.Close()
				continue
			default:
			}
			return
		}
	})
	return err
}

// Closed is closed when the listener is.
func (l *Listener) Closed() <-chan struct{} { return l.closed }

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:80"))
}

// deliver hands a client's connection to the listener that it names.
func deliver(nc net.Conn, hello Hello) {
	v, ok := listeners.Load(hello.Name)
	if !ok {
		_ = nc.Close()
		return
	}
	l := v.(*Listener)
	var served net.Conn = nc
	if uc, ok := nc.(*net.UnixConn); ok {
		served = &conn{UnixConn: uc, remote: addrOf(hello.From), local: l.Addr()}
		if hello.TCP {
			if tc, err := relay(uc); err == nil {
				served = tc
			}
		}
	}
	select {
	case l.conns <- served:
		select {
		case <-l.closed: // it was closed meanwhile, and may not have seen this one
			select {
			case nc := <-l.conns:
				_ = nc.Close()
			default:
			}
		default:
		}
	case <-l.closed:
		_ = served.Close()
	}
}

// A conn is a unix connection that has the addresses of a client.
type conn struct {
	*net.UnixConn
	remote, local net.Addr
}

func (c *conn) RemoteAddr() net.Addr { return c.remote }
func (c *conn) LocalAddr() net.Addr  { return c.local }

// addrOf returns the address of a client; without one it is on this machine.
func addrOf(from string) net.Addr {
	addr, err := netip.ParseAddrPort(from)
	if err != nil {
		addr = netip.MustParseAddrPort("127.0.0.1:49152")
	}
	return net.TCPAddrFromAddrPort(addr)
}

// relay returns the server's end of a TCP connection on the loopback of wherever
// this runs, whose other end is connected with uc. A sandbox may not have that.
func relay(uc *net.UnixConn) (net.Conn, error) {
	ln, client, err := Loopback()
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	server, err := ln.Accept()
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	go func() {
		tc := client.(*net.TCPConn)
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := io.Copy(tc, uc); err != nil {
				_ = tc.SetLinger(0)
				_ = tc.Close()
			}
			_ = tc.CloseWrite()
		})
		both.Go(func() {
			if _, err := io.Copy(uc, tc); err != nil {
				_ = uc.Close() // a reset: the exam sees an end that it did not expect
			}
			_ = uc.CloseWrite()
		})
		both.Wait()
		_ = tc.Close()
		_ = uc.Close()
	}()
	return server, nil
}

// Loopback returns a listener on a port of this machine and a connection to it, which nobody
// has accepted. The error is that of a sandbox that lets nobody listen.
func Loopback() (net.Listener, net.Conn, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		ln.Close()
		return nil, nil, err
	}
	return ln, nc, nil
}
