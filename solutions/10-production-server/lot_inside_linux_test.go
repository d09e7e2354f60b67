package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
)

// This file is for moments that no client can choose: an event that is late or meant for
// another connection, a deadline that passes as a request arrives, a stop between two
// connections.

// inside serves cfg.Handler, on a socket until the test ends. Without one it serves
// "hello", after which a client of /last has to go.
func inside(t *testing.T, cfg Config) (s *Server, l *lot, addr string) {
	t.Helper()
	cfg.ErrorLog = slog.New(slog.DiscardHandler)
	if cfg.Handler == nil {
		cfg.Handler = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Path() == "/last" {
				w.Header().Set("Connection", "close")
			}
			keepalive.Text(w, 200, "hello")
		})
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one lot
	s.lots.get(s)
	go s.Serve(ln)
	t.Cleanup(func() {
		limited, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		s.Shutdown(limited)
	})
	return s, s.lots.all[0], ln.Addr().String()
}

// report is what the watcher does with an event, but for serving: runners do.
func report(l *lot, events uint32, fd int) {
	l.collect([]syscall.EpollEvent{{Events: events, Fd: int32(fd)}})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handOver()
	l.serving = false
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 5 s not yet: %s", what)
		}
	}
}

// parkedOnes waits until n connections are parked, and returns them.
func parkedOnes(t *testing.T, l *lot, n int) (all []*fdConn) {
	t.Helper()
	until(t, "parked", func() bool {
		all = nil
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, c := range l.conns {
			if c != nil && c.state.Load() == parked {
				all = append(all, c)
			}
		}
		return len(all) == n && l.open == n
	})
	return all
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { nc.Close() })
	return nc
}

func hello(nc net.Conn) error {
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// TestLot_StaleEvents: whatever is reported for a number that is another connection's by
// now, that one goes on, costs nothing, and keeps its deadline.
func TestLot_StaleEvents(t *testing.T) {
	_, l, addr := inside(t, Config{})
	nc := connect(t, addr)
	c := parkedOnes(t, l, 1)[0]
	for _, events := range []uint32{syscall.EPOLLIN, syscall.EPOLLRDHUP, syscall.EPOLLHUP | syscall.EPOLLERR, syscall.EPOLLOUT, 0xffffff} {
		by := c.until.Load()
		report(l, events, c.fd)
		parkedOnes(t, l, 1)
		if now := c.until.Load(); now != by {
			t.Errorf("event %#x: it may wait %v longer", events, time.Duration(now-by))
		}
	}
	if err := hello(nc); err != nil {
		t.Error(err)
	}
	fd := c.fd
	nc.Close()
	parkedOnes(t, l, 0)
	report(l, 0xffffff, fd) // nobody's
}

// TestLot_OverdueWithARequest: a connection whose time is over is served once more if its
// request has arrived and the watcher is late, and closed otherwise.
func TestLot_OverdueWithARequest(t *testing.T) {
	_, l, addr := inside(t, Config{})
	nc, silent := connect(t, addr), connect(t, addr)
	parkedOnes(t, l, 2)
	// A watcher that is very late.
	for _, c := range parkedOnes(t, l, 2) {
		if err := l.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{}); err != nil {
			t.Fatal(err)
		}
	}
	answered := make(chan error, 1)
	go func() { answered <- hello(nc) }()
	until(t, "the request is in the kernel", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, c := range l.conns {
			if c != nil && peek(c.fd) {
				return true
			}
		}
		return false
	})
	for _, c := range parkedOnes(t, l, 2) {
		c.until.Store(1)
	}
	if err := <-answered; err != nil {
		t.Errorf("the request that had arrived: %v", err)
	}
	if n, err := silent.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other one: %d bytes, %v", n, err)
	}
}

// TestLot_ComesWhenItStops: a connection that the accept loop has in its hand when the
// server is told to stop, and nobody else is there, has its request answered.
func TestLot_ComesWhenItStops(t *testing.T) {
	s, l, addr := inside(t, Config{})
	if err := hello(connect(t, addr)); err != nil { // somebody was there
		t.Fatal(err)
	}
	l.stop()
	parkedOnes(t, l, 0)
	nc := connect(t, addr)
	until(t, "it waits", func() bool { return s.conns.Stats().Idle == 1 })
	if err := hello(nc); err != nil {
		t.Errorf("its request: %v", err)
	}
}

// TestLot_AnotherOnesNumber: what has been closed does nothing to the connection that
// has its number now, whatever is done to it.
func TestLot_AnotherOnesNumber(t *testing.T) {
	_, l, addr := inside(t, Config{})
	first := connect(t, addr)
	c := parkedOnes(t, l, 1)[0]
	first.Close()
	parkedOnes(t, l, 0)
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	if pair[0] != c.fd && pair[1] != c.fd {
		c.fd = pair[0] // another goroutine of the test has taken the number
	}
	other := pair[0] + pair[1] - c.fd
	syscall.Write(other, []byte("secret"))
	if n, err := c.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read: %d, %v", n, err)
	}
	if n, err := c.Write([]byte("for another one")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write: %d, %v", n, err)
	}
	if c.asked() {
		t.Error("it has a request, which is another one's")
	}
	c.CloseWrite()
	c.SetLinger(0)
	c.Close()
	c.owner.Close()
	c.owner.kill()
	if n, err := syscall.Read(other, make([]byte, 20)); err != syscall.EAGAIN {
		t.Errorf("the other end: %d bytes, %v", n, err)
	}
	if n, _ := syscall.Read(c.fd, make([]byte, 20)); n != len("secret") {
		t.Errorf("%d bytes are left of its own", n)
	}
	tcp, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(tcp)
	syscall.Bind(tcp, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if c.fd = tcp; c.LocalAddr().String() != ":0" {
		t.Errorf("LocalAddr is %s", c.LocalAddr())
	}
}

// TestLot_Dropped: a connection that is dropped while it reads on after its last response
// ends at once.
func TestLot_Dropped(t *testing.T) {
	s, l, addr := inside(t, Config{})
	nc := connect(t, addr)
	io.WriteString(nc, "GET /last HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := io.ReadAll(nc); err != nil {
		t.Fatal(err)
	}
	var c *fdConn
	until(t, "it reads on", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, c = range l.conns {
			if c != nil && c.owner.idle.Load() > 0 && c.waits.Load() != nil {
				return true
			}
		}
		return false
	})
	begun := time.Now()
	s.conns.drop(waiting{c.owner.track, c.owner.idle.Load()})
	parkedOnes(t, l, 0)
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Errorf("it went on for %v", took)
	}
}

// TestLot_NotDropped: no room is made by closing a connection whose request has arrived,
// though the watcher is late.
func TestLot_NotDropped(t *testing.T) {
	s, l, addr := inside(t, Config{})
	nc := connect(t, addr)
	c := parkedOnes(t, l, 1)[0]
	// A watcher that is very late.
	l.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{})
	answered := make(chan error, 1)
	go func() { answered <- hello(nc) }()
	until(t, "the request is in the kernel", func() bool { return peek(c.fd) })
	s.conns.drop(waiting{c.owner.track, c.owner.idle.Load()})
	l.control(syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | 1<<31, Fd: int32(c.fd)})
	if err := <-answered; err != nil {
		t.Errorf("the request that had arrived: %v", err)
	}
}

// TestLot_FarAhead: times that are longer than anybody lives are no deadlines in the past.
func TestLot_FarAhead(t *testing.T) {
	for _, d := range []time.Duration{1<<62 - 1, 1<<63 - 1} {
		if ageIn(d) < age() || ageOf(time.Now().Add(d)) < age() {
			t.Errorf("%v from now on was long ago", d)
		}
	}
}

// TestLot_SlowHandlers: a handler that takes its time holds up nobody but the one who
// asked for it, though it is the watcher that serves it, or who accepts; nor does one that
// ends its goroutine.
func TestLot_SlowHandlers(t *testing.T) {
	release := make(chan struct{})
	s, l, addr := inside(t, Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		switch r.Path() {
		case "/slow":
			<-release
		case "/end":
			runtime.Goexit()
		}
		keepalive.Text(w, 200, "hello")
	})})
	var slow, quick []net.Conn
	for range 50 {
		slow, quick = append(slow, connect(t, addr)), append(quick, connect(t, addr))
	}
	parkedOnes(t, l, 100)
	for round := range 5 {
		for i := range 10 {
			io.WriteString(slow[10*round+i], "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
			if err := hello(quick[10*round+i]); err != nil {
				t.Fatalf("beside %d slow ones: %v", 10*round+i+1, err)
			}
		}
		time.Sleep(2 * minCaution) // the watcher serves by itself again
	}
	for i := range 20 { // those that have just been accepted are not held up either
		nc := connect(t, addr)
		if io.WriteString(nc, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"); i%4 == 0 {
			time.Sleep(2 * minCaution)
		}
		slow = append(slow, nc)
		if err := hello(connect(t, addr)); err != nil {
			t.Fatalf("beside %d slow newcomers: %v", i+1, err)
		}
	}
	close(release)
	for i, nc := range slow {
		if _, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil {
			t.Fatalf("slow one %d: %v", i, err)
		}
	}
	for range 5 {
		nc := quick[0]
		quick = quick[1:]
		io.WriteString(nc, "GET /end HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := io.ReadAll(nc); err != nil {
			t.Errorf("a handler that ends its goroutine: %v", err)
		}
		if err := hello(quick[0]); err != nil {
			t.Fatalf("after it: %v", err)
		}
	}
	until(t, "135 connections are open", func() bool { return s.conns.Stats().Open == 135 })
}

// TestLot_Relief: whoever serves is relieved if he has not finished when he is looked at
// again, and only if that is not the first time among many there is caution afterwards.
func TestLot_Relief(t *testing.T) {
	var s shift
	s.init(func() {})
	look := func(what string, late bool) {
		t.Helper()
		turn := s.turn
		if got := s.late(); got != late || (s.turn != turn) != late || got && s.serving {
			t.Errorf("%s: late is %t, in turn %d after %d", what, got, s.turn, turn)
		}
	}
	quick := func(n int) {
		for range n {
			s.begin()
			s.serving = false
		}
	}
	s.begin()
	look("he has just begun", false)
	s.serving = false
	look("he has finished", false)
	if s.set {
		t.Error("nobody serves, and the timer is set")
	}
	quick(2 * rare)
	s.begin()
	look("he has just begun", false)
	s.begin()
	look("again", false)
	look("and has not finished", true)
	if s.mayBeSlow() {
		t.Error("caution, for one among many")
	}
	for n := range 3 {
		quick(rare / 2)
		s.begin()
		look("another one", false)
		look("has not finished either", true)
		if want := minCaution << n; !s.mayBeSlow() || s.caution != want {
			t.Errorf("caution for %v, want %v", s.caution, want)
		}
	}
	s.careful = age()
	quick(2 * rare)
	s.begin()
	look("long after", false)
	look("he has not finished", true)
	if s.mayBeSlow() {
		t.Error("caution again, for one among many")
	}
}

// TestLot_Crowd: where there are ever more connections, others serve them too; as soon as
// there is none, who accepts them does.
func TestLot_Crowd(t *testing.T) {
	l := newArrivals(nil, new(fdListener))
	l.init(func() {})
	for n := range 2 * crowd {
		l.queue.row++
		if mine := l.mine(); mine != (n < crowd) {
			t.Fatalf("connection %d in a row: served by who accepts: %t", n+1, mine)
		}
		l.done(0)
	}

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ := inside(t, Config{})
	queue := s.lots.listener(ln.(*net.TCPListener))
	defer queue.Close()
	accept := func(row int) {
		t.Helper()
		nc, err := queue.Accept()
		if err != nil || queue.row != row {
			t.Errorf("%v; in a row are %d connections, want %d", err, queue.row, row)
		}
		nc.Close()
	}
	for range 3 {
		connect(t, ln.Addr().String())
	}
	for n := range 3 {
		accept(n + 1)
	}
	late := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() {
		defer close(late)
		connect(t, ln.Addr().String())
	})
	accept(1)
	<-late
}
