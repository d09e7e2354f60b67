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
// no to a task; run.go, for those who need no worker, only the place of one; and
// shutdown.go.
package pool

import (
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
type Pool struct {
	//starter:omit
	cfg Config

	//starter:omit
	closing chan struct{} // closed when no more tasks are accepted
	//starter:omit
	drained chan struct{} // closed when, after that, the last worker has ended

	//starter:omit
	jobs sync.Pool // those of Do and Run, which know when nobody else has them any more

	//starter:omit
	mu sync.Mutex // of everything below; never held while a task runs
	//starter:omit
	closed bool
	//starter:omit
	room int // for how many more tasks: Max+Queue, less those that have been accepted and not finished
	//starter:omit
	outside queue // those that wait for room: there is none while it is not empty
	//starter:omit
	waiting queue // those that have been accepted
	//starter:omit
	idle []*worker // the one that became idle last is used first
	//starter:omit
	guests int // callers of Run in places that no worker has lent
	//starter:omit
	stats Stats
}

// New returns a pool with cfg.Min workers, which wait for tasks. It panics if a
// number or the time is negative, or Min is larger than Max. End it with Shutdown.
//
//starter:todo 5.1 What does a worker need to know, and what must be there before the first task?
//starter:todo 5.6 Start Min workers.
//starter:return new(Pool)
func New(cfg Config) *Pool {
	if cfg.Max == 0 {
		cfg.Max = DefaultMax
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = DefaultIdleTimeout
	}
	if cfg.Min < 0 || cfg.Queue < 0 || cfg.IdleTimeout < 0 || cfg.Min > cfg.Max {
		panic(fmt.Sprintf("pool: no such size: Min %d, Max %d, Queue %d, IdleTimeout %v", cfg.Min, cfg.Max, cfg.Queue, cfg.IdleTimeout))
	}
	p := &Pool{
		cfg:     cfg,
		room:    cfg.Max + cfg.Queue,
		closing: make(chan struct{}),
		drained: make(chan struct{}),
		jobs:    sync.Pool{New: func() any { return &job{done: make(chan struct{}, 1)} }},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range cfg.Min {
		p.idle = append(p.idle, p.start(nil))
	}
	return p
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
//
//starter:todo 5.8 One lock around everything that is counted makes the figures add up.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Idle = len(p.idle)
	s.Running = s.Workers - s.Idle
	s.Waiting = p.waiting.n
	return s
}

//starter:omit
func (p *Pool) log() *slog.Logger {
	if p.cfg.ErrorLog != nil {
		return p.cfg.ErrorLog
	}
	return slog.Default()
}
