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
	"cmp"
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
	end chan struct{} // closed when the pool is closed and nobody is left

	mu      sync.Mutex
	closed  bool
	workers int         // goroutines
	idle    []chan *job // of workers; the one that was idle last is last
	guests  int         // callers of Run that have a place
	queue   []*job
	line    []*job // those who wait for room
	stats   Stats  // its counters; the rest is worked out
}

// A job is a task on its way.
type job struct {
	task func()
	err  error // what it panicked with
	when when
	news chan error // is told once, when it is time, or that it will never be
}

// When somebody waits for a job.
type when int

const (
	accepted when = iota // Submit; TrySubmit does not listen
	begun                // Run
	ended                // Do
)

func newJob(task func(), when when) *job {
	return &job{task: task, when: when, news: make(chan error, 1)}
}

// tell tells whoever waits for this.
func (j *job) tell(when when, err error) {
	if j.when == when {
		j.news <- err
	}
}

// run runs the task. It does not return if the task calls runtime.Goexit.
func (j *job) run() {
	returned := false
	defer func() {
		if !returned {
			j.err = &PanicError{recover(), debug.Stack()}
		}
	}()
	j.task()
	returned = true
}

// New returns a pool with cfg.Min workers, which wait for tasks. It panics if a
// number or the time is negative, or Min is larger than Max. End it with Shutdown.
func New(cfg Config) *Pool {
	cfg.Max = cmp.Or(cfg.Max, DefaultMax)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, DefaultIdleTimeout)
	if min(cfg.Min, cfg.Max-cfg.Min, cfg.Queue) < 0 || cfg.IdleTimeout < 0 {
		panic("pool: a number or the time is negative, or Min is larger than Max")
	}
	p := &Pool{cfg: cfg, end: make(chan struct{}), workers: cfg.Min}
	p.mu.Lock() // the first may be idle for too long before the last is there
	defer p.mu.Unlock()
	for range cfg.Min {
		w := make(chan *job, 1)
		p.idle = append(p.idle, w)
		go p.work(w)
	}
	return p
}

// The lock is held while these are called, up to endIfClosed.

func (p *Pool) running() int { return p.workers - len(p.idle) + p.guests }

func (p *Pool) room() bool { return p.running()+len(p.queue) < p.cfg.Max+p.cfg.Queue }

// accept starts j or puts it in the queue. There is room.
func (p *Pool) accept(j *job) {
	p.stats.Accepted++
	p.queue = append(p.queue, j)
	j.tell(accepted, nil)
	p.dispatch()
}

// dispatch starts what waits, as long as there are places.
func (p *Pool) dispatch() {
	for len(p.queue) > 0 && p.running() < p.cfg.Max {
		j := p.queue[0]
		p.queue = slices.Delete(p.queue, 0, 1)
		if n := len(p.idle); j.when == begun {
			p.guests++
			j.tell(begun, nil)
		} else if n > 0 {
			p.idle[n-1] <- j
			p.idle = p.idle[:n-1]
		} else {
			p.workers++
			w := make(chan *job, 1)
			w <- j
			go p.work(w)
		}
	}
}

// admit lets in those who wait for room.
func (p *Pool) admit() {
	for len(p.line) > 0 && p.room() {
		j := p.line[0]
		p.line = slices.Delete(p.line, 0, 1)
		p.accept(j)
	}
}

// done counts a task that has ended, and gives its place to the next.
func (p *Pool) done(panicked bool) {
	p.stats.Done++
	if panicked {
		p.stats.Panicked++
	}
	p.dispatch()
	p.admit()
	p.endIfClosed()
}

// endIfClosed ends the idle workers if there is nothing more to come.
func (p *Pool) endIfClosed() {
	if !p.closed || len(p.queue) > 0 {
		return
	}
	for _, w := range p.idle {
		close(w)
	}
	p.workers -= len(p.idle)
	p.idle = nil
	if p.workers+p.guests == 0 {
		close(p.end)
	}
}

// work is a worker, which is given its jobs through w.
func (p *Pool) work(w chan *job) {
	var j *job
	defer func() {
		if j != nil { // runtime.Goexit in the task: somebody else goes on
			p.finish(w, j)
			go p.work(w)
		}
	}()
	for j = p.next(w); j != nil; j = p.next(w) {
		j.run()
		p.finish(w, j)
	}
}

// next waits for a job while w is idle. It returns nil if w is to end.
func (p *Pool) next(w chan *job) *job {
	select {
	case j := <-w:
		return j
	case <-time.After(p.cfg.IdleTimeout):
	}
	p.mu.Lock()
	if i := slices.Index(p.idle, w); i >= 0 && p.workers > p.cfg.Min {
		p.idle = slices.Delete(p.idle, i, i+1)
		p.workers--
		close(w)
	}
	p.mu.Unlock()
	return <-w // it has a job already, or has to wait as one of the last Min
}

// finish says that w has done j and is idle.
func (p *Pool) finish(w chan *job, j *job) {
	if e, ok := j.err.(*PanicError); ok && j.when != ended {
		cmp.Or(p.cfg.ErrorLog, slog.Default()).Error("pool: task panicked", "value", e.Value, "stack", string(e.Stack))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
	p.done(j.err != nil)
	j.tell(ended, j.err)
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
	s.Running, s.Waiting = p.running(), len(p.queue)
	s.Idle = min(len(p.idle), p.cfg.Max-s.Running)
	s.Workers = s.Idle + s.Running
	return s
}
