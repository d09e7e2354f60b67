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
		var n int
		err := l.ready.Read(func(fd uintptr) bool {
			n, _ = syscall.EpollWait(int(fd), events, 0)
			return n > 0
		})
		if err != nil {
			return // closed
		}
		l.collect(events[:n])
		for c := l.next(turn); c != nil; c = l.next(turn) {
			l.resume(c)
		}
		if !l.done(turn) {
			return
		}
	}
}

// maxBatch is how many connections are taken from the kernel's list at once.
const maxBatch = 32

// A batch is the connections that the kernel has reported and nobody serves yet.
type batch struct {
	conns []*fdConn
	taken int // how many of them
	shift
}

// collect puts the connections that were parked into the batch, and begins to serve them.
func (l *lot) collect(events []syscall.EpollEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		// If it was closed meanwhile, there is none, or another one that looks for
		// nothing: no harm.
		if c := l.conns[e.Fd]; c != nil && c.notify(e.Events) {
			l.batch.conns = append(l.batch.conns, c)
		}
	}
	if l.mayBeSlow() {
		l.handOver()
	} else if len(l.batch.conns) > 0 {
		l.begin()
	}
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
	if !l.finish(turn) {
		return false
	}
	l.batch.conns, l.taken = l.batch.conns[:0], 0
	return true
}

// relieve looks whether the watcher has been busy for too long: a handler takes its
// time, and nobody has to wait for it but the one who asked. Another watcher goes on,
// and the one that is busy ends when it has served its connection.
func (l *lot) relieve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late() {
		l.handOver()
		go l.watch(l.turn)
	}
}

// A shift is the work of one goroutine, which serves one connection after another until
// it is relieved. Its owner has a lock, and calls everything with it held.
type shift struct {
	turn    int  // whose shift it is; a new one comes with each relief
	serving bool // whoever it is has not finished
	begun   int  // how often one began to serve

	timer *time.Timer // calls the owner, who asks whether it is late
	set   bool
	last  int // begun when it did

	relieved int           // begun at the last relief
	caution  time.Duration // that this one brought
	careful  int64         // until when, as an age
}

// batchTime is how long it may take to serve what there is. A relief may come after
// twice as much: to set and stop the timer each time would cost as much as to read. Where
// there is little to do, the timer wakes a thread each time.
const batchTime = 2 * time.Millisecond

// For how long runners serve all connections when somebody has taken too long, and not
// for the first time among so many batches: twice as long each time, for most handlers are
// either quick or not. That it happens now and then says nothing about handlers: the
// system has let another program run.
const (
	rare       = 16
	minCaution = 5 * time.Millisecond
	maxCaution = time.Second
)

// init has relieve called now and then, while somebody serves.
func (s *shift) init(relieve func()) {
	s.timer = time.AfterFunc(time.Hour, relieve)
	s.timer.Stop() // or it would keep the owner for so long
}

func (s *shift) begin() {
	s.serving = true
	s.begun++
	if !s.set {
		s.set = true
		s.timer.Reset(batchTime)
	}
}

// finish says that the one whose turn this is has served all there was, and returns
// false if he was relieved meanwhile.
func (s *shift) finish(turn int) bool {
	if s.turn != turn {
		return false
	}
	s.serving = false
	return true
}

// late says whether whoever serves is relieved, as he began before this was asked last.
func (s *shift) late() bool {
	if s.set = s.begun != s.last; s.set {
		s.last = s.begun
		s.timer.Reset(batchTime)
		return false
	}
	if !s.serving {
		return false
	}
	if s.begun-s.relieved < rare {
		s.caution = min(max(2*s.caution, minCaution), maxCaution)
		s.careful = ageIn(s.caution)
	} else {
		s.caution = 0 // somebody may have been slow, or the system
	}
	s.relieved = s.begun
	s.serving = false
	s.turn++
	return true
}

// mayBeSlow says whether somebody was relieved a short while ago.
func (s *shift) mayBeSlow() bool { return age() < s.careful }

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
