package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// This file is for who serves a connection, and what it costs while nobody does.

// again parks a connection that waits for a request, unless there is something to read;
// one that is to be closed, or was dropped, it ends.
func TestWatch_Again(t *testing.T) {
	for _, r := range []struct {
		name    string
		parking bool
		state   uint32
		idle    int64
		want    bool
		after   uint32
		gone    bool
	}{
		{"it has ended", false, 0, 0, false, 0, false},
		{"it waits", true, 0, age(), false, parked, false},
		{"a request has come", true, event, age(), true, event, false},
		{"the client's end has come", true, ended, age(), true, ended, false},
		{"it is doomed", true, doomed, age(), false, doomed, true},
		{"it is doomed, and a request has come", true, doomed | event, age(), false, doomed | event, true},
		{"it was dropped, and a request has come", true, event, dropped, false, event, true},
	} {
		c, _ := accepted(t)
		c.parking = r.parking
		c.state.Store(r.state)
		c.owner.idle.Store(r.idle)
		got := c.lot.again(c)
		if got != r.want || c.state.Load() != r.after || c.gone != r.gone || c.parking {
			t.Errorf("%s: served again: %t, state %d, gone %t, parking %t; want %t, %d and %t", r.name, got, c.state.Load(), c.gone, c.parking, r.want, r.after, r.gone)
		}
		if got && c.owner.idle.Load() != 0 {
			t.Errorf("%s: it is served, and idle", r.name)
		}
		c.state.Store(0)
	}
}

// A panic below the handlers costs the connection, and is logged; the end of a goroutine
// costs both, and nobody is told.
func TestWatch_Run(t *testing.T) {
	for _, r := range []struct {
		name  string
		serve func()
		log   string
	}{
		{"a panic", func() { panic("as it was told to") }, `level=ERROR msg="server: panic on a connection" client=CLIENT panic="as it was told to" stack="goroutine `},
		{"runtime.Goexit", runtime.Goexit, ""},
	} {
		c, client := accepted(t)
		var log bytes.Buffer
		l := &lot{log: slog.New(slog.NewTextHandler(&log, nil)), serve: func(context.Context, net.Conn) { r.serve() }}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.run(c)
		}()
		<-ended
		if !c.gone {
			t.Errorf("%s: the connection is there", r.name)
		}
		_, got, _ := strings.Cut(log.String(), " ")
		if want := strings.Replace(r.log, "CLIENT", client.LocalAddr().String(), 1); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: the log has %q, want %q", r.name, got, want)
		}
	}
}

// What is overdue and has a request is given to a runner, with nobody else to serve it.
func TestWatch_Overdue(t *testing.T) {
	c, client := accepted(t)
	l, r := c.lot, &runner{next: make(chan *fdConn, 1)}
	if !c.park() {
		t.Fatal("not parked")
	}
	l.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{}) // a watcher that is very late
	client.Write([]byte("GET"))
	until(t, "the request is in the kernel", func() bool { return peek(c.fd) })
	l.mu.Lock()
	l.idle = append(l.idle, r)
	l.mu.Unlock()
	c.until.Store(1)
	if overdue := l.look(); len(overdue) > 0 {
		t.Fatal("it is doomed")
	}
	if got := <-r.next; got != c || c.state.Load() != event {
		t.Errorf("its state is %d, want %d", c.state.Load(), event)
	}
}

// Memory goes back to the system when connections have given up enough of it: 8 MiB, and
// a quarter of what is in use.
func TestWatch_GiveBack(t *testing.T) {
	const each = 8 << 10
	forced := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	inUse := func() int {
		runtime.GC()
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(heap)
		return int(heap[0].Value.Uint64())
	}
	look := func(garbage int, want bool) {
		t.Helper()
		heap := inUse()
		l := &lot{garbage: garbage}
		before := forced()
		l.giveBack()
		if got := forced() > before; got != want || l.garbage != 0 {
			t.Errorf("%d connections, with %d MiB in use: %t, and %d are left to count; want %t and 0", garbage, heap>>20, got, l.garbage, want)
		}
	}
	if heap := inUse(); heap < 24<<20 {
		look(1024, true)
	}
	look(1023, false)
	much := make([]byte, 200<<20)
	of := inUse() / each
	look(of*22/100, false)
	look(of*28/100, true)
	runtime.KeepAlive(much)
	l := &lot{garbage: 1 << 40, period: time.Millisecond, drained: make(chan struct{})}
	l.epoll, _ = os.Open(os.DevNull)
	before, ended := forced(), make(chan struct{})
	go func() {
		l.sweep()
		close(ended)
	}()
	until(t, "a look has given it back", func() bool { return forced() > before })
	close(l.drained)
	<-ended
}

// failing is a listener that fails where there is no connection.
type failing struct {
	net.Listener
	conns chan net.Conn
	now   atomic.Int32 // how many wait for a connection
	most  atomic.Int32
}

var errAccept = errors.New("no more files")

func (f *failing) Accept() (net.Conn, error) {
	f.most.Store(max(f.most.Load(), f.now.Add(1)))
	defer f.now.Add(-1)
	if nc := <-f.conns; nc != nil {
		return nc, nil
	}
	return nil, errAccept
}

// The accept loop is told of each failure, and once that all is well again.
func TestWatch_Arrivals(t *testing.T) {
	var conns []*fdConn
	for range 5 {
		c, _ := accepted(t)
		c.lot.serve = func(context.Context, net.Conn) { c.owner.end() }
		conns = append(conns, c)
	}
	below := &failing{conns: make(chan net.Conn)}
	l := newArrivals(below, new(fdListener))
	news := make(chan error)
	go func() {
		for range 4 {
			_, err := l.Accept()
			news <- err
		}
	}()
	for round := range 2 {
		below.conns <- nil
		if err := <-news; err != errAccept {
			t.Errorf("round %d: %v, want %v", round, err, errAccept)
		}
		below.conns <- conns[2*round].owner
		if err := <-news; err != nil {
			t.Errorf("round %d: %v when all is well", round, err)
		}
		select { // it is not said again
		case below.conns <- conns[2*round+1].owner:
		case err := <-news:
			t.Errorf("round %d: %v once more", round, err)
		}
	}
	select {
	case below.conns <- conns[4].owner:
	case <-time.After(5 * time.Second):
		t.Error("it waits to say once more that all is well")
	}
	if most := below.most.Load(); most != 1 {
		t.Errorf("%d wait for the next connection", most)
	}
	until(t, "all are served", func() bool {
		for _, c := range conns {
			c.mu.Lock()
			gone := c.gone
			c.mu.Unlock()
			if !gone {
				return false
			}
		}
		return true
	})
}

// Who accepts connections ends when he has been relieved, and serves none by himself for a
// while when somebody has been slow.
func TestWatch_Relieved(t *testing.T) {
	c, _ := accepted(t)
	below := &failing{conns: make(chan net.Conn, 1)}
	l := newArrivals(below, new(fdListener))
	c.lot.serve = func(context.Context, net.Conn) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.turn++
		c.owner.end()
	}
	below.conns <- c.owner
	l.greet(0)
	if below.most.Load() != 1 || l.turn != 1 {
		t.Errorf("after turn 0 comes %d", l.turn)
	}
	if !l.mine() {
		t.Error("nobody was slow, and others serve")
	}
	if l.careful = age() + int64(time.Hour); l.mine() {
		t.Error("somebody was slow, and he serves")
	}
}

// withoutDescriptors calls f while this process may open nothing more.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Max: files.Max}); err != nil {
		t.Fatal(err)
	}
	f()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
}

// Without lots, connections have a goroutine each, and the log says so.
func TestWatch_NoLots(t *testing.T) {
	var log bytes.Buffer
	s, err := New(Config{ErrorLog: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	withoutDescriptors(t, func() { s.lots.get(s) })
	const want = `level=WARN msg="server: connections keep a goroutine each" error="epoll_create1: too many open files"`
	if len(s.lots.all) > 0 || strings.Count(log.String(), want) != 1 {
		t.Errorf("%d lots, and the log has %q; want none, and %q", len(s.lots.all), log.String(), want)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln)
	if err := hello(connect(t, ln.Addr().String())); err != nil {
		t.Error(err)
	}
	s.Shutdown(t.Context())
}
