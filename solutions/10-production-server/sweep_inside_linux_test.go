package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/08-rate-limiting"
)

// This file is for connections that nobody serves, and for the way there.

// hidden returns a connection that its own lot does not look at.
func hidden(t *testing.T) (c *fdConn, client *net.TCPConn) {
	t.Helper()
	c, client = accepted(t)
	c.lot.remove(c)
	return c, client
}

// How often a lot is looked through: sixteen times in the shortest time that counts.
func TestSweep_Period(t *testing.T) {
	for _, r := range []struct{ header, idle, want time.Duration }{
		{time.Hour, time.Hour, 100 * time.Millisecond}, {160 * time.Millisecond, time.Hour, 10 * time.Millisecond},
		{time.Hour, 320 * time.Millisecond, 20 * time.Millisecond}, {time.Millisecond, time.Hour, time.Millisecond},
	} {
		l, err := newLot(newServer(t, Config{HeaderTimeout: r.header, IdleTimeout: r.idle}))
		if err != nil {
			t.Fatal(err)
		}
		if l.period != r.want {
			t.Errorf("with %v and %v: every %v, want %v", r.header, r.idle, l.period, r.want)
		}
		l.close()
	}
}

// Who is overdue is doomed, and who has been parked for a while gives up what it keeps.
func TestSweep_Look(t *testing.T) {
	now := age()
	hour := int64(time.Hour)
	for _, r := range []struct {
		name          string
		state         uint32
		until, idle   int64
		overdue, kept bool
	}{
		{"it is served", 0, 1, now - hour, false, true},
		{"it is served, and has time", 0, now + hour, 0, false, true},
		{"it is overdue", parked, now - hour, now - hour, true, true},
		{"it has just been parked", parked, now + hour, now + hour, false, true},
		{"it has been parked for a while", parked, now + hour, now - 2*int64(long), false, false},
		{"it has no deadline", parked, 0, now - 2*int64(long), false, false},
		{"it has an event", parked | event, 1, now - hour, false, true},
	} {
		c, _ := hidden(t)
		c.owner.Keep("buffers")
		l := &lot{conns: []*fdConn{nil, c}}
		c.owner.idle.Store(r.idle)
		c.until.Store(r.until)
		c.state.Store(r.state)
		overdue := l.look()
		if len(overdue) == 1 != r.overdue || (c.owner.Kept() != nil) != r.kept || l.garbage != map[bool]int{false: 1}[r.kept] {
			t.Errorf("%s: overdue %t, it keeps %v, garbage %d", r.name, len(overdue) == 1, c.owner.Kept(), l.garbage)
		}
		if want := map[bool]uint32{true: doomed, false: r.state}[r.overdue]; c.state.Load() != want {
			t.Errorf("%s: state %d, want %d", r.name, c.state.Load(), want)
		}
		c.state.Store(0)
	}
	c, _ := hidden(t)
	c.owner.idle.Store(now - hour)
	c.state.Store(parked)
	l := &lot{conns: []*fdConn{c}}
	if l.look(); l.garbage != 0 {
		t.Errorf("it keeps nothing, and %d have given up something", l.garbage)
	}
	c.state.Store(0)
	l = &lot{spare: 3}
	for range 5 {
		l.idle = append(l.idle, &runner{make(chan *fdConn, 1)})
	}
	for i, want := range []int{3, 1, 0, 0} {
		if l.look(); len(l.idle) != want || l.spare != want {
			t.Errorf("look %d: %d runners are idle, %d all the time; want %d", i+1, len(l.idle), l.spare, want)
		}
	}
}

// To the nanosecond.
func TestSweep_LookExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := age()
		for _, r := range []struct {
			until, idle   int64
			overdue, kept bool
		}{
			{now, now, true, true}, {now + 1, now, false, true},
			{now + 1, now - int64(long), false, true}, {now + 1, now - int64(long) - 1, false, false},
		} {
			c := &fdConn{fd: -1}
			c.owner = &eventConn{fdConn: c, track: new(track), server: "buffers"}
			c.state.Store(parked)
			c.until.Store(r.until)
			c.owner.idle.Store(r.idle)
			l := &lot{conns: []*fdConn{c}}
			if overdue := len(l.look()) == 1; overdue != r.overdue || (c.owner.server != nil) != r.kept {
				t.Errorf("until %d, idle since %d: overdue %t, keeps %v", r.until-now, r.idle-now, overdue, c.owner.server)
			}
		}
	})
}

// When the server stops nobody waits for the next look, and it ends when all is over.
func TestSweep_Hurry(t *testing.T) {
	c, client := hidden(t)
	list, err := newLot(newServer(t, Config{}))
	if err != nil {
		t.Fatal(err)
	}
	l := &lot{period: time.Hour, hurry: make(chan struct{}), drained: make(chan struct{}), conns: []*fdConn{c}, epoll: list.epoll}
	l.idle = []*runner{{make(chan *fdConn, 1)}}
	r := l.idle[0]
	ended := make(chan struct{})
	go func() {
		l.sweep()
		close(ended)
	}()
	c.state.Store(parked)
	c.until.Store(1)
	l.stopping.Store(true)
	close(l.hurry)
	if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its client reads %d bytes, %v", n, err)
	}
	until(t, "it is closed", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.gone })
	close(l.drained)
	<-ended
	if !l.mu.TryLock() {
		t.Error("the lot is locked for ever")
	}
	if _, ok := <-r.next; ok || len(l.idle) > 0 {
		t.Errorf("%d runners are left", len(l.idle))
	}
	if err := l.epoll.Close(); err == nil {
		t.Error("the kernel's list is left open")
	}
	close(list.drained)
}

// When the server stops, those that are parked have a moment left, and the others what they
// had; all requests are told.
func TestSweep_Stop(t *testing.T) {
	l := &lot{hurry: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(t.Context())
	waits, _ := hidden(t)
	served, _ := hidden(t)
	waits.state.Store(parked)
	far := age() + int64(time.Hour)
	waits.until.Store(far)
	served.until.Store(far)
	l.conns = []*fdConn{waits, nil, served}
	l.stop()
	select {
	case <-l.hurry:
	default:
		t.Error("nobody looks through the lot sooner")
	}
	if !l.stopping.Load() || l.ctx.Err() == nil || waits.until.Load() >= far || served.until.Load() != far {
		t.Errorf("stopping %t, the requests have %v, and the connections wait until %d and %d", l.stopping.Load(), l.ctx.Err(), waits.until.Load(), served.until.Load())
	}
	l.stop()
	if !l.mu.TryLock() {
		t.Error("the lot is locked for ever")
	}
	waits.state.Store(0)
}

// A lot is drained when no connection is left and none will come, and that once.
func TestSweep_Drained(t *testing.T) {
	for _, r := range []struct {
		open    int
		closing bool
		want    bool
	}{{1, true, true}, {2, true, false}, {1, false, false}} {
		l := &lot{open: r.open, closing: r.closing, drained: make(chan struct{})}
		l.left()
		drained := false
		select {
		case <-l.drained:
			drained = true
		default:
		}
		if drained != r.want || l.open != r.open-1 {
			t.Errorf("%+v: drained %t, %d are open", r, drained, l.open)
		}
	}
	l := &lot{drained: make(chan struct{})}
	l.close()
	l.close()
	if err := l.shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	c, _ := accepted(t)
	l = &lot{drained: make(chan struct{}), conns: []*fdConn{nil, c}}
	if err := l.shutdown(over); !errors.Is(err, context.Canceled) || !l.cut || c.state.Load() != doomed {
		t.Errorf("without time: %v, cut %t, and the state of one that is left %d", err, l.cut, c.state.Load())
	}
	c.state.Store(0)
}

// Connections go to all lots in turn; who comes when all are cut off is cut off as well.
func TestSweep_Enter(t *testing.T) {
	ls := &lots{all: []*lot{new(lot), new(lot), new(lot), new(lot)}}
	seen := map[*lot]int{}
	for range 12 {
		seen[ls.next()]++
	}
	for i, l := range ls.all {
		if seen[l] != 3 {
			t.Errorf("lot %d has %d of 12 connections", i, seen[l])
		}
	}
	for _, cut := range []bool{false, true} {
		c, _ := accepted(t)
		c.lot.mu.Lock()
		c.lot.cut = cut
		c.lot.mu.Unlock()
		started := 0
		c.owner.enter(func(*fdConn) { started++ })
		if c.owner.ctx.Value(connKey{}) != Conn(c.owner) || started != 1 || c.state.Load() != map[bool]uint32{true: doomed}[cut] {
			t.Errorf("cut %t: started %d times, state %d", cut, started, c.state.Load())
		}
		c.owner.enter(nil)
		c.state.Store(0)
	}
}

// Connections are parked where they come over TCP, and need no goroutine from the first byte
// on.
func TestSweep_Parked(t *testing.T) {
	tcp := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	proxies := ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, r := range []struct {
		name string
		cfg  Config
		tls  *tls.Config
		ln   net.Listener
		want bool
	}{
		{"over TCP", Config{}, nil, tcp(), true},
		{"over something else", Config{}, nil, new(pipes), false},
		{"over TLS", Config{}, new(tls.Config), tcp(), false},
		{"behind PROXY headers", Config{ProxyProtocol: true, Proxies: proxies}, nil, tcp(), false},
		{"where goroutines are asked for", Config{Goroutines: true}, nil, tcp(), false},
	} {
		s := newServer(t, r.cfg)
		s.tls = r.tls
		ln := s.park(r.ln)
		if _, parked := ln.(*arrivals); parked != r.want {
			t.Errorf("%s: it is a %T", r.name, ln)
		}
		if r.cfg.ProxyProtocol || r.want {
			ln.Close()
		}
		s.Shutdown(t.Context())
	}
	s := newServer(t, Config{})
	before := runtime.GOMAXPROCS(3)
	s.lots.get(s)
	if now := runtime.GOMAXPROCS(before); now != 3 || len(s.lots.all) != 3 {
		t.Errorf("for 3 processors there are %d lots, and then %d processors", len(s.lots.all), now)
	}
	s.Shutdown(t.Context())
}

// What a connection has of its listener, and what the listener says of what has failed.
func TestSweep_Listener(t *testing.T) {
	s, _, _ := inside(t, Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if (&lots{}).listener(ln.(*net.TCPListener)) != nil {
		t.Error("there are no lots, and a listener")
	}
	queue := s.lots.listener(ln.(*net.TCPListener))
	connect(t, ln.Addr().String())
	var failed error
	withoutDescriptors(t, func() { _, failed = queue.Accept() })
	if want := "accept tcp " + ln.Addr().String() + ": accept4: too many open files"; !errors.Is(failed, syscall.EMFILE) || failed.Error() != want {
		t.Errorf("without a descriptor: %v, want %s", failed, want)
	}
	nc, err := queue.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fd := nc.(*fdConn).fd
	for _, r := range []struct {
		name                string
		level, option, want int
	}{
		{"TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
		{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
		{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
	} {
		if got, err := syscall.GetsockoptInt(fd, r.level, r.option); got != r.want || err != nil {
			t.Errorf("%s is %d, %v; want %d", r.name, got, err, r.want)
		}
	}
	if flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); flags&syscall.FD_CLOEXEC == 0 {
		t.Error("programs that this one starts have the connection too")
	}
	nc.Close()
	if err := queue.Close(); err != nil {
		t.Error(err)
	}
	if err := queue.Close(); err == nil {
		t.Error("closed twice, without an error")
	}
	if _, err := queue.Accept(); !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "accept tcp "+ln.Addr().String()+": ") {
		t.Errorf("Accept of what is closed: %v", err)
	}
	if s.lots.listener(ln.(*net.TCPListener)) != nil {
		t.Error("a listener of one that is closed")
	}
}

// A server that has been shut down makes no lots for a listener that comes afterwards.
func TestSweep_NoLotsAfterwards(t *testing.T) {
	s := newServer(t, Config{})
	s.Shutdown(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ln); !errors.Is(err, ErrServerClosed) || len(s.lots.all) > 0 {
		t.Errorf("Serve after Shutdown: %v, and %d lots", err, len(s.lots.all))
	}
}
