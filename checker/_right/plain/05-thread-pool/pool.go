// Package pool runs tasks on a bounded number of goroutines, with a bounded queue
// before them.
//
// Goroutines are cheap, so this saves none. What it bounds is the work behind
// them: open files, database connections, memory for uploads, the processor. A
// server without a bound takes on everything and finishes nothing in time; one
// with a bound says no to a few, at once, and answers the others.
//
// It leaves out what the tasks are. Step 10 hands it requests.
//
// Read this file first: it is what callers see. Then submit.go, which says yes or
// no to a task; worker.go, which runs it; queue.go, where it waits in between;
// run.go, for those who need no worker, only the place of one; and shutdown.go.
package pool

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// What a Config without numbers stands for.
const (
	// DefaultMax is how many tasks run at once. Apache runs 400 requests at
	// once, a database server allows some 100 connections.
	DefaultMax = 64

	// DefaultIdleTimeout is how long a worker that is not needed waits for
	// more.
	DefaultIdleTimeout = 10 * time.Second
)

// Why a task was not run. The caller still has it.
var (
	// ErrFull says that as many tasks run and wait as may.
	ErrFull = errors.New("pool: full")

	// ErrShutdown says that the pool takes no more tasks, or has dropped this
	// one when the time for its shutdown was over.
	ErrShutdown = errors.New("pool: shut down")
)

// A PanicError is what Do returns where the task panicked. A task that ends its
// goroutine with runtime.Goexit counts as one that panicked, here and in Stats and in
// the log.
type PanicError struct {
	Value any    // what it panicked with; nil for runtime.Goexit
	Stack []byte // of the goroutine, at the panic
}

// Error says what the task panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("pool: task panicked: %v", e.Value) }

// A ShutdownError says what was not finished when the time was over.
type ShutdownError struct {
	Dropped int   // tasks that had been accepted and will never run
	Running int   // tasks that are still running: nothing in Go can end them
	Cause   error // ctx.Err(), such as context.DeadlineExceeded
}

// Error says how many tasks were dropped and how many still run.
func (e *ShutdownError) Error() string {
	return fmt.Sprintf("pool: shutdown: %d task(s) dropped, %d still running: %v", e.Dropped, e.Running, e.Cause)
}

// Unwrap returns the cause.
func (e *ShutdownError) Unwrap() error { return e.Cause }

// A Config says how large a Pool is.
type Config struct {
	Min   int // workers that are kept when there is nothing to do
	Max   int // workers, and so tasks that run at once; DefaultMax if it is 0
	Queue int // tasks that may wait for a worker

	// IdleTimeout is how long a worker above Min may be idle before it ends;
	// DefaultIdleTimeout if it is 0.
	IdleTimeout time.Duration

	// ErrorLog is told of panics in tasks that nobody waits for;
	// slog.Default() if it is nil.
	ErrorLog *slog.Logger
}

// A Pool runs tasks on its workers. All of its methods may be called by any number
// of goroutines at once, and by the tasks themselves.
type Pool struct {
	cfg Config
	end chan struct{} // closed when the pool is closed and no worker is left

	mu      sync.Mutex
	closed  bool
	workers int       // goroutines
	guests  int       // callers of Run that have a place
	idle    []*worker // the one that was idle last is last
	queue   []*job
	stats   Stats     // what is counted; the first four are not used
	waiters []*waiter // in Submit; only while there is no room
}

// A job is a task on its way.
type job struct {
	task   func()
	waited bool  // somebody in Do wants err
	err    error // a *PanicError, once done is closed
	done   chan struct{}
	start  chan struct{} // of a caller of Run: closed when it has its place
}

// run runs the task. It does not return if the task calls runtime.Goexit.
func (j *job) run() {
	returned := false
	defer func() {
		if returned {
			return
		}
		j.err = &PanicError{Value: recover(), Stack: debug.Stack()}
	}()
	j.task()
	returned = true
}

// A worker is a goroutine that runs jobs.
type worker struct {
	jobs chan *job // has room for one; closed when the worker is to end
}

// A waiter is a caller of Submit that waits for room.
type waiter struct {
	job *job
	err error
	got chan struct{} // closed when job was accepted, or err is set
}

// New returns a pool with cfg.Min workers, which wait for tasks. It panics if a
// number or the time is negative, or Min is larger than Max. End it with Shutdown.
func New(cfg Config) *Pool {
	if cfg.Max == 0 {
		cfg.Max = DefaultMax
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = DefaultIdleTimeout
	}
	if cfg.Min < 0 || cfg.Max < 0 || cfg.Queue < 0 || cfg.IdleTimeout < 0 || cfg.Min > cfg.Max {
		panic("pool: a number or the time is negative, or Min is larger than Max")
	}
	p := &Pool{cfg: cfg, end: make(chan struct{})}
	p.mu.Lock() // the first may be idle for too long before the last is there
	defer p.mu.Unlock()
	for range cfg.Min {
		w := &worker{jobs: make(chan *job, 1)}
		p.workers++
		p.idle = append(p.idle, w)
		go p.work(w, nil)
	}
	return p
}

// running is how many tasks run. The lock is held.
func (p *Pool) running() int { return p.workers - len(p.idle) + p.guests }

// room says whether one more may be accepted. The lock is held.
func (p *Pool) room() bool {
	return p.running()+len(p.queue) < p.cfg.Max+p.cfg.Queue
}

// accept starts j or puts it in the queue. The lock is held, and there is room.
func (p *Pool) accept(j *job) {
	p.stats.Accepted++
	p.queue = append(p.queue, j)
	p.dispatch()
}

// dispatch starts what waits, as long as there are places. The lock is held.
func (p *Pool) dispatch() {
	for len(p.queue) > 0 && p.running() < p.cfg.Max {
		j := p.queue[0]
		p.queue = p.queue[1:]
		if j.start != nil {
			p.guests++
			close(j.start)
		} else if n := len(p.idle); n > 0 {
			w := p.idle[n-1]
			p.idle = p.idle[:n-1]
			w.jobs <- j
		} else {
			p.workers++
			go p.work(&worker{jobs: make(chan *job, 1)}, j)
		}
	}
}

// roomMade lets in those who wait for room. The lock is held.
func (p *Pool) roomMade() {
	for len(p.waiters) > 0 && p.room() {
		w := p.waiters[0]
		p.waiters = p.waiters[1:]
		p.accept(w.job)
		close(w.got)
	}
}

// work is the goroutine of w. It begins with j, or idle if j is nil.
func (p *Pool) work(w *worker, j *job) {
	defer func() {
		if j != nil { // runtime.Goexit in the task: somebody else goes on
			p.finish(w, j)
			go p.work(w, nil)
		}
	}()
	for {
		if j == nil {
			if j = p.wait(w); j == nil {
				return
			}
		}
		j.run()
		p.finish(w, j)
		j = nil
	}
}

// wait is called while w is idle. It returns nil if w is to end.
func (p *Pool) wait(w *worker) *job {
	select {
	case j := <-w.jobs:
		return j
	default:
	}
	timer := time.NewTimer(p.cfg.IdleTimeout)
	defer timer.Stop()
	select {
	case j := <-w.jobs:
		return j
	case <-timer.C:
	}
	p.mu.Lock()
	if i := slices.Index(p.idle, w); i >= 0 && p.workers > p.cfg.Min {
		p.idle = slices.Delete(p.idle, i, i+1)
		p.workers--
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	// It has a job already, or it is one of the last Min.
	return <-w.jobs
}

// finish says that w has done j and is idle.
func (p *Pool) finish(w *worker, j *job) {
	if j.err != nil && !j.waited {
		log := p.cfg.ErrorLog
		if log == nil {
			log = slog.Default()
		}
		e := j.err.(*PanicError)
		log.Error("pool: task panicked", "value", e.Value, "stack", string(e.Stack))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
	p.placeFree(j.err != nil)
	close(j.done)
}

// placeFree counts a task that has ended, and gives its place to the next. The lock
// is held.
func (p *Pool) placeFree(panicked bool) {
	p.stats.Done++
	if panicked {
		p.stats.Panicked++
	}
	p.dispatch()
	p.roomMade()
	p.endIfClosed()
}

// endIfClosed ends the idle workers if there is nothing more to come. The lock is
// held.
func (p *Pool) endIfClosed() {
	if !p.closed || len(p.queue) > 0 {
		return
	}
	for _, w := range p.idle {
		p.workers--
		close(w.jobs)
	}
	p.idle = nil
	if p.workers+p.guests == 0 {
		close(p.end)
	}
}

// Stats are the figures of a Pool at one moment. They add up:
//
//	Accepted = Waiting + Running + Done + Withdrawn + Dropped
//	Workers  = Idle + Running
type Stats struct {
	Workers int // between Min and Max; a caller of Run that has a place is one
	Idle    int // workers without a task
	Running int // tasks that run now
	Waiting int // tasks in the queue

	Accepted  int64 // tasks that the pool has said yes to
	Refused   int64 // tasks that it has not: full, shut down, or ctx was done before there was room
	Done      int64 // tasks that have ended, by returning or by panicking
	Panicked  int64 // tasks among those that have panicked
	Withdrawn int64 // tasks that Do or Run took back before they began
	Dropped   int64 // tasks that Shutdown had no time for
}

// Stats returns the figures of this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Running = p.running()
	s.Idle = min(len(p.idle), p.cfg.Max-s.Running)
	s.Workers = s.Idle + s.Running
	s.Waiting = len(p.queue)
	return s
}
