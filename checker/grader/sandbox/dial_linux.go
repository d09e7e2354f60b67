package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A reply is a socket of the box's network, or why there is none.
type reply struct {
	fd  int
	err error
}

// reply hands a reply to whoever asked; nobody did if there is no room.
func (p *Process) reply(r reply) {
	select {
	case p.replies <- r:
	default:
		if r.fd >= 0 {
			unix.Close(r.fd)
		}
	}
}

// Addr is the address in the box of the listener that Spec.TCP gives.
func (p *Process) Addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), p.port)
}

// DialTCP connects to an address of the box's network, such as [Process.Addr]. The
// connection is a real one of TCP, in that network: half-closing and resetting it are
// what they are elsewhere. from is the address to connect from, any in 127.0.0.0/8,
// or the zero value.
func (p *Process) DialTCP(ctx context.Context, from netip.Addr, to netip.AddrPort) (*net.TCPConn, error) {
	fd, err := p.socket(ctx, to.Addr())
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "tcp")
	defer file.Close()
	if err := connect(ctx, fd, from, to); err != nil {
		return nil, fmt.Errorf("sandbox: connecting to %v in the box: %w", to, err)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return conn.(*net.TCPConn), nil
}

// socket asks the launcher for a socket that was made in the box.
func (p *Process) socket(ctx context.Context, addr netip.Addr) (fd int, err error) {
	family := unix.AF_INET
	if addr.Is6() {
		family = unix.AF_INET6
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	select {
	case late := <-p.replies: // to somebody who did not wait
		if late.fd >= 0 {
			unix.Close(late.fd)
		}
	default:
	}
	if _, err := fmt.Fprintf(p.control, "socket %d", family); err != nil {
		return -1, fmt.Errorf("sandbox: the program has ended: %w", err)
	}
	select {
	case r := <-p.replies:
		return r.fd, r.err
	case <-p.gone:
		return -1, errors.New("sandbox: the program has ended")
	case <-ctx.Done():
		return -1, context.Cause(ctx)
	}
}

// connect connects a socket, which does not block, until ctx ends.
func connect(ctx context.Context, fd int, from netip.Addr, to netip.AddrPort) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	if from.IsValid() {
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))); err != nil {
			return err
		}
	}
	err := unix.Connect(fd, sockaddr(to))
	if err != unix.EINPROGRESS {
		return err
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		wait := 100 * time.Millisecond
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(wait.Milliseconds()))
		if err == unix.EINTR || err == nil && n == 0 {
			continue
		}
		if err != nil {
			return err
		}
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = unix.Errno(code)
		}
		return err
	}
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is6() {
		return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
}
