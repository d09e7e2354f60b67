//starter:omit
package server

// This file is for connections that wait: where they are parked, and who is called
// when one of them has something to read.

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A lot is where connections are parked while they wait for a request. One that is
// parked has no goroutine and no buffer: the kernel keeps the list of those that
// have something to read (epoll), and one goroutine asks it for that list.
//
// The kernel reports a connection when its state changes, and not as long as it stays
// so (edge-triggered): whoever serves it reads until there is nothing left, and
// nothing needs to be switched on and off in between.
type lot struct {
	serve func(ctx context.Context, nc net.Conn)
	log   *slog.Logger

	epoll *os.File        // known to Go's own poller
	ready syscall.RawConn // the same

	mu    sync.Mutex
	conns []*fdConn // by descriptor
	open  int
	idle  []*runner
	spare int // how many of them were idle all the time, lately

	garbage int // connections that have given up their buffers; used by sweep only

	ctx      context.Context // of all requests
	cancel   context.CancelFunc
	stopping atomic.Bool
	hurry    chan struct{} // closed when the server stops
	closing  bool          // and no connection comes any more
	cut      bool          // or there is no time left for it
	drained  chan struct{} // closed when, after that, the last connection is closed
	period   time.Duration // how often overdue connections are looked for
}

// newLot returns an empty lot for the connections of s.
func newLot(s *Server) (*lot, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// So Go's own poller, which is another epoll, takes it as it takes a socket: who
	// waits for it costs no thread.
	syscall.SetNonblock(fd, true)
	l := &lot{
		serve: s.http.ServeConn, log: s.cfg.ErrorLog,
		epoll: os.NewFile(uintptr(fd), "epoll"),
		hurry: make(chan struct{}), drained: make(chan struct{}),
		period: max(min(s.cfg.HeaderTimeout, s.cfg.IdleTimeout, 4*time.Second)/16, time.Millisecond),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if l.ready, err = l.epoll.SyscallConn(); err != nil {
		l.epoll.Close()
		return nil, err
	}
	go l.watch()
	go l.sweep()
	return l, nil
}

// watch has the connections served that the kernel reports.
func (l *lot) watch() {
	events := make([]syscall.EpollEvent, 128)
	for {
		n := 0
		err := l.ready.Read(func(fd uintptr) bool {
			var err error
			for again := true; again; again = err == syscall.EINTR {
				n, err = syscall.EpollWait(int(fd), events, 0)
			}
			return n > 0
		})
		if err != nil {
			return // closed
		}
		l.dispatch(events[:n])
	}
}

// dispatch hands the connections that were parked to runners.
func (l *lot) dispatch(events []syscall.EpollEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		// If it was closed meanwhile, there is none, or another one that looks for
		// nothing: no harm.
		if c := l.conns[e.Fd]; c != nil && c.notify(e.Events) {
			l.start(c)
		}
	}
}

// start has c served by the runner that became idle last, or by a new one. The caller
// holds l.mu.
func (l *lot) start(c *fdConn) {
	last := len(l.idle) - 1
	if last < 0 {
		go l.work(&runner{next: make(chan *fdConn, 1)}, c)
		return
	}
	r := l.idle[last]
	l.idle = l.idle[:last]
	l.spare = min(l.spare, last)
	r.next <- c
}

// A runner is a goroutine that serves one connection after another. A new one for
// each request would have to grow its stack each time.
type runner struct{ next chan *fdConn }

// maxIdle is how many runners are kept.
const maxIdle = 256

func (l *lot) work(r *runner, c *fdConn) {
	for ok := true; ok; c, ok = <-r.next {
		if c.owner.unpark() {
			l.run(c)
		} else {
			c.owner.end()
		}
		if !l.rest(r) {
			return
		}
	}
}

// rest makes a runner idle, unless it is not needed any more.
func (l *lot) rest(r *runner) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == maxIdle || l.open == 0 && l.closing {
		return false
	}
	l.idle = append(l.idle, r)
	return true
}

// trim ends the n runners that have been idle for longest. The caller holds l.mu.
func (l *lot) trim(n int) {
	for _, r := range l.idle[:n] {
		close(r.next)
	}
	l.idle = append(l.idle[:0], l.idle[n:]...)
	l.spare = len(l.idle)
}

// run serves a connection until it ends or is parked.
func (l *lot) run(c *fdConn) {
	defer func() {
		if p := recover(); p != nil { // costs this connection, as in step 1
			l.log.Error("server: panic on a connection", "client", c.remote, "panic", p, "stack", string(debug.Stack()))
			c.owner.end()
		}
	}()
	for {
		l.serve(c.owner.ctx, c.owner)
		if !c.parking {
			return
		}
		c.parking = false
		if c.park() {
			return
		}
		if c.state.Load()&doomed != 0 || !c.owner.unpark() {
			c.owner.end()
			return
		}
	}
}

// sweep closes connections that have been parked for too long. All of them are
// looked at, now and then: that is cheaper than a timer for each request.
func (l *lot) sweep() {
	hurry := l.hurry
	for {
		period := l.period
		if l.stopping.Load() {
			period = min(period, lastLook/4)
		}
		select {
		case <-time.After(period):
		case <-hurry:
			hurry = nil
			continue
		case <-l.drained:
			l.epoll.Close()
			l.mu.Lock()
			defer l.mu.Unlock()
			l.trim(len(l.idle))
			return
		}
		before := l.garbage
		for _, c := range l.look() {
			c.owner.end()
		}
		if l.garbage == before {
			l.giveBack()
		}
	}
}

// giveBack returns memory to the system after many connections have given theirs up,
// if that is a good part of all: they may be idle for hours, and a process that does
// nothing does not collect garbage either.
func (l *lot) giveBack() {
	const each, worth = 8 << 10, 8 << 20 // bytes
	given := uint64(l.garbage) * each
	l.garbage = 0
	if given < worth {
		return
	}
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	if metrics.Read(heap); given > heap[0].Value.Uint64()/4 {
		debug.FreeOSMemory()
	}
}

// long is how long a connection is parked before it gives up its buffers.
const long = 250 * time.Millisecond

// look dooms the connections that have been parked for too long and returns them, and
// takes the buffers of those that have been for long.
func (l *lot) look() (overdue []*fdConn) {
	now := age()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim((l.spare + 1) / 2)
	for _, c := range l.conns {
		if c == nil || c.state.Load() != parked {
			continue
		}
		if by := c.until.Load(); by != 0 && by <= now {
			// The watcher may be late, and a request that is here is served.
			if !c.state.CompareAndSwap(parked, 0) {
				continue
			}
			if c.pending() {
				c.state.Or(event)
			}
			if c.state.CompareAndSwap(0, doomed) {
				overdue = append(overdue, c)
			} else {
				l.start(c)
			}
		} else if c.owner.idle.Load() < now-int64(long) && c.state.CompareAndSwap(parked, 0) {
			if c.owner.server != nil {
				c.owner.server = nil
				l.garbage++
			}
			if !c.state.CompareAndSwap(0, parked) {
				l.start(c) // something has come at this very moment
			}
		}
	}
	return overdue
}

// control is epoll_ctl.
func (l *lot) control(op, fd int, event *syscall.EpollEvent) error {
	var err error
	// Without Control, the number could be another file's by now.
	closed := l.ready.Control(func(epoll uintptr) { err = syscall.EpollCtl(int(epoll), op, fd, event) })
	return errors.Join(closed, err)
}

func (l *lot) add(c *fdConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.conns) <= c.fd {
		l.conns = append(l.conns, nil)
	}
	l.conns[c.fd] = c
	l.open++
}

// remove takes the descriptor of c off the table, before it is another one's.
func (l *lot) remove(c *fdConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c.fd] = nil
}

// left says that a connection has ended.
func (l *lot) left() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.checkDrained()
}

// checkDrained is called with l.mu held.
func (l *lot) checkDrained() {
	if l.open == 0 && l.closing {
		closeOnce(l.drained)
	}
}

// closeOnce closes ch, unless it is. Two at once is one too many.
func closeOnce(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// How long a parked connection has left when the server stops, as in step 4: its
// request may still be in the kernel, and a client that has just connected is about to
// send one.
const (
	lastLook = 50 * time.Millisecond
	newcomer = time.Second
)

// stop gives connections that wait for a request a last moment for it. More may come:
// the accept loop may have one in its hand.
func (l *lot) stop() {
	if l == nil {
		return
	}
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping.Store(true)
	closeOnce(l.hurry)
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		if until := c.until.Load(); c.state.Load() == parked {
			c.hurry(until)
		}
	}
}

// shutdown waits until every connection is closed, or closes them when ctx is done. The
// accept loops have ended before.
func (l *lot) shutdown(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.stop()
	l.mu.Lock()
	l.closing = true
	l.checkDrained()
	l.mu.Unlock()
	select {
	case <-l.drained:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	l.cut = true
	var left []*fdConn
	for _, c := range l.conns {
		if c != nil {
			left = append(left, c)
		}
	}
	l.mu.Unlock()
	for _, c := range left {
		c.owner.kill()
	}
	return ctx.Err()
}

// park returns a listener in front of ln whose connections are those of s.conns, and
// parked while they are idle where that is possible: TLS and a PROXY header need a
// goroutine from the first byte on, and only sockets can be waited for.
func (s *Server) park(ln net.Listener) net.Listener {
	tcp, ok := ln.(*net.TCPListener)
	if ok && s.tls == nil && !s.cfg.ProxyProtocol && !s.cfg.Goroutines {
		if parking := s.lot.get(s).listener(tcp); parking != nil {
			return &arrivals{Listener: s.conns.Listener(parking)}
		}
	}
	return s.conns.Listener(ln)
}

// A parkingLot is a lot that is made when it is needed.
type parkingLot struct {
	once sync.Once
	lot  *lot
}

// get returns the lot, or nil if there is none: none is made if s is nil, then or
// later.
func (p *parkingLot) get(s *Server) *lot {
	p.once.Do(func() {
		if s != nil {
			p.lot, _ = newLot(s)
		}
	})
	return p.lot
}

// arrivals is a listener that hands its connections to the lot by itself: Accept
// returns errors, and one connection after each, which is closed already and tells the
// accept loop that all is well again.
type arrivals struct {
	net.Listener
	failed bool
}

// Accept accepts connections until that fails.
func (l *arrivals) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			l.failed = true
			return nil, err
		}
		nc.(*eventConn).enter()
		if l.failed {
			l.failed = false
			return &net.TCPConn{}, nil
		}
	}
}

// enter has a new connection served.
func (c *eventConn) enter() {
	c.ctx = context.WithValue(c.lot.ctx, connKey{}, Conn(c))
	c.lot.mu.Lock()
	cut := c.lot.cut
	c.lot.start(c.fdConn)
	c.lot.mu.Unlock()
	if cut {
		c.kill()
	}
}

// listener returns a listener whose connections can be parked in l, or nil if there
// is no l or the system does not let it.
func (l *lot) listener(tcp *net.TCPListener) net.Listener {
	if l == nil {
		return nil
	}
	file, err := tcp.File() // another descriptor of the same socket, which can be waited for by hand
	if err != nil {
		return nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil
	}
	raw.Control(func(fd uintptr) {
		// Connections inherit these from the listener. They are what Go's net
		// sets on each connection.
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15)
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15)
	})
	return &fdListener{tcp, l, file, raw}
}

// An fdListener accepts connections without making them known to Go's own poller.
type fdListener struct {
	*net.TCPListener
	lot  *lot
	file *os.File
	raw  syscall.RawConn
}

func (l *fdListener) Accept() (net.Conn, error) {
	var (
		fd   int
		peer syscall.Sockaddr
		err  error
	)
	closed := l.raw.Read(func(listener uintptr) bool {
		// What is no reason to wait is tried again here: Go's own poller reports a
		// queue when it grows, and not as long as somebody is in it.
		for again := true; again; again = err == syscall.EINTR || err == syscall.ECONNABORTED {
			fd, peer, err = syscall.Accept4(int(listener), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		}
		return err != syscall.EAGAIN
	})
	switch {
	case closed != nil:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	case err != nil:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: os.NewSyscallError("accept4", err)}
	}
	return &fdConn{lot: l.lot, fd: fd, remote: tcpAddr(peer)}, nil
}

// Close closes both descriptors: only then is the socket closed.
func (l *fdListener) Close() error {
	l.file.Close()
	return l.TCPListener.Close()
}

func tcpAddr(sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
	case *syscall.SockaddrInet6:
		addr := &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
		if sa.ZoneId != 0 {
			if zone, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				addr.Zone = zone.Name
			}
		}
		return addr
	}
	return &net.TCPAddr{}
}

// An eventConn is the [Conn] of a connection that can be parked.
type eventConn struct {
	*fdConn
	*track
	ctx      context.Context // of its requests
	server   any             // its half of step 4, with the buffers
	parkBy   int64           // until when it may wait for a request, as an age
	answered atomic.Bool     // it has had a request

	mu    sync.Mutex
	taken net.Conn // what it is now that another protocol has taken it over
}

func newEventConn(c *fdConn, k *track) *eventConn {
	c.owner = &eventConn{fdConn: c, track: k}
	c.lot.add(c)
	return c.owner
}

// ReadFirst is Read where a connection waits for a request. If there is nothing to
// read it fails, and the next Close has the connection parked, for as long as Read
// might have waited. Before the first request it also returns until when that was, as
// this is the time for the whole head. The connection of step 4 looks for this method.
func (c *eventConn) ReadFirst(p []byte, within time.Duration) (n int, by time.Time, err error) {
	n, err = c.fdConn.read(p, true)
	if err != errParked {
		if c.parkBy != 0 && !c.answered.Load() {
			by = began.Add(time.Duration(c.parkBy - 1<<62))
		}
		c.parkBy = 0
		n, err = c.track.first(n, err)
		return n, by, err
	}
	now := age()
	if c.parkBy == 0 { // else it was woken for nothing, and has no more time for that
		c.parkBy = ageIn(within)
	}
	c.until.Store(c.parkBy)
	c.idle.Store(now)
	c.parking = true
	return 0, by, err
}

// Keep has the connection keep what serves it, until it has been parked for a while.
func (c *eventConn) Keep(server any) { c.server = server }

// Kept returns what Keep was given, or nil.
func (c *eventConn) Kept() any { return c.server }

// SetBusy implements [Conn].
func (c *eventConn) SetBusy(busy bool) {
	c.track.SetBusy(busy)
	c.answered.Store(true)
}

// unpark says that the connection does not wait for a request any more. It returns
// false if it was closed meanwhile, to make room.
func (c *eventConn) unpark() bool { return c.idle.Swap(0) != dropped }

func (c *eventConn) Read(p []byte) (int, error) {
	if c.taken != nil {
		return c.taken.Read(p)
	}
	return c.track.read(p)
}

func (c *eventConn) Write(p []byte) (int, error) {
	if c.taken != nil {
		return c.taken.Write(p)
	}
	return c.fdConn.Write(p)
}

func (c *eventConn) LocalAddr() net.Addr {
	if c.taken != nil {
		return c.taken.LocalAddr()
	}
	return c.fdConn.LocalAddr()
}

func (c *eventConn) RemoteAddr() net.Addr { return c.track.peer }

func (c *eventConn) SetReadDeadline(t time.Time) error {
	if c.taken != nil {
		return c.taken.SetReadDeadline(t)
	}
	return c.track.SetReadDeadline(t)
}

func (c *eventConn) SetWriteDeadline(t time.Time) error {
	if c.taken != nil {
		return c.taken.SetWriteDeadline(t)
	}
	return c.fdConn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn. Without a deadline a connection is not one that
// waits for requests any more: any number of goroutines may use it now, so it becomes
// one of package net.
func (c *eventConn) SetDeadline(t time.Time) error {
	if t.IsZero() && c.taken == nil {
		if err := c.takeOver(); err != nil {
			return err
		}
	}
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *eventConn) takeOver() error {
	if c.known {
		c.lot.control(syscall.EPOLL_CTL_DEL, c.fd, &syscall.EpollEvent{})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fd, err := syscall.Dup(c.fd)
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close()
	c.taken, err = net.FileConn(file)
	return err
}

// Close ends the connection, unless it only waits for a request: then it is parked.
func (c *eventConn) Close() error {
	if c.parking {
		return nil
	}
	return c.end()
}

// end ends the connection.
func (c *eventConn) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken != nil {
		c.taken.Close()
	}
	if c.fdConn.end() {
		c.conns.remove(c.track)
		c.lot.left()
	}
	return nil
}

// kill ends the connection, whatever its owner is doing.
func (c *eventConn) kill() {
	if c.claim(doomed) {
		c.end()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken != nil {
		c.taken.Close()
	}
	c.wakeUp()
}
