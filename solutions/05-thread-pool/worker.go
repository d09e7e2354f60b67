//starter:omit
package pool

import (
	"runtime/debug"
	"slices"
	"time"
)

// A worker is a goroutine that runs one job after another.
type worker struct {
	next  chan *job // room for one, so that handing over never waits; closed to end an idle worker
	spare bool      // there were more than Min when it became idle
	timer *time.Timer
}

// start starts a worker on its first job, or idle if that is nil. The caller holds
// p.mu.
func (p *Pool) start(j *job) *worker {
	w := newWorker()
	p.stats.Workers++
	go p.work(w, j)
	return w
}

func newWorker() *worker { return &worker{next: make(chan *job, 1)} }

// work is what a worker does until it is not needed any more.
func (p *Pool) work(w *worker, j *job) {
	returned := false
	defer func() {
		if !returned {
			// The task has called runtime.Goexit, which nothing can stop.
			// Another goroutine goes on as this worker.
			failed := &PanicError{nil, debug.Stack()}
			go func() { p.work(w, p.after(w, j, failed)) }()
		}
	}()
	if j == nil {
		j = p.await(w)
	}
	for j != nil {
		j = p.after(w, j, call(j.task))
	}
	returned = true
}

// call calls a task, and returns its panic.
func call(task func()) (failed *PanicError) {
	defer func() {
		if v := recover(); v != nil {
			failed = &PanicError{v, debug.Stack()}
		}
	}()
	task()
	return nil
}

// after does what has to be done when a job has ended, and returns the worker's next
// one, or nil if it has none and never will.
func (p *Pool) after(w *worker, j *job, failed *PanicError) *job {
	next, more := p.settle(w, failed)
	switch {
	case j.done != nil:
		if failed != nil {
			j.err = failed
		}
		j.done <- struct{}{} // from here on, j belongs to Do again
	case failed != nil:
		p.log().Error("pool: task panicked", "panic", failed.Value, "stack", string(failed.Stack))
	}
	if next == nil && more {
		return p.await(w)
	}
	return next
}

// settle counts a job that has ended and finds the next one, all in one step: in
// between, the figures would not add up, and a task could be put into the queue
// that no worker looks at any more. It says whether the worker goes on.
func (p *Pool) settle(w *worker, failed *PanicError) (next *job, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Done++
	if failed != nil {
		p.stats.Panicked++
	}
	<-p.slots
	if next = p.waiting.pop(); next != nil {
		next.held = false
		if next.task != nil {
			return next, true
		}
		next.place = w // for a caller of Run
		next.done <- struct{}{}
		return nil, true
	}
	if p.closed {
		p.end(1)
		return nil, false
	}
	w.spare = p.stats.Workers > p.cfg.Min
	p.idle = append(p.idle, w)
	return nil, true
}

// end takes n workers off the count. The caller holds p.mu.
func (p *Pool) end(n int) {
	if p.stats.Workers -= n; p.closed && p.stats.Workers == 0 {
		close(p.drained)
	}
}

// await waits for a job as an idle worker does. It returns nil when the worker is
// not needed any more.
func (p *Pool) await(w *worker) *job {
	if !w.spare {
		return <-w.next
	}
	if w.timer == nil {
		w.timer = time.NewTimer(p.cfg.IdleTimeout)
	} else {
		w.timer.Reset(p.cfg.IdleTimeout)
	}
	select {
	case j := <-w.next:
		w.timer.Stop()
		return j
	case <-w.timer.C:
	}
	if p.dismiss(w) {
		return nil
	}
	return <-w.next
}

// dismiss ends a worker that has been idle for long, unless it has just got a job or
// is one of the last Min.
func (p *Pool) dismiss(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.idle, w)
	if i < 0 || p.stats.Workers <= p.cfg.Min {
		return false
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	p.end(1)
	return true
}
