package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A client sends a shape's requests over all its connections, each of which has its next
// ones sent when all are answered. It is one thread around epoll, so that it takes as
// little as it can of the processors that the server needs as well.
//
// Of answers it looks at how they begin, and for the end of their head. That their
// content is as long as that of the first one is taken for granted: a server that does
// otherwise is found out when the next one does not begin as it should.
type client struct {
	shape  *Shape
	batch  []byte
	n      int // requests in batch
	peer   unix.SockaddrInet4
	epoll  int
	conns  map[int32]*wire
	length int // of each content; -1 until the first answer
	in     []byte

	answered int64
}

// A wire is one connection.
type wire struct {
	fd      int
	due     int    // answers that have not come
	skip    int    // bytes of content that belong to the current one
	partial []byte // of a head
}

func newClient(shape *Shape, addr string) (*client, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	c := &client{shape: shape, conns: make(map[int32]*wire), length: -1, in: make([]byte, 256<<10)}
	c.peer = unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	c.batch, c.n = shape.Batch()
	c.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return c, err
}

// open opens a connection and sends the first requests.
func (c *client) open(w *wire) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// Without SOCK_NONBLOCK, as the other side of a loopback is there at once.
	*w = wire{fd: fd, partial: w.partial[:0]}
	c.conns[int32(fd)] = w
	err = unix.Connect(fd, &c.peer)
	if err == nil {
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), unix.SetNonblock(fd, true),
			unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(fd)}))
	}
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return c.send(w)
}

func (c *client) send(w *wire) error {
	n, err := unix.Write(w.fd, c.batch)
	if err == nil && n < len(c.batch) {
		err = fmt.Errorf("the server has not taken %d of %d bytes", len(c.batch)-n, len(c.batch))
	}
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	w.due = c.n
	return nil
}

// close closes everything.
func (c *client) close() {
	for fd := range c.conns {
		unix.Close(int(fd))
	}
	unix.Close(c.epoll)
}

// openAll opens the connections.
func (c *client) openAll(ctx context.Context) error {
	for range c.shape.Conns {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.open(new(wire)); err != nil {
			return err
		}
	}
	return nil
}

// run works until the time is over.
func (c *client) run(ctx context.Context, d time.Duration) error {
	return c.runUntil(ctx, math.MaxInt64, d)
}

// runUntil works until there were so many answers, or the time is over.
func (c *client) runUntil(ctx context.Context, answers int64, d time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	events := make([]unix.EpollEvent, 128)
	end := time.Now().Add(d)
	progress, at := c.answered, time.Now()
	for {
		n, err := unix.EpollWait(c.epoll, events, 10)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if err := c.receive(c.conns[e.Fd]); err != nil {
				return err
			}
		}
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case now.After(end) || c.answered >= answers:
			return nil
		case c.answered != progress:
			progress, at = c.answered, now
		case now.Sub(at) > patience:
			return fmt.Errorf("no answer for %v", patience)
		}
	}
}

// receive reads what has come, and sends the next requests if that was all.
func (c *client) receive(w *wire) error {
	var n int
	var err error
	if w.skip > len(c.in) {
		// What is only counted the kernel need not copy (tcp(7): MSG_TRUNC).
		n, _, err = unix.Recvfrom(w.fd, c.in[:min(w.skip, len(c.in))], unix.MSG_TRUNC)
		if err == nil && n > 0 {
			w.skip -= n
			return nil
		}
	} else {
		n, err = unix.Read(w.fd, c.in)
	}
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("receive: %w", err)
	case n == 0 && c.shape.Close && w.due == 0:
		delete(c.conns, int32(w.fd))
		unix.Close(w.fd)
		return c.open(w)
	case n == 0:
		return fmt.Errorf("the server has closed a connection with %d answers to come", w.due)
	}
	in := c.in[:n]
	if len(w.partial) > 0 {
		w.partial = append(w.partial, in...)
		in = w.partial
	}
	rest, err := c.count(w, in)
	if err != nil {
		return err
	}
	w.partial = append(w.partial[:0], rest...)
	if w.due == 0 && !c.shape.Close {
		return c.send(w)
	}
	return nil
}

// count counts the answers in b and returns what is left: the beginning of a head.
func (c *client) count(w *wire, b []byte) (rest []byte, err error) {
	for len(b) > 0 {
		if w.skip > 0 {
			n := min(w.skip, len(b))
			b = b[n:]
			if w.skip -= n; w.skip == 0 {
				w.due--
				c.answered++
			}
			continue
		}
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if end < 0 {
			if len(b) > 16<<10 {
				return nil, fmt.Errorf("this is no head: %.80q", b)
			}
			return b, nil
		}
		if !bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")) || w.due == 0 {
			return nil, fmt.Errorf("this is not the answer that is due: %.80q", b)
		}
		if c.length < 0 {
			if c.length, err = contentLength(b[:end+2]); err != nil {
				return nil, err
			}
		}
		b, w.skip = b[end+4:], c.length
	}
	return nil, nil
}

// contentLength returns the length of the content behind a head.
func contentLength(head []byte) (int, error) {
	for line := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(name, []byte("Content-Length")) {
			n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
			if err == nil && n > 0 {
				return n, nil
			}
		}
	}
	return 0, fmt.Errorf("there is no Content-Length in %q", head)
}

// few is how many connections are opened before the server has to answer. If the queue for
// those that it has not accepted is full, the next one takes a second.
const few = 200

// openQuiet opens the connections, waits until each has had its answers, and sends nothing
// more.
func (c *client) openQuiet(ctx context.Context) error {
	quiet := *c.shape
	quiet.Close = true // so that nothing is sent again
	c.shape = &quiet
	for left := c.shape.Conns; left > 0; left -= few {
		for range min(few, left) {
			if err := c.open(new(wire)); err != nil {
				return err
			}
		}
		want := c.answered + int64(c.n*min(few, left))
		if err := c.runUntil(ctx, want, 2*patience); err != nil {
			return err
		}
		if c.answered < want {
			return fmt.Errorf("%d answers have not come", want-c.answered)
		}
	}
	return nil
}
