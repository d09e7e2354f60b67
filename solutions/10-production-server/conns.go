package server

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Conns are the connections that are open: no more than Max of them, and none that
// makes the others wait. The zero value has no bounds.
type Conns struct {
	// Max is how many may be open at once; 0 for any number.
	Max int

	// MaxPerClient is how many of them one client may have; 0 for any number. A
	// client is what ratelimit.ClientKey makes of its address. Nobody counts the
	// connections of Trusted, which are proxies and bring those of many clients,
	// nor those from this machine and those without an IP address.
	MaxPerClient int
	Trusted      []netip.Prefix

	// MinRate is how many bytes a second a client has to send while the server
	// waits for the rest of a request, on the average and after Grace; 0 for
	// any number. A deadline for each read would let one byte a read hold the
	// connection for ever.
	MinRate int
	Grace   time.Duration

	//starter:omit
	mu sync.Mutex
	//starter:omit
	open map[*track]struct{}
	//starter:omit
	clients map[netip.Prefix][]*track // whom those belong to that are counted
	//starter:omit
	stats ConnStats
}

// ConnStats are the figures of Conns at one moment.
type ConnStats struct {
	Open     int   // connections
	Idle     int   // those among them that wait for a request
	Accepted int64 // connections ever
	Dropped  int64 // those that were closed while idle, to make room for others
	Refused  int64 // those that were closed because their client had MaxPerClient
}

// Stats returns the figures of this moment.
//
//starter:todo 10.4 Count under the lock that guards the list.
func (t *Conns) Stats() ConnStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Open = len(t.open)
	for c := range t.open {
		if c.idle.Load() > 0 {
			s.Idle++
		}
	}
	return s
}

// A Conn is a connection of Conns.
type Conn interface {
	net.Conn

	// SetBusy says that a request of this connection is being handled, or no
	// longer is. Between two requests, and before the first, a connection that
	// waits in Read is idle.
	SetBusy(busy bool)

	// SetRemoteAddr sets what RemoteAddr returns from now on: the client's
	// address, where a proxy has told it. The connection then counts as that
	// client's; if there is no room for it, it is closed.
	SetRemoteAddr(addr net.Addr)
}

// MinIdle is how long a connection is left alone that has just been opened, or has
// just had a response: its request may be on its way, and a client that has opened a
// connection for it will not try again.
const MinIdle = 500 * time.Millisecond

// Listener returns a listener whose connections, which are all a [Conn], belong to
// t. When Max of them are open, Accept closes the one that has been idle for
// longest, to make room; while none has been idle for MinIdle, it waits until one has
// or is closed. Clients who come meanwhile wait in the queue of the kernel: nobody is
// taken out of it while no connection could go, and none goes before a client has come.
//
// When a client has MaxPerClient and opens another one, that which has been idle for
// longest among its own makes room in the same manner. If there is none, the new one
// is closed at once, and Accept does not return it: nothing that was accepted is lost,
// and nobody else waits.
//
// Read of a connection that is closed like that returns [net.ErrClosed]. A request
// that arrives at that very moment is lost to this server, and a client may send it
// again (RFC 9112 §9.3.1). Bytes that come before the first request, such as a TLS
// handshake, make a connection not idle until SetBusy(false) is called. Read of a
// client that is slower than MinRate returns [os.ErrDeadlineExceeded].
//
// A connection without a deadline for reading has been taken over by another
// protocol (see keepalive.Hijack): it is never idle, and there is no rate for it.
//
// One over TCP still has CloseWrite and SetLinger, which step 4 looks for: without them
// a client that is refused may not be able to read why, and one whose response is cut
// off does not notice. With ReadFrom, files are sent by the kernel. Nothing is kept of
// a client that has no connection.
//
//starter:todo 10.4 Accept, wrap, count, also by client; Close takes it off the lists.
//starter:todo 10.5 Whose Read is too slow?
//starter:return ln
func (t *Conns) Listener(ln net.Listener) net.Listener {
	l := &listener{Listener: ln, conns: t, closed: make(chan struct{})}
	if t.Max > 0 {
		l.room = make(chan struct{}, t.Max)
	}
	return l
}

//starter:omit
type listener struct {
	net.Listener
	conns  *Conns
	room   chan struct{} // one token for each open connection; nil for any number
	once   sync.Once
	closed chan struct{}
}

// retry is how long a full server waits before it looks again.
//
//starter:omit
const retry = 10 * time.Millisecond

// Accept looks for room before it takes a client out of the kernel's queue: while
// there is none, the client can still be accepted by another process that has the
// same socket. It makes the room afterwards, for it may be long before somebody
// comes.
//
//starter:omit
func (l *listener) Accept() (net.Conn, error) {
	var k *track
	for k == nil || !l.conns.count(k) {
		if k != nil {
			k.nc.Close()
		}
		if !l.wait(func() bool { return len(l.room) < cap(l.room) || len(l.conns.longIdle()) > 0 }) {
			return nil, net.ErrClosed
		}
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		k = &track{conns: l.conns, nc: nc, peer: nc.RemoteAddr()}
	}
	taken := l.wait(func() bool {
		for range 2 {
			select {
			case l.room <- struct{}{}:
				return true
			default:
				l.conns.dropIdle()
			}
		}
		return false
	})
	if taken { // otherwise it is one too many, but it is here, and nobody comes any more
		k.room = l.room
	}
	return l.conns.add(k), nil
}

// wait waits until there is room, and says whether there is: not if the listener was
// closed meanwhile. It looks again and again, as a connection may become idle without
// anybody being told.
//
//starter:omit
func (l *listener) wait(room func() bool) bool {
	for l.room != nil && !room() {
		select {
		case <-time.After(retry):
		case <-l.closed:
			return false
		}
	}
	return true
}

//starter:omit
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// add puts a connection on the list. One over TCP stays one underneath, so that it
// can still be half-closed, written to with one system call from several buffers,
// and sent a file by the kernel.
//
//starter:omit
func (t *Conns) add(k *track) Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = make(map[*track]struct{})
	}
	t.open[k] = struct{}{}
	t.stats.Accepted++
	switch nc := k.nc.(type) {
	case *net.TCPConn:
		return &tcpConn{nc, k}
	case *fdConn:
		return newEventConn(nc, k)
	}
	return &otherConn{k.nc, k}
}

//starter:omit
func (t *Conns) remove(k *track) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.open[k]; !ok {
		return // closed twice
	}
	delete(t.open, k)
	t.unlist(k)
	if k.room != nil {
		<-k.room
	}
}

// longIdle returns the connections that have been idle for MinIdle, in any order.
//
//starter:omit
func (t *Conns) longIdle() []waiting {
	var all []waiting
	latest := age() - int64(MinIdle)
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.open {
		if since := k.idle.Load(); since > 0 && since <= latest {
			all = append(all, waiting{k, since})
		}
	}
	return all
}

//starter:omit
type waiting struct {
	k     *track
	since int64
}

// dropIdle closes the connections that have been idle for longest: one of each
// hundred, so that a full server which is flooded does not look through all of them
// for every new one.
//
//starter:omit
func (t *Conns) dropIdle() {
	all := t.longIdle()
	slices.SortFunc(all, func(a, b waiting) int { return cmp.Compare(a.since, b.since) })
	for _, w := range all[:min(len(all), 1+t.Max/100)] {
		t.drop(w)
	}
}

// drop closes an idle connection, unless it has just got a request, or has one that
// who waits for it has not come to.
//
//starter:omit
func (t *Conns) drop(w waiting) {
	if asked(w.k.nc) {
		return
	}
	if w.k.idle.CompareAndSwap(w.since, dropped) {
		w.k.close()
		t.mu.Lock()
		t.stats.Dropped++
		t.mu.Unlock()
	}
}

// A track is what is known of one connection.
//
//starter:omit
type track struct {
	conns *Conns
	nc    net.Conn
	room  chan struct{}
	peer  net.Addr

	client netip.Prefix // on whose list it is, under conns.mu; not valid for nobody's

	// idle is the age at which the connection began to wait for a request; 0
	// while it does not wait, and dropped when it never will
	// again.
	idle  atomic.Int64
	busy  atomic.Bool
	taken atomic.Bool // it speaks another protocol now

	// Of the request that is arriving; used by the goroutine that reads.
	begun  bool // some of it is here
	got    int64
	waited time.Duration

	mu       sync.Mutex // of the deadline for reading
	deadline time.Time  // that was asked for; the rate may leave less
}

//starter:omit
const dropped = -1

// ageOf returns a moment as a number of nanoseconds, which is above zero. It is counted
// from the start of the process, so that setting the clock does not matter.
//
//starter:omit
func ageOf(t time.Time) int64 { return 1<<62 + min(int64(t.Sub(began)), never) }

// never is longer than anybody waits, and can be added to an age.
//
//starter:omit
const never = 1 << 61

//starter:omit
var began = time.Now()

// age returns this moment. It costs less than ageOf(time.Now()).
//
//starter:omit
func age() int64 { return 1<<62 + int64(time.Since(began)) }

// ageIn is ageOf(time.Now().Add(d)).
//
//starter:omit
func ageIn(d time.Duration) int64 { return age() + min(int64(d), never) }

// SetBusy implements [Conn].
//
//starter:omit
func (k *track) SetBusy(busy bool) {
	k.busy.Store(busy)
	if !busy {
		k.begun, k.got, k.waited = false, 0, 0
	}
}

// AwaitRequest says that the next byte begins a request. The connection of step 4 calls
// it: content that no handler has read is dropped after SetBusy(false), and is not the
// beginning of the next request.
//
//starter:omit
func (k *track) AwaitRequest() { k.SetBusy(false) }

// SetRemoteAddr implements [Conn].
//
//starter:omit
func (k *track) SetRemoteAddr(addr net.Addr) {
	k.peer = addr
	if !k.conns.count(k) {
		k.close()
	}
}

// SetReadDeadline sets the deadline that was asked for. Without one, the connection
// has been taken over: it speaks another protocol, and may be silent for as long as
// that one's own deadlines allow.
//
//starter:omit
func (k *track) SetReadDeadline(deadline time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deadline = deadline
	if deadline.IsZero() {
		k.taken.Store(true)
	}
	return k.nc.SetReadDeadline(deadline)
}

// hasten brings the deadline forward to until, or back to what was asked for if that
// is zero. It says whether there is any deadline.
//
//starter:omit
func (k *track) hasten(until time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if until.IsZero() || until.After(k.deadline) {
		until = k.deadline
	}
	k.nc.SetReadDeadline(until)
	return !k.deadline.IsZero()
}

// read reads as the connection's Read does, and notes how long that took.
//
//starter:omit
func (k *track) read(p []byte) (int, error) {
	if k.taken.Load() {
		return k.nc.Read(p)
	}
	if k.begun || k.busy.Load() {
		return k.readOn(p)
	}
	k.idle.CompareAndSwap(0, age()) // but one that has been dropped stays so
	return k.first(k.nc.Read(p))
}

// first takes note of what an idle connection has read.
//
//starter:omit
func (k *track) first(n int, err error) (int, error) {
	if k.idle.Swap(0) == dropped {
		k.idle.Store(dropped)
		return 0, net.ErrClosed
	}
	k.begun, k.got = n > 0, int64(n)
	return n, err
}

// readOn reads more of a request that has begun. Only the time in here counts: what
// the handler takes is not the client's fault.
//
//starter:omit
func (k *track) readOn(p []byte) (int, error) {
	t := k.conns
	if t.MinRate == 0 {
		return k.nc.Read(p)
	}
	begun := time.Now()
	earned := time.Duration(float64(k.got) / float64(t.MinRate) * float64(time.Second))
	if !k.hasten(begun.Add(t.Grace - k.waited + earned)) {
		return k.nc.Read(p) // a handshake
	}
	n, err := k.nc.Read(p)
	k.hasten(time.Time{})
	k.got += int64(n)
	k.waited += time.Since(begun)
	return n, err
}

// close closes the connection and takes it off the list.
//
//starter:omit
func (k *track) close() error {
	err := k.nc.Close()
	k.conns.remove(k)
	return err
}

// tcpConn and otherConn are a Conn over TCP and over anything else. What they do not
// define themselves is that of the connection: for TCP CloseWrite, SetLinger,
// ReadFrom, and what makes net.Buffers one system call.
//
//starter:omit
type (
	tcpConn struct {
		*net.TCPConn
		*track
	}
	otherConn struct {
		net.Conn
		*track
	}
)

//starter:omit
func (c *tcpConn) Read(p []byte) (int, error) { return c.track.read(p) }

//starter:omit
func (c *tcpConn) RemoteAddr() net.Addr { return c.track.peer }

//starter:omit
func (c *tcpConn) Close() error { return c.track.close() }

//starter:omit
func (c *tcpConn) SetReadDeadline(t time.Time) error { return c.track.SetReadDeadline(t) }

//starter:omit
func (c *tcpConn) SetDeadline(t time.Time) error {
	return errors.Join(c.track.SetReadDeadline(t), c.TCPConn.SetWriteDeadline(t))
}

//starter:omit
func (c *otherConn) Read(p []byte) (int, error) { return c.track.read(p) }

//starter:omit
func (c *otherConn) RemoteAddr() net.Addr { return c.track.peer }

//starter:omit
func (c *otherConn) Close() error { return c.track.close() }

//starter:omit
func (c *otherConn) SetReadDeadline(t time.Time) error { return c.track.SetReadDeadline(t) }

//starter:omit
func (c *otherConn) SetDeadline(t time.Time) error {
	return errors.Join(c.track.SetReadDeadline(t), c.Conn.SetWriteDeadline(t))
}
