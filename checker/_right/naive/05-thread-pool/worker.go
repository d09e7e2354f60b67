package pool

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"time"
)

// A worker is a goroutine that runs jobs.
type worker struct {
	next chan *job // has room for one; nil sends the worker home
	left bool      // it has been idle for too long, and is not counted any more
}

// newWorker starts a worker. p.mu is held.
func (p *Pool) newWorker() *worker {
	w := &worker{next: make(chan *job, 1)}
	p.workers++
	go p.work(w)
	return w
}

func (p *Pool) work(w *worker) {
	goneHome := false
	defer func() {
		if !goneHome {
			go p.work(w) // a task has called runtime.Goexit
		}
	}()
	for {
		j := p.await(w)
		if j == nil {
			break
		}
		p.runJob(w, j)
	}
	goneHome = true
	p.mu.Lock()
	if !w.left {
		p.workers--
	}
	p.checkEnded()
	p.mu.Unlock()
}

// await returns the next job of w, or nil if w is to go home.
func (p *Pool) await(w *worker) *job {
	select {
	case j := <-w.next:
		return j
	case <-time.After(p.cfg.IdleTimeout):
	}
	p.mu.Lock()
	i := slices.Index(p.idle, w)
	if i >= 0 && p.workers > p.cfg.Min {
		p.idle = slices.Delete(p.idle, i, i+1)
		p.workers-- // here, or a second one could leave for the same reason
		w.left = true
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	return <-w.next
}

func (p *Pool) runJob(w *worker, j *job) {
	returned := false
	defer func() {
		if !returned {
			err := &PanicError{Value: recover(), Stack: debug.Stack()}
			j.err = err
			if !j.awake {
				p.log().Error("task panicked", "panic", err.Value, "stack", string(err.Stack))
			}
		}
		p.end(returned, w)
		close(j.done)
	}()
	j.task()
	returned = true
}

// end counts a task that has ended. W is nil for that of a guest.
func (p *Pool) end(returned bool, w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Running--
	p.stats.Done++
	if !returned {
		p.stats.Panicked++
	}
	if w != nil {
		p.idle = append(p.idle, w)
	}
	p.dispatch()
}

// accept says yes to a job. p.mu is held.
func (p *Pool) accept(j *job) {
	p.stats.Accepted++
	p.queue = append(p.queue, j)
	p.dispatch()
}

func (p *Pool) full() bool {
	return p.stats.Running+len(p.queue) >= p.cfg.Max+p.cfg.Queue
}

// dispatch does all that has become possible. p.mu is held.
func (p *Pool) dispatch() {
	for {
		if len(p.queue) > 0 && p.stats.Running < p.cfg.Max {
			j := p.queue[0]
			p.queue = p.queue[1:]
			p.stats.Running++
			p.start(j)
		} else if len(p.room) > 0 && !p.full() {
			r := p.room[0]
			p.room = p.room[1:]
			p.stats.Accepted++
			p.queue = append(p.queue, r.job)
			r.answer <- nil
		} else {
			break
		}
	}
	if p.closed {
		for _, w := range p.idle {
			w.next <- nil
		}
		p.idle = nil
		p.checkEnded()
	}
}

// start begins a job that has a place. p.mu is held.
func (p *Pool) start(j *job) {
	if j.guest {
		close(j.begun)
		return
	}
	if len(p.idle) == 0 {
		p.newWorker().next <- j
		return
	}
	last := len(p.idle) - 1
	w := p.idle[last]
	p.idle = p.idle[:last]
	w.next <- j
}

// withdraw takes a job out of the queue, if it is still there.
func (p *Pool) withdraw(j *job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, j)
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(slices.Clone(p.queue), i, i+1)
	p.stats.Withdrawn++
	p.dispatch()
	return true
}

// nothingLeft says whether no task runs or waits. p.mu is held.
func (p *Pool) nothingLeft() bool { return p.stats.Running == 0 && len(p.queue) == 0 }

// checkEnded tells Shutdown when all is over. p.mu is held.
func (p *Pool) checkEnded() {
	if !p.closed || p.workers > 0 || !p.nothingLeft() {
		return
	}
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
}

func (p *Pool) log() *slog.Logger {
	if p.cfg.ErrorLog != nil {
		return p.cfg.ErrorLog
	}
	return slog.Default()
}
