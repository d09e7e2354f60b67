package server

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
)

// This file is for what an fdConn makes of an error of the kernel, and for its end.

// aFile returns the number of an open file, which is no socket, until the test ends.
func aFile(t *testing.T) int {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return int(file.Fd())
}

// What the kernel cannot send is copied; any other error is the caller's.
func TestFdConn_HasToBeCopied(t *testing.T) {
	for _, r := range []struct {
		fault error
		want  bool
	}{
		{syscall.EINVAL, true}, {syscall.ENOSYS, true}, {syscall.EOPNOTSUPP, true}, {syscall.EPERM, true},
		{nil, false}, {syscall.EIO, false}, {syscall.EAGAIN, false}, {syscall.EPIPE, false}, {net.ErrClosed, false},
	} {
		if got := hasToBeCopied(r.fault); got != r.want {
			t.Errorf("%v: %t", r.fault, got)
		}
	}
	c, _ := accepted(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	io.WriteString(w, "text")
	w.Close()
	c.CloseWrite()
	if n, err := c.ReadFrom(&io.LimitedReader{R: r, N: 10}); n != 0 || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("copied to where nobody may write: %d bytes, %v; want %v", n, err, syscall.EPIPE)
	}
}

// What an error of a system call that writes means.
func TestFdConn_Again(t *testing.T) {
	for _, r := range []struct {
		name  string
		state uint32
		err   error
		want  error
	}{
		{"interrupted", 0, syscall.EINTR, nil},
		{"a reset", 0, syscall.ECONNRESET, syscall.ECONNRESET},
		{"closed", 0, net.ErrClosed, net.ErrClosed},
		{"doomed, and interrupted", doomed, syscall.EINTR, net.ErrClosed},
		{"an event, and interrupted", event | ended, syscall.EINTR, nil},
		{"no room, for the first time", 0, syscall.EAGAIN, nil},
		{"no room, when its time is over", 0, syscall.EAGAIN, os.ErrDeadlineExceeded},
	} {
		c, _ := accepted(t)
		c.state.Store(r.state)
		if r.want == os.ErrDeadlineExceeded {
			c.waits.Store(new(waits))
		}
		c.SetWriteTimeout(time.Hour)
		by := int64(1)
		err := c.again("call", r.err, &by)
		if !errors.Is(err, r.want) || err == nil != (r.want == nil) || by != 1 || r.want == net.ErrClosed && err != r.want {
			t.Errorf("%s: %v, and the deadline is %d; want %v and 1", r.name, err, by, r.want)
		}
		if failed, ok := err.(*net.OpError); ok && !strings.HasPrefix(failed.Error(), "call tcp "+c.LocalAddr().String()+"->"+c.remote.String()+": call: ") {
			t.Errorf("%s: %v", r.name, failed)
		}
		c.state.Store(0)
	}
	for _, within := range []time.Duration{0, time.Hour} {
		c, _ := accepted(t)
		c.SetWriteTimeout(within)
		var by int64
		before := age()
		if err := c.again("call", syscall.EAGAIN, &by); err != nil || within == 0 && by != 0 || within > 0 && (by < before+int64(within) || by > ageIn(within)) {
			t.Errorf("without a deadline, and %v for each Write: %v, and the deadline is %d", within, err, by)
		}
	}
}

// The deadline for a file is looked at anew with each piece of it: the connection sets
// another one for each Write.
func TestFdConn_Pieces(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const size = 64 << 20 // more than the kernel holds
	file.Truncate(size)
	c, client := accepted(t)
	c.SetWriteDeadline(time.Now().Add(time.Hour))
	ended := make(chan error, 1)
	go func() {
		_, err := c.ReadFrom(&io.LimitedReader{R: file, N: size})
		ended <- err
	}()
	until(t, "it waits", func() bool { return c.waits.Load() != nil })
	c.SetWriteDeadline(time.Now().Add(-time.Hour))
	go io.CopyN(io.Discard, client, size/4) // and no more of it
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ReadFrom: %v, want that the deadline has passed", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it still waits, until the first deadline")
	}
}

// What cannot be waited for is not parked, and what is no socket has nothing of one.
func TestFdConn_NoSocket(t *testing.T) {
	c, _ := accepted(t)
	fd := c.fd
	c.fd = aFile(t)
	if err := c.wait(0, writing); err != net.ErrClosed {
		t.Errorf("waits for what is no socket: %v", err)
	}
	for _, w := range c.waits.Swap(nil) {
		if cap(w) != 1 {
			t.Errorf("%d events are kept for who is about to wait, want 1", cap(w))
		}
	}
	if c.park() || c.state.Load() != doomed {
		t.Errorf("parked, or its state is %d; want %d", c.state.Load(), doomed)
	}
	c.state.Store(0)
	if err := c.SetLinger(1); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("SetLinger: %v", err)
	}
	if err := c.CloseWrite(); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("CloseWrite: %v", err)
	}
	c.fd = fd
}

// Close of a connection that is parked ends it at once, whoever is late; any other one is
// ended by its owner, who reads and writes nothing any more.
func TestFdConn_Close(t *testing.T) {
	c, client := accepted(t)
	if !c.park() {
		t.Fatal("not parked")
	}
	c.lot.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{}) // nobody else will
	if err := c.Close(); err != nil || !c.gone {
		t.Errorf("Close of one that is parked: %v, and it is gone: %t", err, c.gone)
	}
	if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("its client reads %d bytes, %v", n, err)
	}
	if c.lot.conns[c.fd] == c {
		t.Error("its lot still has it")
	}
	c, client = accepted(t)
	if err := c.Close(); err != nil || c.gone || c.state.Load() != doomed {
		t.Errorf("Close of one that is served: %v, it is gone: %t, and its state %d", err, c.gone, c.state.Load())
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != net.ErrClosed {
		t.Errorf("then Read: %d bytes, %v", n, err)
	}
	if n, err := c.Write(make([]byte, 1)); n != 0 || err != net.ErrClosed {
		t.Errorf("then Write: %d bytes, %v", n, err)
	}
	if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("its client reads %d bytes, %v", n, err)
	}
}

// A connection that is parked when the server stops has a moment left for its request, and
// not less than it would have had otherwise.
func TestFdConn_Hurry(t *testing.T) {
	const hour = int64(time.Hour)
	for _, r := range []struct {
		name     string
		answered bool
		left     int64 // 0 for no deadline
		want     time.Duration
	}{
		{"a newcomer", false, hour, newcomer},
		{"a newcomer without a deadline", false, 0, newcomer},
		{"one that has been answered", true, hour, lastLook},
		{"one that has been answered, without a deadline", true, 0, lastLook},
		{"one that has no time left", false, -hour, -time.Hour},
	} {
		c, _ := accepted(t)
		c.lot.stopping.Store(true)
		c.owner.answered.Store(r.answered)
		if r.left != 0 {
			c.until.Store(age() + r.left)
		}
		before := age()
		if !c.park() {
			t.Fatal("not parked")
		}
		if got, slack := c.until.Load()-before-int64(r.want), age()-before; got > slack || got < -int64(time.Minute) || r.left >= 0 && got < 0 {
			t.Errorf("%s: it has %v more than %v", r.name, time.Duration(got), r.want)
		}
	}
	c, _ := accepted(t)
	c.until.Store(2)
	if c.hurry(1); c.until.Load() != 2 {
		t.Error("the deadline of who serves it by now has not stayed")
	}
}

// A connection that another protocol has taken over is closed below it when there is no
// time left.
func TestFdConn_Killed(t *testing.T) {
	begun, said := make(chan bool), make(chan error, 1)
	s, _, addr := inside(t, Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
			close(begun)
			_, err := nc.Read(make([]byte, 1))
			said <- err
		})
	})})
	nc := connect(t, addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-begun
	over, cancel := context.WithCancel(t.Context())
	cancel()
	s.Shutdown(over)
	if err := <-said; !errors.Is(err, net.ErrClosed) {
		t.Errorf("it reads %v, want %v", err, net.ErrClosed)
	}
	if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the client reads %d bytes, %v", n, err)
	}
}
