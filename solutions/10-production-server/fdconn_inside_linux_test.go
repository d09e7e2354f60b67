package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// This file is for what an fdConn promises as a net.Conn, whoever owns it.

// accepted returns a connection as the accept loop has it, and its client.
func accepted(t *testing.T) (c *fdConn, client *net.TCPConn) {
	t.Helper()
	s, _, _ := inside(t, Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	queue := s.lots.listener(ln.(*net.TCPListener))
	defer queue.Close()
	client = connect(t, ln.Addr().String()).(*net.TCPConn)
	nc, err := queue.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c = nc.(*fdConn)
	newEventConn(c, &track{conns: &s.conns, nc: c, peer: c.RemoteAddr()})
	t.Cleanup(func() { c.owner.Close() })
	return c, client
}

// What ReadFrom takes from a file arrives, by whatever way it goes, and the file is left
// behind what was sent.
func TestFdConn_ReadFrom(t *testing.T) {
	const size = 3 * filePiece
	content := []byte(strings.Repeat("0123456789abcdef", size/16))
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(flag int) *os.File {
		f, err := os.OpenFile(name, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	pipe := func(text string) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		io.WriteString(w, text)
		w.Close()
		return r
	}
	closed := open(os.O_RDONLY)
	closed.Close()
	for _, r := range []struct {
		name string
		src  io.Reader
		most int64 // of an io.LimitedReader; -1 for none
		want int
		err  error
		left int64
	}{
		{"all of a file", open(os.O_RDONLY), size, size, nil, 0},
		{"a part of it", open(os.O_RDONLY), filePiece + 7, filePiece + 7, nil, 0},
		{"one byte", open(os.O_RDONLY), 1, 1, nil, 0},
		{"nothing", open(os.O_RDONLY), 0, 0, nil, 0},
		{"more than there is", open(os.O_RDONLY), size + 5, size, nil, 5},
		{"a file without a limit", open(os.O_RDONLY), -1, size, nil, 0},
		{"a pipe", pipe("from a pipe"), 100, 11, nil, 89},
		{"a part of a pipe", pipe("from a pipe"), 4, 4, nil, 0},
		{"no file", strings.NewReader("text"), 3, 3, nil, 0},
		{"no file without a limit", strings.NewReader("text"), -1, 4, nil, 0},
		{"a closed file", closed, 10, 0, errors.New("use of closed file"), 10},
		{"no file at all", (*os.File)(nil), 10, 0, os.ErrInvalid, 10},
		{"a file that is not for reading", open(os.O_WRONLY), 10, 0, errors.New("sendfile: bad file descriptor"), 10},
	} {
		t.Run(r.name, func(t *testing.T) {
			c, client := accepted(t)
			arrived := make(chan []byte)
			go func() {
				all, _ := io.ReadAll(client)
				arrived <- all
			}()
			src, limited := r.src, &io.LimitedReader{R: r.src, N: r.most}
			if r.most >= 0 {
				src = limited
			}
			sent, err := c.ReadFrom(src)
			c.CloseWrite()
			if sent != int64(r.want) || !strings.Contains(fmt.Sprint(err), fmt.Sprint(r.err)) || r.most >= 0 && limited.N != r.left {
				t.Errorf("%d bytes, %v, and %d are left; want %d, %v and %d", sent, err, limited.N, r.want, r.err, r.left)
			}
			want := content
			if _, isFile := r.src.(*os.File); !isFile || strings.Contains(r.name, "pipe") {
				want = []byte(map[bool]string{true: "from a pipe", false: "text"}[isFile])
			}
			if got := <-arrived; !bytes.Equal(got, want[:r.want]) {
				t.Errorf("%d bytes have arrived, want %d", len(got), r.want)
			}
		})
	}
}

// A client that takes nothing holds up whoever writes no longer than the deadline, and
// where there is none, no longer than the time for each Write.
func TestFdConn_Deadlines(t *testing.T) {
	const short = 50 * time.Millisecond
	file, err := os.Create(filepath.Join(t.TempDir(), "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	file.Truncate(64 << 20)
	much := make([]byte, 64<<20)
	for _, r := range []struct {
		name string
		set  func(c *fdConn)
		wait func(c *fdConn) (int64, error)
	}{
		{"a deadline for Read", func(c *fdConn) { c.SetReadDeadline(time.Now().Add(short)) }, func(c *fdConn) (int64, error) {
			n, err := c.Read(make([]byte, 1))
			return int64(n), err
		}},
		{"a deadline for both, and Read", func(c *fdConn) { c.SetDeadline(time.Now().Add(short)) }, func(c *fdConn) (int64, error) {
			n, err := c.Read(make([]byte, 1))
			return int64(n), err
		}},
		{"a deadline for Write", func(c *fdConn) { c.SetWriteDeadline(time.Now().Add(short)) }, func(c *fdConn) (int64, error) {
			n, err := c.Write(much)
			return int64(n), err
		}},
		{"a deadline for both, and Write", func(c *fdConn) { c.SetDeadline(time.Now().Add(short)) }, func(c *fdConn) (int64, error) {
			n, err := c.Write(much)
			return int64(n), err
		}},
		{"a deadline for a file", func(c *fdConn) { c.SetWriteDeadline(time.Now().Add(short)) }, func(c *fdConn) (int64, error) {
			return c.ReadFrom(&io.LimitedReader{R: file, N: 64 << 20})
		}},
		{"a time for each Write", func(c *fdConn) { c.SetWriteTimeout(short) }, func(c *fdConn) (int64, error) {
			n, err := c.Write(much)
			return int64(n), err
		}},
		{"a time for each piece of a file", func(c *fdConn) { c.SetWriteTimeout(short) }, func(c *fdConn) (int64, error) {
			return c.ReadFrom(&io.LimitedReader{R: file, N: 64 << 20})
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			c, client := accepted(t)
			client.SetReadBuffer(4 << 10)
			r.set(c)
			begun := time.Now()
			n, err := r.wait(c)
			if took := time.Since(begun); !errors.Is(err, os.ErrDeadlineExceeded) || n == 64<<20 || took < short {
				t.Errorf("%d bytes, %v after %v; want the deadline, after %v", n, err, took, short)
			}
			c.SetDeadline(time.Time{})
			if c.until.Load() != 0 || c.sendBy.Load() != 0 {
				t.Error("there are deadlines when there should be none")
			}
			client.Write([]byte("x"))
			if n, err := c.Read(make([]byte, 2)); n != 1 || err != nil {
				t.Errorf("without a deadline: %d bytes, %v", n, err)
			}
		})
	}
	c, client := accepted(t)
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("a Read of nothing: %d, %v", n, err)
	}
	c.CloseWrite()
	if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the client reads %d bytes, %v behind CloseWrite", n, err)
	}
	client.Write([]byte("x"))
	if n, err := c.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("Read behind CloseWrite: %d, %v", n, err)
	}
	client.SetLinger(0)
	client.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) || !strings.HasPrefix(err.Error(), "read tcp") {
		t.Errorf("Read behind a reset: %v", err)
	}
	if _, err := c.Write(make([]byte, 1)); !errors.Is(err, syscall.EPIPE) || !strings.HasPrefix(err.Error(), "write tcp") {
		t.Errorf("Write behind a reset: %v", err)
	}
	c.parking = true
	if err := c.CloseWrite(); err != net.ErrClosed {
		t.Errorf("CloseWrite of one that is about to be parked: %v", err)
	}
	c.parking = false
}

// SetLinger is that of package net.
func TestFdConn_Linger(t *testing.T) {
	c, _ := accepted(t)
	for _, r := range []struct {
		sec  int
		want string
	}{{5, "on 1, 5 s"}, {0, "on 1, 0 s"}, {-1, "on 0"}} {
		if err := c.SetLinger(r.sec); err != nil {
			t.Error(err)
		}
		set, err := syscall.GetsockoptIPMreq(c.fd, syscall.SOL_SOCKET, syscall.SO_LINGER) // eight bytes, as this has
		got := fmt.Sprintf("on %d, %d s", set.Multiaddr[0], set.Interface[0])
		if err != nil || !strings.HasPrefix(got, r.want) {
			t.Errorf("SetLinger(%d): %s, %v; want %s", r.sec, got, err, r.want)
		}
	}
	c.owner.Close()
	if err := c.SetLinger(1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetLinger of what is closed: %v", err)
	}
}

// A connection that nobody has seen yet is closed by whoever has it.
func TestFdConn_CloseUnseen(t *testing.T) {
	c, client := accepted(t)
	c.owner.Close()
	unseen := &fdConn{lot: c.lot}
	var err error
	if unseen.fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	if err := unseen.Close(); err != nil {
		t.Error(err)
	}
	if err := (&fdConn{lot: c.lot, fd: 1 << 30}).Close(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("Close of no descriptor: %v", err)
	}
	if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the client reads %d bytes, %v", n, err)
	}
}

// A connection that another protocol has taken over is one of package net: its addresses
// and deadlines are, and the server's watcher knows it no more.
func TestFdConn_Taken(t *testing.T) {
	past := time.Now().Add(-time.Second)
	said := make(chan string, 1)
	_, l, addr := inside(t, Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
			var told strings.Builder
			note := func(what string, err error) {
				fmt.Fprintf(&told, "%s: timeout %t; ", what, errors.Is(err, os.ErrDeadlineExceeded))
			}
			read := func() error { _, err := nc.Read(make([]byte, 1)); return err }
			write := func() error { _, err := nc.Write([]byte("x")); return err }
			fmt.Fprintf(&told, "%s; ", nc.LocalAddr())
			for _, set := range []struct {
				name string
				set  func(time.Time) error
			}{{"reads", nc.SetReadDeadline}, {"writes", nc.SetWriteDeadline}, {"both", nc.SetDeadline}} {
				if err := set.set(past); err != nil {
					fmt.Fprintf(&told, "%v; ", err)
				}
				if set.name != "writes" {
					note(set.name+" read", read())
				}
				note(set.name+" write", write())
				if err := set.set(time.Time{}); err != nil {
					fmt.Fprintf(&told, "%v; ", err)
				}
				note("then write", write())
			}
			nc.Close()
			fmt.Fprintf(&told, "%s; ", nc.LocalAddr())
			for _, err := range []error{nc.SetReadDeadline(past), nc.SetWriteDeadline(past), nc.SetDeadline(past)} {
				fmt.Fprintf(&told, "closed %t; ", errors.Is(err, net.ErrClosed))
			}
			said <- told.String()
		})
	})})
	nc := connect(t, addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	want := addr + "; reads read: timeout true; reads write: timeout false; then write: timeout false; " +
		"writes write: timeout true; then write: timeout false; " +
		"both read: timeout true; both write: timeout true; then write: timeout false; " + addr + "; closed true; closed true; closed true; "
	if got := <-said; got != want {
		t.Errorf("it says %s\nwant    %s", got, want)
	}
	if all, err := io.ReadAll(nc); string(all) != "xxxx" || err != nil {
		t.Errorf("the client reads %q, %v", all, err)
	}
	parkedOnes(t, l, 0)
}

// As long as nobody has taken it over, it is the server's, with the server's deadlines.
func TestFdConn_NotTaken(t *testing.T) {
	c, client := accepted(t)
	e := c.owner
	if e.LocalAddr().String() != client.RemoteAddr().String() || e.RemoteAddr().String() != client.LocalAddr().String() {
		t.Errorf("from %v to %v, and the client's is from %v to %v", e.LocalAddr(), e.RemoteAddr(), client.LocalAddr(), client.RemoteAddr())
	}
	soon := time.Now().Add(time.Hour)
	for _, set := range []struct {
		name          string
		set           func(time.Time) error
		reads, writes int64
	}{
		{"reads", e.SetReadDeadline, ageOf(soon), 0},
		{"writes", e.SetWriteDeadline, ageOf(soon), ageOf(soon)},
		{"both", e.SetDeadline, ageOf(soon), ageOf(soon)},
	} {
		if err := set.set(soon); err != nil || e.taken != nil || c.until.Load() != set.reads || c.sendBy.Load() != set.writes {
			t.Errorf("%s: %v, taken %v, reads until %d and writes until %d; want %d and %d", set.name, err, e.taken, c.until.Load(), c.sendBy.Load(), set.reads, set.writes)
		}
	}
	fd := c.fd
	c.fd = 1 << 30
	if err := e.SetDeadline(time.Time{}); !errors.Is(err, syscall.EBADF) {
		t.Errorf("taken over without a descriptor: %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c.fd = int(file.Fd())
	if err := e.SetDeadline(time.Time{}); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("taken over without a socket: %v", err)
	}
	c.fd, e.taken = fd, nil
	c.register()
	if err := e.SetDeadline(time.Time{}); err != nil || e.taken == nil {
		t.Errorf("taken over: %v, %v", e.taken, err)
	}
	if err := c.lot.control(syscall.EPOLL_CTL_MOD, fd, &syscall.EpollEvent{}); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("the watcher still knows the connection: %v", err)
	}
}

// Addresses are as package net has them.
func TestFdConn_Addresses(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	six := [16]byte{0xfe, 0x80, 15: 1}
	for _, r := range []struct {
		addr syscall.Sockaddr
		want string
	}{
		{&syscall.SockaddrInet4{Addr: [4]byte{192, 0, 2, 1}, Port: 80}, "192.0.2.1:80"},
		{&syscall.SockaddrInet6{Addr: six, Port: 80}, "[fe80::1]:80"},
		{&syscall.SockaddrInet6{Addr: six, Port: 80, ZoneId: uint32(lo.Index)}, "[fe80::1%lo]:80"},
		{&syscall.SockaddrInet6{Addr: six, Port: 80, ZoneId: 1 << 30}, "[fe80::1]:80"},
		{&syscall.SockaddrUnix{Name: "x"}, ":0"},
		{nil, ":0"},
	} {
		if got := tcpAddr(r.addr).String(); got != r.want {
			t.Errorf("%v: %s, want %s", r.addr, got, r.want)
		}
	}
}

// A connection is parked only if nothing has come, nor its end, since it was read from.
func TestFdConn_Park(t *testing.T) {
	for _, r := range []struct {
		name  string
		state uint32
		want  bool
	}{{"nothing", 0, true}, {"a request", event, false}, {"the client's end", ended, false}, {"its own", doomed, false}} {
		c, _ := accepted(t)
		c.state.Store(r.state)
		if got := c.park(); got != r.want || (c.state.Load() == parked) != r.want {
			t.Errorf("%s: parked %t, state %d; want %t", r.name, got, c.state.Load(), r.want)
		}
		c.state.Store(0)
	}
}

// Without a deadline and without a time for each Write, a client may take its time.
func TestFdConn_Patience(t *testing.T) {
	const size = 32 << 20 // more than the kernel holds
	c, client := accepted(t)
	written := make(chan error)
	go func() {
		_, err := c.Write(make([]byte, size))
		c.CloseWrite()
		written <- err
	}()
	until(t, "it waits", func() bool { return c.waits.Load() != nil })
	n, err := io.Copy(io.Discard, client)
	client.Close() // whoever still writes is told
	if wrote := <-written; n != size || err != nil || wrote != nil {
		t.Errorf("the client reads %d bytes, %v; Write returned %v", n, err, wrote)
	}
}
