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

	batch

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
		period: max(min(s.cfg.HeaderTimeout, s.cfg.IdleTimeout, 1600*time.Millisecond)/16, time.Millisecond),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.ready, _ = l.epoll.SyscallConn() // it fails for a closed file only
	l.init(l.relieve)
	go l.watch(0)
	go l.sweep()
	return l, nil
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
const long = 100 * time.Millisecond

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
			if peek(c.fd) { // which nobody closes meanwhile
				c.state.Or(event)
			}
			if c.state.CompareAndSwap(0, doomed) {
				overdue = append(overdue, c)
			} else {
				l.start(c)
			}
		} else if c.owner.server != nil && c.owner.idle.Load() < now-int64(long) {
			// It stays parked for as long as l.mu is held, or is closed.
			c.owner.server = nil
			l.garbage++
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

// close says that no connection comes any more: the accept loops have ended.
func (l *lot) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	l.checkDrained()
}

// shutdown waits until every connection is closed, or closes them when ctx is done.
func (l *lot) shutdown(ctx context.Context) error {
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
