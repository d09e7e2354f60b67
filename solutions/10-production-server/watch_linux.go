//starter:omit
package server

// This file is for who serves the connections that have something to read.

import (
	"runtime/debug"
	"syscall"
	"time"
)

// watch serves the connections that the kernel reports, one after another, until it is
// relieved: turn says whose turn it is.
func (l *lot) watch(turn int) {
	events := make([]syscall.EpollEvent, maxBatch)
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
		if l.collect(events[:n]) {
			l.relief.Reset(batchTime)
		}
		for c := l.next(turn); c != nil; c = l.next(turn) {
			l.resume(c)
		}
		if !l.done(turn) {
			return
		}
	}
}

const (
	maxBatch  = 32                     // how many connections are taken from the kernel's list at once
	batchTime = 500 * time.Microsecond // how long it may take to serve these
)

// For how long runners serve all connections when a watcher has taken too long: twice
// as long each time, for most handlers are either quick or not.
const (
	minCaution = 5 * time.Millisecond
	maxCaution = time.Second
)

// A batch is the connections that the kernel has reported and nobody serves yet.
type batch struct {
	conns   []*fdConn
	taken   int         // how many of them
	turn    int         // of which watcher; a new one comes with each relief
	serving bool        // it has not finished
	relief  *time.Timer // if it takes too long

	caution time.Duration // that it took last
	careful int64         // until when, as an age
}

// collect puts the connections that were parked into the batch, and says whether the
// watcher is to serve them.
func (l *lot) collect(events []syscall.EpollEvent) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		// If it was closed meanwhile, there is none, or another one that looks for
		// nothing: no harm.
		if c := l.conns[e.Fd]; c != nil && c.notify(e.Events) {
			l.batch.conns = append(l.batch.conns, c)
		}
	}
	if l.careful != 0 && age() < l.careful {
		l.handOver()
	}
	l.serving = len(l.batch.conns) > 0
	return l.serving
}

// handOver has the batch served by runners. The caller holds l.mu.
func (l *lot) handOver() {
	for _, c := range l.batch.conns[l.taken:] {
		l.start(c)
	}
	l.batch.conns, l.taken = l.batch.conns[:0], 0
}

// next takes the next connection out of the batch, or returns nil if there is none or
// it is another watcher's turn.
func (l *lot) next(turn int) *fdConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn != turn || l.taken == len(l.batch.conns) {
		return nil
	}
	l.taken++
	return l.batch.conns[l.taken-1]
}

// done says that the batch has been served, and returns false if the watcher was
// relieved meanwhile.
func (l *lot) done(turn int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn != turn {
		return false
	}
	if l.serving {
		l.serving = false
		l.relief.Stop()
	}
	l.batch.conns, l.taken = l.batch.conns[:0], 0
	return true
}

// relieve is called when the watcher has been busy for too long: a handler takes its
// time, and nobody has to wait for it but the one who asked. Another watcher goes on,
// and the one that is busy ends when it has served its connection.
func (l *lot) relieve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.serving {
		return // it has just finished
	}
	now := age()
	if l.caution = min(2*l.caution, maxCaution); now-l.careful > 10*int64(l.caution) {
		l.caution = minCaution // the last time is long ago
	}
	l.careful = now + int64(l.caution)
	l.handOver()
	l.serving = false
	l.turn++
	go l.watch(l.turn)
}

// resume serves a connection that was parked.
func (l *lot) resume(c *fdConn) {
	if c.owner.unpark() {
		l.run(c)
	} else {
		c.owner.end()
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
		l.resume(c)
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
	returned := false
	defer func() {
		if returned {
			return
		}
		// A panic costs this connection, as in step 1, and so does runtime.Goexit,
		// which also costs the goroutine: another one will relieve it.
		if p := recover(); p != nil {
			l.log.Error("server: panic on a connection", "client", c.remote, "panic", p, "stack", string(debug.Stack()))
		}
		c.owner.end()
	}()
	for ok := true; ok; ok = l.again(c) {
		l.serve(c.owner.ctx, c.owner)
	}
	returned = true
}

// again parks a connection that has been served and waits for a request, and returns
// true if it need not wait.
func (l *lot) again(c *fdConn) bool {
	if !c.parking {
		return false // it has ended
	}
	c.parking = false
	if c.park() {
		return false
	}
	if c.state.Load()&doomed != 0 || !c.owner.unpark() {
		c.owner.end()
		return false
	}
	return true
}
