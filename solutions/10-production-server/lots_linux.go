//starter:omit
package server

// This file is for the way of connections from the accept loop to a lot.

import (
	"cmp"
	"context"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// park returns a listener in front of ln whose connections are those of s.conns, and
// parked while they are idle where that is possible: TLS and a PROXY header need a
// goroutine from the first byte on, and only sockets can be waited for.
func (s *Server) park(ln net.Listener) net.Listener {
	tcp, ok := ln.(*net.TCPListener)
	if ok && s.tls == nil && !s.cfg.ProxyProtocol && !s.cfg.Goroutines {
		if parking := s.lots.get(s).listener(tcp); parking != nil {
			return newArrivals(s.conns.Listener(parking), parking)
		}
	}
	return s.conns.Listener(ln)
}

// lots are one lot for each processor. They are made when they are needed.
type lots struct {
	once sync.Once
	all  []*lot
	last atomic.Uint32
}

// get returns ls, with lots in it if s is not nil the first time.
func (ls *lots) get(s *Server) *lots {
	ls.once.Do(func() {
		for range runtime.GOMAXPROCS(0) {
			if s == nil {
				return
			}
			l, err := newLot(s)
			if err != nil {
				s.cfg.ErrorLog.Warn("server: connections keep a goroutine each", "error", err)
				return
			}
			ls.all = append(ls.all, l)
		}
	})
	return ls
}

// next returns the lot that the next connection goes to.
func (ls *lots) next() *lot { return ls.all[int(ls.last.Add(1))%len(ls.all)] }

func (ls *lots) stop() {
	for _, l := range ls.all {
		l.stop()
	}
}

// shutdown is that of all lots, which have been told to stop.
func (ls *lots) shutdown(ctx context.Context) error {
	for _, l := range ls.all {
		l.close()
	}
	var err error
	for _, l := range ls.all {
		err = cmp.Or(l.shutdown(ctx), err)
	}
	return err
}

// arrivals is a listener that serves its connections by itself, one after another, as a
// watcher does: most of them have sent their request already. Accept returns errors, and
// one connection after each, which is closed already and tells the accept loop that all
// is well again.
type arrivals struct {
	net.Listener
	queue  *fdListener // below it
	news   chan error  // for Accept; nil means that all is well again
	awake  bool        // somebody greets; used by Accept only
	failed bool        // used by whoever greets

	mu sync.Mutex
	shift
}

func newArrivals(ln net.Listener, queue *fdListener) *arrivals {
	l := &arrivals{Listener: ln, queue: queue, news: make(chan error)}
	l.init(l.relieve)
	return l
}

// Accept accepts connections until that fails.
func (l *arrivals) Accept() (net.Conn, error) {
	if !l.awake {
		l.mu.Lock()
		go l.greet(l.turn)
		l.mu.Unlock()
	}
	err := <-l.news
	l.awake = err == nil
	return &net.TCPConn{}, err
}

// greet accepts connections and serves them, until it is relieved.
func (l *arrivals) greet(turn int) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			l.failed = true
			l.news <- err
			return
		}
		if l.failed {
			l.failed = false
			l.news <- nil
		}
		c := nc.(*eventConn)
		if !l.mine() {
			c.enter(c.lot.start)
			continue
		}
		c.enter(nil)
		c.lot.resume(c.fdConn)
		if !l.done(turn) {
			return
		}
	}
}

// crowd is how many connections are accepted without a pause before others than who
// greets have to serve them, so that all processors do.
const crowd = 64

// mine says whether whoever greets serves the next connection.
func (l *arrivals) mine() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.row > crowd || l.mayBeSlow() {
		return false
	}
	l.begin()
	return true
}

// done says that it has been served, and returns false if whoever did so was relieved
// meanwhile.
func (l *arrivals) done(turn int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.finish(turn)
}

func (l *arrivals) relieve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late() {
		go l.greet(l.turn)
	}
}

// enter makes a new connection known to its lot, and has start serve it.
func (c *eventConn) enter(start func(*fdConn)) {
	c.ctx = context.WithValue(c.lot.ctx, connKey{}, Conn(c))
	c.lot.mu.Lock()
	cut := c.lot.cut
	if start != nil {
		start(c.fdConn)
	}
	c.lot.mu.Unlock()
	if cut {
		c.kill()
	}
}

// listener returns a listener whose connections can be parked in ls, or nil if there
// are no lots or the system does not let it.
func (ls *lots) listener(tcp *net.TCPListener) *fdListener {
	if len(ls.all) == 0 {
		return nil
	}
	file, err := tcp.File() // another descriptor of the same socket, which can be waited for by hand
	if err != nil {
		return nil
	}
	raw, _ := file.SyscallConn() // it fails for a closed file only
	raw.Control(func(fd uintptr) {
		// Connections inherit these from the listener. They are what Go's net
		// sets on each connection.
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15)
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15)
	})
	return &fdListener{TCPListener: tcp, lots: ls, file: file, raw: raw}
}

// An fdListener accepts connections without making them known to Go's own poller.
type fdListener struct {
	*net.TCPListener
	lots *lots
	file *os.File
	raw  syscall.RawConn
	row  int // connections that came before anybody had to wait for one
}

func (l *fdListener) Accept() (net.Conn, error) {
	var (
		fd   int
		peer syscall.Sockaddr
		err  error
	)
	closed := l.raw.Read(func(listener uintptr) bool {
		fd, peer, err = syscall.Accept4(int(listener), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if l.row++; err == syscall.EAGAIN {
			l.row = 0
		}
		return err != syscall.EAGAIN
	})
	switch {
	case closed != nil:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	case err != nil:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: os.NewSyscallError("accept4", err)}
	}
	return &fdConn{lot: l.lots.next(), fd: fd, remote: tcpAddr(peer)}, nil
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
