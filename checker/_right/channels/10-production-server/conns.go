package server

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
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

	office atomic.Pointer[office] // from the first call on
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
	var now ConnStats
	t.open().with(func(b *book) {
		now = b.count
		now.Open = len(b.all)
		for c := range b.all {
			if c.idle.Load() > 0 {
				now.Idle++
			}
		}
	})
	return now
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
	return &listener{Listener: ln, conns: t, closed: make(chan struct{})}
}

// An office has the book of all connections. The book lies in a channel with room for
// it alone; whoever takes it out may read and write in it.
type office struct {
	desk    chan *book
	waiting atomic.Int32 // who waits for room: only then has anybody to be told of it
}

// A book is a list of connections. Which of them are idle is not in it: each connection
// knows that itself.
type book struct {
	all     map[*conn]bool
	of      map[netip.Prefix]map[*conn]bool // those of clients that are counted
	count   ConnStats                       // only what is counted up
	changed chan struct{}                   // closed when there may be room
}

func (t *Conns) open() *office {
	if o := t.office.Load(); o != nil {
		return o
	}
	o := &office{desk: make(chan *book, 1)}
	o.desk <- &book{all: map[*conn]bool{}, of: map[netip.Prefix]map[*conn]bool{}, changed: make(chan struct{})}
	t.office.CompareAndSwap(nil, o)
	return t.office.Load()
}

func (o *office) with(f func(b *book)) {
	b := <-o.desk
	f(b)
	o.desk <- b
}

// tell wakes those who wait for room.
func (o *office) tell() {
	if o.waiting.Load() == 0 {
		return
	}
	o.with(func(b *book) {
		close(b.changed)
		b.changed = make(chan struct{})
	})
}

// client returns what an address is counted under, or the zero Prefix for one that is
// not counted.
func (t *Conns) client(addr net.Addr) netip.Prefix {
	if t.MaxPerClient == 0 {
		return netip.Prefix{}
	}
	ip := ratelimit.Proxies{}.ClientAddr(&keepalive.Request{RemoteAddr: addr})
	if !ip.IsValid() || ip.IsLoopback() || slices.ContainsFunc(t.Trusted, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return netip.Prefix{}
	}
	return ratelimit.ClientKey(ip)
}

// longestIdle returns the connection that has been idle for longest, if that is
// MinIdle, or how long it takes until there is one; 0 for nobody knows.
func longestIdle(among map[*conn]bool) (longest *conn, since int64, wait time.Duration) {
	for c := range among {
		if s := c.idle.Load(); s > 0 && (longest == nil || s < since) {
			longest, since = c, s
		}
	}
	if longest == nil {
		return nil, 0, 0
	}
	if wait = MinIdle - time.Since(time.Unix(0, since)); wait > 0 {
		return nil, 0, wait
	}
	return longest, since, 0
}

// drop takes the connection that has been idle for longest out of the book. It is to be
// closed then.
func (b *book) drop(among map[*conn]bool) (dropped *conn, wait time.Duration) {
	for {
		c, since, wait := longestIdle(among)
		if c == nil {
			return nil, wait
		}
		if c.idle.CompareAndSwap(since, droppedForRoom) {
			b.strike(c)
			b.count.Dropped++
			return c, 0
		}
		// Its request has just come: it was first.
	}
}

func (b *book) enter(c *conn) {
	b.all[c] = true
	b.enterClient(c)
}

func (b *book) enterClient(c *conn) {
	if !c.client.IsValid() {
		return
	}
	if b.of[c.client] == nil {
		b.of[c.client] = map[*conn]bool{}
	}
	b.of[c.client][c] = true
}

func (b *book) strike(c *conn) {
	delete(b.all, c)
	b.strikeClient(c)
}

func (b *book) strikeClient(c *conn) {
	if of := b.of[c.client]; of != nil {
		if delete(of, c); len(of) == 0 {
			delete(b.of, c.client)
		}
	}
}

// roomFor says whether a client may have one more, perhaps since one of its own goes,
// which is to be closed.
func (t *Conns) roomFor(b *book, client netip.Prefix) (ok bool, goes *conn) {
	if !client.IsValid() || len(b.of[client]) < t.MaxPerClient {
		return true, nil
	}
	goes, _ = b.drop(b.of[client])
	return goes != nil, goes
}

type listener struct {
	net.Listener
	conns  *Conns
	once   atomic.Bool
	closed chan struct{}
}

func (l *listener) Close() error {
	if l.once.CompareAndSwap(false, true) {
		close(l.closed)
	}
	return l.Listener.Close()
}

// await calls try until it says that it is done, each time that there may be room: when
// somebody says so, and after the time that try returns.
func (l *listener) await(try func(b *book) (done bool, wait time.Duration)) error {
	o := l.conns.open()
	done := false
	var changed chan struct{}
	var wait time.Duration
	attempt := func(b *book) {
		changed = b.changed
		done, wait = try(b)
	}
	if o.with(attempt); done {
		return nil
	}
	o.waiting.Add(1) // before the next attempt: what changes behind it is told
	defer o.waiting.Add(-1)
	for {
		if o.with(attempt); done {
			return nil
		}
		var alarm <-chan time.Time
		if wait > 0 {
			alarm = time.After(wait)
		}
		select {
		case <-changed:
		case <-alarm:
		case <-l.closed:
			return net.ErrClosed
		}
	}
}

func (l *listener) Accept() (net.Conn, error) {
	t := l.conns
	for {
		// Nobody is taken out of the kernel's queue as long as there is no room.
		err := l.await(func(b *book) (bool, time.Duration) {
			if t.Max == 0 || len(b.all) < t.Max {
				return true, 0
			}
			c, _, wait := longestIdle(b.all)
			return c != nil, wait
		})
		if err != nil {
			return nil, err
		}
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, conns: t, times: make(chan times, 1), client: t.client(nc.RemoteAddr())}
		c.times <- times{}
		refused := false
		err = l.await(func(b *book) (bool, time.Duration) {
			ok, goes := t.roomFor(b, c.client)
			if refused = !ok; refused {
				b.count.Refused++
				return true, 0
			}
			if goes != nil {
				goes.Conn.Close()
			}
			if t.Max > 0 && len(b.all) >= t.Max {
				goes, wait := b.drop(b.all)
				if goes == nil {
					return false, wait
				}
				goes.Conn.Close()
			}
			b.count.Accepted++
			b.enter(c)
			return true, 0
		})
		if err == nil && !refused {
			return c, nil
		}
		nc.Close()
		if err != nil {
			return nil, err
		}
	}
}

// droppedForRoom is what idle is for a connection that has been dropped.
const droppedForRoom = -1

// A conn is a Conn.
type conn struct {
	net.Conn
	conns  *Conns
	client netip.Prefix // belongs to the book
	addr   atomic.Pointer[net.Addr]
	closed atomic.Bool

	// idle is since when this connection waits in Read for a request (in nanoseconds
	// of Unix time), or 0, or droppedForRoom. The reader and whoever needs room agree by it
	// who was first.
	idle atomic.Int64

	busy     atomic.Bool
	received atomic.Int64 // bytes since the last request was handled
	waited   atomic.Int64 // time in Read since the first of these

	times chan times // has room for the one value that there is
}

// Times are the deadlines for reading.
type times struct {
	wanted time.Time // by the code above
	rated  time.Time // by MinRate, during a Read
	taken  bool      // the code above wanted none at all: there is another protocol now
}

func (d times) earliest() time.Time {
	if d.rated.IsZero() || !d.wanted.IsZero() && d.wanted.Before(d.rated) {
		return d.wanted
	}
	return d.rated
}

// setTimes changes the deadlines and tells the connection below.
func (c *conn) setTimes(change func(d *times)) (now times, err error) {
	d := <-c.times
	change(&d)
	err = c.Conn.SetReadDeadline(d.earliest())
	c.times <- d
	return d, err
}

func (c *conn) SetReadDeadline(t time.Time) error {
	_, err := c.setTimes(func(d *times) {
		d.wanted = t
		d.taken = d.taken || t.IsZero()
	})
	return err
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.Conn.SetWriteDeadline(t))
}

func (c *conn) Read(p []byte) (int, error) {
	d := <-c.times
	c.times <- d
	switch {
	case d.taken || d.wanted.IsZero():
		return c.Conn.Read(p)
	case !c.busy.Load() && c.received.Load() == 0:
		return c.readIdle(p)
	case c.conns.MinRate > 0:
		return c.readRated(p)
	}
	n, err := c.Conn.Read(p)
	c.received.Add(int64(n))
	return n, err
}

// readIdle waits for the first bytes of a request.
func (c *conn) readIdle(p []byte) (int, error) {
	since := time.Now().UnixNano()
	if !c.idle.CompareAndSwap(0, since) {
		return 0, net.ErrClosed
	}
	c.conns.open().tell()
	n, err := c.Conn.Read(p)
	if !c.idle.CompareAndSwap(since, 0) {
		return 0, net.ErrClosed // it was dropped first
	}
	c.received.Add(int64(n))
	return n, err
}

// readRated waits no longer than a client may take that sends at MinRate.
func (c *conn) readRated(p []byte) (int, error) {
	begun := time.Now()
	earned := time.Duration(float64(c.received.Load()) / float64(c.conns.MinRate) * float64(time.Second))
	until := begun.Add(c.conns.Grace + earned - time.Duration(c.waited.Load()))
	c.setTimes(func(d *times) { d.rated = until })
	n, err := c.Conn.Read(p)
	c.setTimes(func(d *times) { d.rated = time.Time{} })
	c.received.Add(int64(n))
	c.waited.Add(int64(time.Since(begun)))
	return n, err
}

func (c *conn) SetBusy(busy bool) {
	c.busy.Store(busy)
	if !busy {
		c.received.Store(0)
		c.waited.Store(0)
	}
}

func (c *conn) RemoteAddr() net.Addr {
	if addr := c.addr.Load(); addr != nil {
		return *addr
	}
	return c.Conn.RemoteAddr()
}

func (c *conn) SetRemoteAddr(addr net.Addr) {
	c.addr.Store(&addr)
	client := c.conns.client(addr)
	refused := false
	c.conns.open().with(func(b *book) {
		if !b.all[c] || client == c.client {
			return
		}
		ok, goes := c.conns.roomFor(b, client)
		if goes != nil {
			goes.Conn.Close()
		}
		if refused = !ok; refused {
			b.count.Refused++
			return
		}
		b.strikeClient(c)
		c.client = client
		b.enterClient(c)
	})
	if refused {
		c.Close()
	}
}

func (c *conn) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	c.conns.open().with(func(b *book) { b.strike(c) })
	err := c.Conn.Close()
	c.conns.open().tell()
	return err
}

// What a TCP connection can do besides.

// CloseWrite closes the server's side.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger says what Close does with what has not been sent.
func (c *conn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(seconds)
	}
	return errors.ErrUnsupported
}

// ReadFrom lets the kernel send a file.
func (c *conn) ReadFrom(src io.Reader) (int64, error) { return io.Copy(c.Conn, src) }
