//starter:omit
package server

// This file is for a connection that is a descriptor and a few numbers.

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An fdConn is a TCP connection that nobody but its lot knows of. One goroutine at a
// time owns it: it reads, writes and closes. Others may only call notify, Close and
// kill.
type fdConn struct {
	lot    *lot
	owner  *eventConn
	fd     int
	remote net.Addr

	state  atomic.Uint32
	until  atomic.Int64 // the deadline for reading, as an age; 0 for none
	sendBy atomic.Int64 // that for writing

	known   bool // to the kernel's list
	drained bool // there was nothing left to read, unless an event has come since
	parking bool // it waits for a request in vain, and is about to be parked

	writeTimeout time.Duration // for each Write, where there is no deadline

	waits atomic.Pointer[waits] // of its owner; nil if that never had to wait

	mu   sync.Mutex // of what follows
	gone bool
}

// The state of a connection. It has no owner while it is parked.
const (
	parked uint32 = 1 << iota
	event         // something has come since it was last read from
	ended         // the client has closed its side, or all of it
	doomed        // it is to be closed
)

// waits is what the owner waits on where it cannot go on without the client.
type waits [2]chan struct{}

// errParked is what read says on a connection that is going to be parked.
var errParked = errors.New("server: parked")

// claim adds bits to the state, and says whether the connection was parked: then it
// is the caller's now.
func (c *fdConn) claim(bits uint32) bool {
	c.state.Or(bits) // first, or the owner could park it in between
	return c.state.And(^parked)&parked != 0
}

// notify takes note of an event. If it returns true, the caller has to see that the
// connection is served.
func (c *fdConn) notify(events uint32) bool {
	const (
		over     = syscall.EPOLLHUP | syscall.EPOLLERR
		readable = syscall.EPOLLIN | syscall.EPOLLRDHUP | over
		writable = syscall.EPOLLOUT | over
	)
	var bits uint32
	if events&readable != 0 {
		bits |= event
	}
	if events&(syscall.EPOLLRDHUP|over) != 0 {
		bits |= ended
	}
	if bits != 0 && c.claim(bits) {
		return true
	}
	if w := c.waits.Load(); w != nil {
		if events&readable != 0 {
			wake(w[reading])
		}
		if events&writable != 0 {
			wake(w[writing])
		}
	}
	return false
}

func wake(who chan struct{}) {
	select {
	case who <- struct{}{}:
	default: // it has been told already
	}
}

// park gives the connection up until it has something to read, and says whether it
// has: not if it need not wait.
func (c *fdConn) park() bool {
	if !c.register() {
		c.claim(doomed)
	}
	until := c.until.Load()
	if !c.state.CompareAndSwap(0, parked) {
		return false
	}
	if c.lot.stopping.Load() {
		c.hurry(until)
	}
	return true
}

// hurry brings the deadline of a parked connection forward, from what it was, because
// the server stops. Who serves it by now has set another one, which stays.
func (c *fdConn) hurry(until int64) {
	last := age() + int64(newcomer)
	if c.owner.answered.Load() {
		last = age() + int64(lastLook)
	}
	if until == 0 || last < until {
		c.until.CompareAndSwap(until, last)
	}
}

// register makes the connection known to the kernel's list.
func (c *fdConn) register() bool {
	if c.known {
		return true
	}
	const edgeTriggered = 1 << 31 // syscall.EPOLLET is negative
	c.known = nil == c.lot.control(syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{
		Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edgeTriggered, Fd: int32(c.fd)})
	return c.known
}

// Read implements net.Conn.
func (c *fdConn) Read(p []byte) (int, error) { return c.read(p, false) }

// read reads. Where there is nothing to read it waits, or returns errParked if park is
// true.
func (c *fdConn) read(p []byte, park bool) (int, error) {
	for len(p) > 0 {
		s := c.state.Load()
		switch {
		case s&doomed != 0:
			return 0, net.ErrClosed
		case c.drained && s&(event|ended) == 0:
			if park {
				return 0, errParked
			}
			if err := c.wait(c.until.Load(), reading); err != nil {
				return 0, err
			}
			continue
		}
		c.unset(event) // before the system call: what comes now is another one
		n, err := c.call(syscall.Read, p)
		switch {
		case n > 0:
			c.drained = n < len(p)
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == syscall.EAGAIN:
			c.drained = true
			c.unset(ended) // whatever it was, it was not the end
		default:
			return 0, c.failed("read", err)
		}
	}
	return 0, nil
}

// call calls a system call that does not wait, unless the connection is closed: a
// handler that has kept its ResponseWriter must not write to whose number it is now.
func (c *fdConn) call(what func(fd int, p []byte) (int, error), p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, net.ErrClosed
	}
	return what(c.fd, p)
}

// asked says whether there is something to read, to anybody who does not hold the lock
// of the lot.
func (c *fdConn) asked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.gone && peek(c.fd)
}

// unset takes bits off the state.
func (c *fdConn) unset(bits uint32) { c.state.And(^bits) }

// Write implements net.Conn.
func (c *fdConn) Write(p []byte) (int, error) { return c.write(syscall.Write, p) }

// WriteMore is Write where more follows at once: the kernel holds back what does not
// fill a packet.
func (c *fdConn) WriteMore(p []byte) (int, error) { return c.write(sendMore, p) }

func sendMore(fd int, p []byte) (int, error) {
	return syscall.SendmsgN(fd, p, nil, nil, syscall.MSG_MORE)
}

func (c *fdConn) write(call func(fd int, p []byte) (int, error), p []byte) (written int, err error) {
	by := c.sendBy.Load()
	for written < len(p) {
		n, err := c.call(call, p[written:])
		written += max(n, 0)
		if err != nil {
			if err = c.again("write", err, &by); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// again says what an error of a system call that writes means: nil to try again, which
// it waits for, until by, where that makes sense.
func (c *fdConn) again(call string, err error, by *int64) error {
	switch {
	case c.state.Load()&doomed != 0, err == net.ErrClosed:
		return net.ErrClosed
	case err == syscall.EINTR:
		return nil
	case err == syscall.EAGAIN:
		if *by == 0 && c.writeTimeout > 0 {
			*by = ageIn(c.writeTimeout)
		}
		return c.wait(*by, writing)
	}
	return c.failed(call, err)
}

// SetWriteTimeout sets for how long a Write may last, where there is no deadline.
func (c *fdConn) SetWriteTimeout(within time.Duration) { c.writeTimeout = within }

func (c *fdConn) failed(call string, err error) error {
	return &net.OpError{Op: call, Net: "tcp", Source: c.LocalAddr(), Addr: c.remote, Err: os.NewSyscallError(call, err)}
}

// What the owner waits for.
const (
	reading = iota
	writing
)

// wait waits until the system call may be worth another try, or until by, if that is
// not 0.
func (c *fdConn) wait(by int64, what int) error {
	w := c.waits.Load()
	if w == nil {
		// An event may have come before anybody could be told: look again first.
		c.waits.Store(&waits{make(chan struct{}, 1), make(chan struct{}, 1)})
		if !c.register() {
			return net.ErrClosed
		}
		return nil
	}
	var over <-chan time.Time
	if by != 0 {
		over = time.After(time.Duration(by - age()))
	}
	select {
	case <-w[what]:
		return nil
	case <-over:
		return os.ErrDeadlineExceeded
	}
}

// filePiece is how much of a file a client has to take in the time for one Write.
const filePiece = 256 << 10

// ReadFrom implements io.ReaderFrom: the kernel takes the bytes from a file, and what
// is none is copied.
func (c *fdConn) ReadFrom(src io.Reader) (sent int64, err error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, src)
	}
	file, ok := limited.R.(*os.File)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, src)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var (
		n     int
		fault error
		by    = c.sendBy.Load()
		piece int64 // of what was sent under the deadline by
	)
	send := func(from uintptr) {
		n, fault = c.call(func(fd int, _ []byte) (int, error) {
			return syscall.Sendfile(fd, int(from), nil, int(min(limited.N, 1<<30)))
		}, nil)
	}
	for limited.N > 0 {
		if err := raw.Control(send); err != nil {
			return sent, err
		}
		switch {
		case n > 0:
			sent += int64(n)
			limited.N -= int64(n)
			if piece += int64(n); piece >= filePiece {
				by, piece = c.sendBy.Load(), 0
			}
		case fault == nil:
			return sent, nil // the file has ended
		case hasToBeCopied(fault):
			n, err := io.Copy(struct{ io.Writer }{c}, src)
			return sent + n, err
		default:
			if err := c.again("sendfile", fault, &by); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// hasToBeCopied says whether the kernel does not send a file: it has no pages, or the
// system does not let this be done.
func hasToBeCopied(fault error) bool {
	switch fault {
	case syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EPERM:
		return true
	}
	return false
}

// LocalAddr implements net.Conn.
func (c *fdConn) LocalAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return tcpAddr(nil)
	}
	local, _ := syscall.Getsockname(c.fd)
	return tcpAddr(local)
}

// RemoteAddr implements net.Conn.
func (c *fdConn) RemoteAddr() net.Addr { return c.remote }

func setDeadline(d *atomic.Int64, t time.Time) {
	if t.IsZero() {
		d.Store(0)
	} else {
		d.Store(ageOf(t))
	}
}

// SetReadDeadline implements net.Conn.
func (c *fdConn) SetReadDeadline(t time.Time) error { setDeadline(&c.until, t); return nil }

// SetWriteDeadline implements net.Conn.
func (c *fdConn) SetWriteDeadline(t time.Time) error { setDeadline(&c.sendBy, t); return nil }

// SetDeadline implements net.Conn.
func (c *fdConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite closes the server's side.
func (c *fdConn) CloseWrite() error {
	if c.parking {
		return net.ErrClosed
	}
	_, err := c.call(func(fd int, _ []byte) (int, error) { return 0, syscall.Shutdown(fd, syscall.SHUT_WR) }, nil)
	return os.NewSyscallError("shutdown", err)
}

// SetLinger is that of net.TCPConn: with 0, closing resets.
func (c *fdConn) SetLinger(sec int) error {
	l := syscall.Linger{Linger: int32(sec)}
	if sec >= 0 {
		l.Onoff = 1
	}
	_, err := c.call(func(fd int, _ []byte) (int, error) {
		return 0, syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &l)
	}, nil)
	return os.NewSyscallError("setsockopt", err)
}

// Close is for others than the owner: it closes a parked connection at once, and has
// any other one closed by its owner, when that looks at it next.
func (c *fdConn) Close() error {
	switch {
	case c.owner == nil: // nobody has seen it yet
		return os.NewSyscallError("close", syscall.Close(c.fd))
	case c.claim(doomed):
		c.owner.end()
	default:
		c.wakeUp() // it may read on for a second, after the last response
	}
	return nil
}

// wakeUp has a connection that is doomed noticed by its owner.
func (c *fdConn) wakeUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
	}
	if w := c.waits.Load(); w != nil {
		wake(w[reading])
		wake(w[writing])
	}
}

// end closes the descriptor, and says whether it was open.
func (c *fdConn) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	c.gone = true
	c.lot.remove(c)
	syscall.Close(c.fd)
	return true
}
