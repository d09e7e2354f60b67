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
//
// Everything that happens to it is a change of these fields under the lock, and then
// settle, which is the one place that knows what follows.
type Pool struct {
	cfg Config

	mu      sync.Mutex
	asking  line[ticket] // those who wait for room
	queue   line[ticket] // accepted, and not begun
	idle    line[worker] // in the order in which they became so
	workers int          // goroutines
	guests  int          // tasks that run in Run
	closing bool
	gone    chan struct{} // closed when closing, and nothing is left
	figures Stats         // but for Workers, Idle and Waiting
}

// New returns a pool with cfg.Min workers, which wait for tasks. It panics if a
// number or the time is negative, or Min is larger than Max. End it with Shutdown.
func New(cfg Config) *Pool {
	cfg.Max = cmp.Or(cfg.Max, DefaultMax)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, DefaultIdleTimeout)
	if min(cfg.Min, cfg.Max, cfg.Queue) < 0 || cfg.IdleTimeout < 0 || cfg.Min > cfg.Max {
		panic(fmt.Sprintf("pool: a Config that makes no sense: %+v", cfg))
	}
	p := &Pool{cfg: cfg, gone: make(chan struct{})}
	p.change(func() {})
	return p
}

// change does f under the lock, and what follows from it.
func (p *Pool) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.settle()
}

// settle does all that can be done now: workers up to Min, tickets from asking into
// the queue, tickets from the queue to a place, and an end to idle workers of a pool
// that ends.
func (p *Pool) settle() {
	for !p.closing && p.workers < p.cfg.Min {
		w := p.hire()
		p.rest(w)
		go p.work(w, nil)
	}
	for p.asking.len > 0 && p.room() {
		t := p.asking.first()
		p.asking.remove(t)
		p.accept(t)
	}
	for p.queue.len > 0 && p.figures.Running < p.cfg.Max {
		p.start(p.queue.first())
	}
	if !p.closing || p.queue.len > 0 {
		return
	}
	for p.idle.len > 0 {
		p.wake(nil)
	}
	if p.workers == 0 && p.guests == 0 {
		select {
		case <-p.gone:
		default:
			close(p.gone)
		}
	}
}

func (p *Pool) room() bool { return p.queue.len+p.figures.Running < p.cfg.Max+p.cfg.Queue }

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
	s := p.figures
	s.Waiting = p.queue.len
	s.Workers = min(p.workers+p.guests, p.cfg.Max) // idle ones lend their places to guests
	s.Idle = s.Workers - s.Running
	return s
}
