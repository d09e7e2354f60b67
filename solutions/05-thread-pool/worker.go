//starter:omit
package pool

import (
	"runtime/debug"
	"slices"
	"time"
)

// A worker is a goroutine that runs one job after another.
type worker struct {
	next  chan *job   // room for one, so that handing over never waits; closed to end an idle worker
	timer *time.Timer // for its end; nil if it has always been one of the last Min when it rested
}

// start starts a worker on its first job, or idle if that is nil. The caller holds
// p.mu.
func (p *Pool) start(j *job) *worker {
	w := &worker{next: make(chan *job, 1)}
	p.stats.Workers++
	go p.work(w, j)
	return w
}

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
	p.count(failed != nil)
	next = p.waiting.pop()
	switch {
	case next != nil && next.guest:
		p.rest(w)
		p.lend(w, next)
		return nil, true
	case next != nil:
		next.held = false
		return next, true
	case p.closed:
		p.end(1)
		return nil, false
	}
	p.rest(w)
	p.idle = append(p.idle, w)
	return nil, true
}

// count counts a task that has ended. The caller holds p.mu.
func (p *Pool) count(panicked bool) {
	p.stats.Done++
	if panicked {
		p.stats.Panicked++
	}
	p.makeRoom()
}

// spare says whether there are more workers than Min. The caller holds p.mu.
func (p *Pool) spare() bool { return p.stats.Workers-p.guests > p.cfg.Min }

// rest sets the time of a worker whose goroutine has nothing to do from now on, unless
// it is one of the last Min. The worker itself calls it, and holds p.mu.
func (p *Pool) rest(w *worker) {
	switch {
	case !p.spare():
	case w.timer == nil:
		w.timer = time.NewTimer(p.cfg.IdleTimeout)
	default:
		w.timer.Reset(p.cfg.IdleTimeout)
	}
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
	if w.timer == nil {
		return <-w.next
	}
	for {
		select {
		case j := <-w.next:
			w.timer.Stop()
			return j
		case <-w.timer.C:
			if p.dismiss(w) {
				return nil
			}
		}
	}
}

// dismiss ends a worker that has been idle for long, unless it has just got a job, has
// lent its place, or is one of the last Min.
func (p *Pool) dismiss(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.idle, w)
	if i < 0 || !p.spare() {
		return false
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	p.end(1)
	return true
}
