package server

import (
	"container/list"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"barewire/steps/04-keep-alive"
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

	mu      sync.Mutex // guards all that follows, and the conns
	changed sync.Cond  // there may be room
	stats   ConnStats
	idle    list.List // of *conn; the longest first
	clients map[netip.Prefix]map[*conn]bool
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
	s.Idle = t.idle.Len()
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
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changed.L = &t.mu
	return &listener{Listener: ln, t: t}
}

type listener struct {
	net.Listener
	t      *Conns
	closed bool
}

func (l *listener) Close() error {
	l.t.mu.Lock()
	l.closed = true
	l.t.changed.Broadcast()
	l.t.mu.Unlock()
	return l.Listener.Close()
}

func (l *listener) Accept() (net.Conn, error) {
	t := l.t
	for {
		t.mu.Lock()
		l.awaitRoom()
		t.mu.Unlock()
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, t: t, remote: nc.RemoteAddr()}
		t.mu.Lock()
		if !t.enter(c) {
			t.mu.Unlock()
			nc.Close()
			continue
		}
		for oldest := l.awaitRoom(); oldest != nil; oldest = l.awaitRoom() {
			oldest.drop()
			t.stats.Dropped++
		}
		t.stats.Open++
		t.stats.Accepted++
		c.open = true
		t.mu.Unlock()
		return c, nil
	}
}

// awaitRoom waits until one more may be open, or until the conn that it returns could
// be dropped for it.
func (l *listener) awaitRoom() *conn {
	t := l.t
	for t.Max > 0 && t.stats.Open >= t.Max && !l.closed {
		wait := MinIdle
		if front := t.idle.Front(); front != nil {
			c := front.Value.(*conn)
			if wait -= time.Since(c.since); wait <= 0 {
				return c
			}
		}
		timer := time.AfterFunc(wait, func() { // with the lock, so not before Wait
			t.mu.Lock()
			defer t.mu.Unlock()
			t.changed.Broadcast()
		})
		t.changed.Wait()
		timer.Stop()
	}
	return nil
}

// enter counts c as one of its client's, and says whether there was room.
func (t *Conns) enter(c *conn) bool {
	ip := ipOf(c.remote)
	if t.MaxPerClient == 0 || !ip.IsValid() || ip.IsLoopback() || contain(t.Trusted, ip) {
		return true
	}
	key := ratelimit.ClientKey(ip)
	if len(t.clients[key]) >= t.MaxPerClient {
		var oldest *conn
		for o := range t.clients[key] {
			if o.idle != nil && (oldest == nil || o.since.Before(oldest.since)) {
				oldest = o
			}
		}
		if oldest == nil || time.Since(oldest.since) < MinIdle {
			t.stats.Refused++
			return false
		}
		oldest.drop()
		t.stats.Dropped++
	}
	if t.clients == nil {
		t.clients = map[netip.Prefix]map[*conn]bool{}
	}
	if t.clients[key] == nil {
		t.clients[key] = map[*conn]bool{}
	}
	t.clients[key][c] = true
	c.client = key
	return true
}

// ipOf returns the IP address in a, if there is one.
func ipOf(a net.Addr) netip.Addr {
	return ratelimit.Proxies{}.ClientAddr(&keepalive.Request{RemoteAddr: a})
}

func contain(ps []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// leave takes c off the connections of its client.
func (t *Conns) leave(c *conn) {
	delete(t.clients[c.client], c)
	if len(t.clients[c.client]) == 0 {
		delete(t.clients, c.client)
	}
	c.client = netip.Prefix{}
}

// A conn is the Conn of a Conns.
type conn struct {
	net.Conn
	t        *Conns
	remote   net.Addr
	client   netip.Prefix
	open     bool
	dropped  bool
	busy     bool
	idle     *list.Element // while it is
	since    time.Time     // it is idle
	deadline time.Time     // for reading, as it was set
	limit    time.Time     // for the Read that waits, by the rate
	got      int64         // bytes of this request
	waited   time.Duration // for them
}

// forget takes c off all lists.
func (c *conn) forget() {
	t := c.t
	t.leave(c)
	c.endIdle()
	if c.open {
		c.open = false
		t.stats.Open--
		t.changed.Broadcast()
	}
}

func (c *conn) endIdle() {
	if c.idle != nil {
		c.t.idle.Remove(c.idle)
		c.idle = nil
	}
}

// drop closes c.
func (c *conn) drop() {
	c.forget()
	c.dropped = true
	c.Conn.Close()
}

func (c *conn) Close() error {
	c.t.mu.Lock()
	c.forget()
	c.t.mu.Unlock()
	return c.Conn.Close()
}

func (c *conn) SetBusy(busy bool) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.busy = busy; !busy {
		c.got, c.waited = 0, 0
	}
}

func (c *conn) RemoteAddr() net.Addr {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return c.remote
}

func (c *conn) SetRemoteAddr(addr net.Addr) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.t.leave(c)
	c.remote = addr
	if !c.t.enter(c) {
		c.drop()
	}
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.Conn.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.deadline = t
	return c.setDeadline()
}

// setDeadline sets the earlier one of the two deadlines.
func (c *conn) setDeadline() error {
	d := c.deadline
	if !c.limit.IsZero() && !d.IsZero() && c.limit.Before(d) {
		d = c.limit
	}
	return c.Conn.SetReadDeadline(d)
}

func (c *conn) Read(p []byte) (int, error) {
	t, began := c.t, time.Now()
	t.mu.Lock()
	if c.dropped {
		t.mu.Unlock()
		return 0, net.ErrClosed
	}
	rated := false
	if !c.deadline.IsZero() && !c.busy && c.got == 0 {
		c.since = began
		c.idle = t.idle.PushBack(c)
		t.changed.Broadcast()
	} else if rated = !c.deadline.IsZero() && t.MinRate > 0; rated {
		c.limit = began.Add(t.Grace + time.Duration(c.got)*time.Second/time.Duration(t.MinRate) - c.waited)
		c.setDeadline()
	}
	t.mu.Unlock()
	n, err := c.Conn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.dropped {
		return 0, net.ErrClosed
	}
	c.endIdle()
	c.got += int64(n)
	if rated {
		c.waited += time.Since(began)
		c.limit = time.Time{}
		c.setDeadline()
	}
	return n, err
}

// CloseWrite closes the sending side.
func (c *conn) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger is that of a TCP connection.
func (c *conn) SetLinger(sec int) error {
	if l, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return l.SetLinger(sec)
	}
	return errors.ErrUnsupported
}
