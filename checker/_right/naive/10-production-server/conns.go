package server

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"barewire/steps/08-rate-limiting"
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

	mu      sync.Mutex
	open    map[*conn]bool
	changed chan struct{} // closed at the next change, if somebody waits for one
	stats   ConnStats     // all but Open and Idle
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
func (t *Conns) Stats() ConnStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Open = len(t.open)
	for c := range t.open {
		if c.isIdle() {
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
// or is closed. Clients who come meanwhile wait in the queue of the kernel.
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
func (t *Conns) Listener(ln net.Listener) net.Listener {
	return &connListener{Listener: ln, t: t, closed: make(chan struct{})}
}

type connListener struct {
	net.Listener
	t      *Conns
	once   sync.Once
	closed chan struct{}
}

func (l *connListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *connListener) Accept() (net.Conn, error) {
	for {
		// First there must be room, or somebody who can go for it: those who come
		// meanwhile wait in the kernel's queue.
		if err := l.awaitRoom(nil); err != nil {
			return nil, err
		}
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, t: l.t, quiet: true, remote: nc.RemoteAddr()}
		c.client, c.counted = l.t.clientOf(c.remote, nc.LocalAddr())
		err = l.awaitRoom(c) // another listener may have taken it
		if err == nil {
			return c, nil
		}
		nc.Close()
		if err != errNoRoomForClient {
			return nil, err
		}
	}
}

var errNoRoomForClient = errors.New("server: the client has as many connections as it may")

// awaitRoom waits until there is room for c, for which another one may have to go, and
// puts c on the list. With nil for c it waits until that would not take any time.
func (l *connListener) awaitRoom(c *conn) error {
	t := l.t
	for {
		t.mu.Lock()
		if c != nil && !t.roomForClient(c) {
			t.stats.Refused++
			t.mu.Unlock()
			return errNoRoomForClient
		}
		if t.Max <= 0 || len(t.open) < t.Max {
			if c != nil {
				t.add(c)
			}
			t.mu.Unlock()
			return nil
		}
		victim, next := t.longestIdle(func(*conn) bool { return true })
		if victim != nil {
			if c != nil {
				t.drop(victim)
			}
			t.mu.Unlock()
			if c == nil {
				return nil
			}
			continue
		}
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		changed := t.changed
		t.mu.Unlock()

		var timer <-chan time.Time
		if next > 0 {
			timer = time.After(next)
		}
		select {
		case <-changed:
		case <-timer:
		case <-l.closed:
			return net.ErrClosed
		}
	}
}

// clientOf returns whose connection one from an address is, and whether it is counted.
func (t *Conns) clientOf(remote, local net.Addr) (netip.Prefix, bool) {
	addr := ipOf(remote)
	if !addr.IsValid() || addr.IsLoopback() || local != nil && addr == ipOf(local) {
		return netip.Prefix{}, false
	}
	for _, prefix := range t.Trusted {
		if prefix.Contains(addr) {
			return netip.Prefix{}, false
		}
	}
	return ratelimit.ClientKey(addr), true
}

// ipOf returns the IP address in a, if there is one.
func ipOf(a net.Addr) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// What follows is called with t.mu held.

func (t *Conns) add(c *conn) {
	if t.open == nil {
		t.open = map[*conn]bool{}
	}
	t.open[c] = true
	t.stats.Accepted++
}

func (t *Conns) remove(c *conn) {
	delete(t.open, c)
	t.notify()
}

// notify wakes those who wait for room.
func (t *Conns) notify() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// drop closes an idle connection to make room.
func (t *Conns) drop(c *conn) {
	t.remove(c)
	t.stats.Dropped++
	c.dropped = true
	go c.Conn.Close()
}

// longestIdle returns the connection that has been idle for longest, and for MinIdle. If
// there is none, next is when one will be, or 0.
func (t *Conns) longestIdle(wanted func(*conn) bool) (victim *conn, next time.Duration) {
	var oldest *conn
	for c := range t.open {
		if c.isIdle() && wanted(c) && (oldest == nil || c.since.Before(oldest.since)) {
			oldest = c
		}
	}
	if oldest == nil {
		return nil, 0
	}
	if left := MinIdle - time.Since(oldest.since); left > 0 {
		return nil, left
	}
	return oldest, 0
}

// roomForClient makes room for c among the connections of its client, and returns whether
// there is some.
func (t *Conns) roomForClient(c *conn) bool {
	if t.MaxPerClient <= 0 || !c.counted {
		return true
	}
	mine := func(other *conn) bool { return other != c && other.counted && other.client == c.client }
	n := 0
	for other := range t.open {
		if mine(other) {
			n++
		}
	}
	if n < t.MaxPerClient {
		return true
	}
	victim, _ := t.longestIdle(mine)
	if victim == nil {
		return false
	}
	t.drop(victim)
	return true
}

// A conn is a Conn. What it has is guarded by t.mu.
type conn struct {
	net.Conn
	t       *Conns
	remote  net.Addr
	client  netip.Prefix
	counted bool // among those of its client

	reading bool      // somebody is in Read
	since   time.Time // when that Read began
	busy    bool      // a request is being handled
	quiet   bool      // nothing has come since the last one was
	dropped bool      // closed to make room

	got      int           // bytes of this request
	waited   time.Duration // for them
	deadline time.Time     // for reading, as it was set
	limit    time.Time     // for the Read that goes on, by MinRate
}

func (c *conn) isIdle() bool {
	return c.reading && c.quiet && !c.busy && !c.deadline.IsZero()
}

// setDeadline gives the connection below the earlier of both deadlines.
func (c *conn) setDeadline() error {
	d := c.deadline
	if !d.IsZero() && !c.limit.IsZero() && c.limit.Before(d) {
		d = c.limit
	}
	return c.Conn.SetReadDeadline(d)
}

// allowed returns how long the next bytes of a request may take.
func (c *conn) allowed() time.Duration {
	rate := c.t.MinRate
	earned := time.Duration(c.got/rate)*time.Second + time.Duration(c.got%rate)*time.Second/time.Duration(rate)
	return c.t.Grace + earned - c.waited
}

func (c *conn) Read(p []byte) (int, error) {
	t := c.t
	t.mu.Lock()
	if c.dropped {
		t.mu.Unlock()
		return 0, net.ErrClosed
	}
	began := time.Now()
	if !c.quiet && t.MinRate > 0 && !c.deadline.IsZero() {
		allowed := c.allowed()
		if allowed <= 0 {
			t.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		c.limit = began.Add(allowed)
		c.setDeadline()
	}
	c.reading = true
	c.since = began
	t.notify()
	t.mu.Unlock()

	n, err := c.Conn.Read(p)

	t.mu.Lock()
	defer t.mu.Unlock()
	c.reading = false
	if c.dropped {
		return 0, net.ErrClosed
	}
	if !c.limit.IsZero() {
		c.limit = time.Time{}
		c.setDeadline()
	}
	if !c.quiet {
		c.waited += time.Since(began)
	} else if n > 0 {
		c.beginRequest()
	}
	c.got += n
	return n, err
}

func (c *conn) beginRequest() {
	c.quiet = false
	c.got = 0
	c.waited = 0
}

func (c *conn) SetBusy(busy bool) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.busy = busy
	if !busy {
		c.quiet = true
		c.t.notify()
	} else if c.quiet {
		c.beginRequest()
	}
}

func (c *conn) SetRemoteAddr(addr net.Addr) {
	t := c.t
	t.mu.Lock()
	defer t.mu.Unlock()
	c.remote = addr
	c.client, c.counted = t.clientOf(addr, nil)
	if t.open[c] && !t.roomForClient(c) {
		t.remove(c)
		t.stats.Refused++
		c.dropped = true
		go c.Conn.Close()
	}
}

func (c *conn) RemoteAddr() net.Addr {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return c.remote
}

func (c *conn) SetReadDeadline(d time.Time) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.deadline = d
	c.t.notify()
	return c.setDeadline()
}

func (c *conn) SetDeadline(d time.Time) error {
	return errors.Join(c.SetReadDeadline(d), c.SetWriteDeadline(d))
}

func (c *conn) Close() error {
	c.t.mu.Lock()
	c.t.remove(c)
	c.t.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite and SetLinger are those of the connection below, if it has them.

func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *conn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(seconds)
	}
	return errors.ErrUnsupported
}
