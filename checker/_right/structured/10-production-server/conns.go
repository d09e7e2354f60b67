package server

import (
	"container/list"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
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

	mu      sync.Mutex
	clients map[netip.Prefix]*group // by ratelimit.ClientKey, while they have connections
	all     group
	changed chan struct{} // closed, and made anew, when there may be room
	figures ConnStats     // but for Open and Idle
}

// A group is some connections, of one client or of all.
type group struct {
	open int
	idle list.List // of *conn, the one that has been so for longest in front
}

// oldest returns the one that has been idle for longest, or nil, and when it may go.
func (g *group) oldest() (c *conn, from time.Time) {
	if front := g.idle.Front(); front != nil {
		c = front.Value.(*conn)
		return c, c.since.Add(MinIdle)
	}
	return nil, time.Time{}
}

// makeRoom closes the one that has been idle for longest, if there is one that may go.
func (t *Conns) makeRoom(g *group) bool {
	c, from := g.oldest()
	if c == nil || time.Now().Before(from) {
		return false
	}
	t.figures.Dropped++
	t.remove(c)
	return true
}

// remove takes c off all lists and closes it.
func (t *Conns) remove(c *conn) {
	if c.gone {
		return
	}
	t.settle(c, false)
	c.gone = true
	t.all.open--
	t.leave(c)
	c.Conn.Close()
	t.notify()
}

// notify wakes whoever waits for room.
func (t *Conns) notify() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// settle says whether c is idle.
func (t *Conns) settle(c *conn, idle bool) {
	if idle == (c.places[0] != nil) {
		return
	}
	for i, g := range []*group{&t.all, c.client} {
		switch {
		case g == nil:
		case idle:
			c.places[i] = g.idle.PushBack(c)
		default:
			g.idle.Remove(c.places[i])
			c.places[i] = nil
		}
	}
	if idle {
		c.since = time.Now()
		t.notify()
	}
}

// enter counts c as one of the client that has this address, and leave undoes that.
// There may be no room for it.
func (t *Conns) enter(c *conn, addr net.Addr) bool {
	key, counts := t.key(addr)
	if !counts {
		return true
	}
	g := t.clients[key]
	if g != nil && g.open >= t.MaxPerClient && !t.makeRoom(g) {
		t.figures.Refused++
		return false
	}
	if g = t.clients[key]; g == nil { // the one that made room may have been the last
		g = new(group)
		if t.clients == nil {
			t.clients = map[netip.Prefix]*group{}
		}
		t.clients[key] = g
	}
	g.open++
	c.client, c.key = g, key
	return true
}

func (t *Conns) leave(c *conn) {
	if c.client == nil {
		return
	}
	if c.client.open--; c.client.open == 0 {
		delete(t.clients, c.key)
	}
	c.client = nil
}

// key returns what an address is counted under, if it is.
func (t *Conns) key(addr net.Addr) (_ netip.Prefix, counts bool) {
	ip := ratelimit.Proxies{}.ClientAddr(&keepalive.Request{RemoteAddr: addr})
	if t.MaxPerClient <= 0 || !ip.IsValid() || ip.IsLoopback() || trusted(t.Trusted, ip) {
		return netip.Prefix{}, false
	}
	return ratelimit.ClientKey(ip), true
}

// trusted says whether an address is in one of the networks.
func trusted(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip) })
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
	s := t.figures
	s.Open, s.Idle = t.all.open, t.all.idle.Len()
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
	return &listener{Listener: ln, t: t, closed: make(chan struct{})}
}

type listener struct {
	net.Listener
	t      *Conns
	once   sync.Once
	closed chan struct{}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		if !l.await(false) {
			return nil, net.ErrClosed
		}
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, t: l.t, addr: nc.RemoteAddr()}
		if l.t.admit(c) {
			l.await(true)
			l.t.register(c)
			return c, nil
		}
		nc.Close()
	}
}

// admit asks whether the client of c may have one more.
func (t *Conns) admit(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.enter(c, c.addr)
}

func (t *Conns) register(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all.open++
	t.figures.Accepted++
}

// await returns true when there is room for one more, or could be made: take says to
// make it. It returns false when the listener is closed.
func (l *listener) await(take bool) bool {
	for {
		wait, changed := l.t.wait(take)
		if wait == 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// wait returns how long it takes at least until there is room, 0 if there is, and what
// is closed when that may have changed.
func (t *Conns) wait(take bool) (time.Duration, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Max <= 0 || t.all.open < t.Max {
		return 0, nil
	}
	c, from := t.all.oldest()
	wait := time.Until(from)
	if c == nil {
		wait = time.Hour // or whatever changes first
	}
	if wait <= 0 {
		if take {
			t.makeRoom(&t.all)
		}
		return 0, nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return wait, t.changed
}

// A conn is a Conn. Its fields are under the lock of its Conns.
type conn struct {
	net.Conn
	t    *Conns
	addr net.Addr

	client *group // nil if nobody counts it
	key    netip.Prefix
	places [2]*list.Element // where it stands while it is idle
	since  time.Time        // when it became so
	gone   bool

	stage  stage
	other  bool          // another protocol has taken it over
	user   time.Time     // the deadline for reading that was set
	rate   time.Time     // that of MinRate, during a Read
	bytes  int           // of this request
	waited time.Duration // for them, in Read
}

// A stage is where in its requests a connection is.
type stage uint8

const (
	between stage = iota // nothing of a request has come
	begun
	busy
)

func (c *conn) RemoteAddr() net.Addr {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return c.addr
}

func (c *conn) SetRemoteAddr(addr net.Addr) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.addr = addr
	if c.gone {
		return
	}
	c.t.settle(c, false)
	c.t.leave(c)
	if !c.t.enter(c, addr) {
		c.t.remove(c)
	}
}

func (c *conn) SetBusy(is bool) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.stage = busy; !is {
		c.stage, c.bytes, c.waited = between, 0, 0
	}
}

func (c *conn) Close() error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.gone {
		return net.ErrClosed
	}
	c.t.remove(c)
	return nil
}

// NetConn returns the connection behind c.
func (c *conn) NetConn() net.Conn { return c.Conn }

// ReadFrom lets the kernel send a file, where it can.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	if to, ok := c.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, src)
}

// SetLinger says what Close does with what has not been sent, where that can be said.
func (c *conn) SetLinger(sec int) error {
	if tcp, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(sec)
	}
	return nil
}

// CloseWrite ends the server's side, where that can be.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.user, c.other = t, c.other || t.IsZero()
	return c.Conn.SetReadDeadline(c.deadline())
}

// deadline is the earlier one of the two.
func (c *conn) deadline() time.Time {
	if c.rate.IsZero() || !c.user.IsZero() && c.user.Before(c.rate) {
		return c.user
	}
	return c.rate
}

func (c *conn) Read(p []byte) (int, error) {
	began := time.Now()
	if err := c.beforeRead(began); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	return c.afterRead(began, n, err)
}

func (c *conn) beforeRead(now time.Time) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	switch {
	case c.gone:
		return net.ErrClosed
	case c.other || c.user.IsZero():
	case c.stage == between:
		c.t.settle(c, true)
	case c.t.MinRate > 0:
		rest := c.t.Grace + time.Duration(c.bytes)*time.Second/time.Duration(c.t.MinRate) - c.waited
		if rest <= 0 {
			return os.ErrDeadlineExceeded
		}
		c.rate = now.Add(rest)
		c.Conn.SetReadDeadline(c.deadline())
	}
	return nil
}

func (c *conn) afterRead(began time.Time, n int, err error) (int, error) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.gone {
		return 0, net.ErrClosed // even if something came at that very moment
	}
	c.t.settle(c, false)
	if !c.rate.IsZero() {
		c.rate = time.Time{}
		c.Conn.SetReadDeadline(c.user)
	}
	switch {
	case c.stage != between:
		c.waited += time.Since(began)
	case n > 0:
		c.stage = begun
	}
	c.bytes += n
	return n, err
}
