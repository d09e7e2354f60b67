package pool

import (
	"cmp"
	"log/slog"
	"runtime/debug"
	"time"
)

// A stage is how far a ticket has come. It never goes back.
type stage uint8

const (
	asks   stage = iota // waits for room
	queued              // accepted
	runs
	over // ended, refused, withdrawn or dropped
)

// A ticket is a task and what has become of it.
type ticket struct {
	node  node[ticket]
	task  func()
	guest bool  // runs on the caller's goroutine
	heard bool  // somebody waits for the end, and is told of a panic
	stage stage // under the lock of the pool
	err   error // once it is over, or on the way to that

	// news gets one value for each stage that the caller waits for: Submit for
	// queued, Run for runs, Do for over, and all of them for an early over.
	news chan struct{}
	at   stage
}

func newTicket(task func(), at stage) *ticket {
	t := &ticket{task: task, at: at, news: make(chan struct{}, 1)}
	t.node.of = t
	return t
}

func (t *ticket) link() *node[ticket] { return &t.node }

// move brings t to a later stage, and tells whoever waits for that.
func (t *ticket) move(to stage) {
	waited := t.stage < t.at
	t.stage = to
	if waited && to >= t.at {
		t.news <- struct{}{}
	}
}

func (p *Pool) accept(t *ticket) {
	p.figures.Accepted++
	p.queue.push(t)
	t.move(queued)
}

// start gives a place to t: the guest's own, the worker's that became idle last, or
// a new worker's.
func (p *Pool) start(t *ticket) {
	p.queue.remove(t)
	p.figures.Running++
	t.move(runs)
	switch {
	case t.guest:
		p.guests++
	case p.idle.len > 0:
		p.wake(t)
	default:
		go p.work(p.hire(), t)
	}
}

// end takes the place of t back.
func (p *Pool) end(t *ticket, panicked bool) {
	p.figures.Running--
	p.figures.Done++
	if panicked {
		p.figures.Panicked++
	}
	if t.guest {
		p.guests--
	}
	t.move(over)
}

// A worker is a goroutine. What it is given next arrives in turn; nil is the end.
type worker struct {
	node   node[worker]
	turn   chan *ticket
	isIdle bool
}

func (w *worker) link() *node[worker] { return &w.node }

func (p *Pool) hire() *worker {
	p.workers++
	w := &worker{turn: make(chan *ticket, 1)}
	w.node.of = w
	return w
}

// rest makes w the one that became idle last; wake gives t to that one.
func (p *Pool) rest(w *worker) {
	p.idle.push(w)
	w.isIdle = true
}

func (p *Pool) wake(t *ticket) {
	w := p.idle.last()
	p.idle.remove(w)
	w.isIdle = false
	w.turn <- t
}

// work is the life of a worker, which begins with t unless that is nil.
func (p *Pool) work(w *worker, t *ticket) {
	defer p.change(func() { p.workers-- })
	for {
		if t == nil {
			if t = p.await(w); t == nil {
				return
			}
		}
		p.perform(t, w)
		t = nil
	}
}

// perform runs the task of t. Whatever that does, its place is free afterwards.
func (p *Pool) perform(t *ticket, w *worker) {
	returned := false
	defer func() {
		v := recover()
		if !returned {
			e := &PanicError{Value: v, Stack: debug.Stack()}
			t.err = e
			if !t.heard {
				cmp.Or(p.cfg.ErrorLog, slog.Default()).Error(e.Error(), "stack", string(e.Stack))
			}
		}
		p.change(func() {
			p.end(t, !returned)
			if returned || v != nil { // otherwise this goroutine ends
				p.rest(w)
			}
		})
	}()
	t.task()
	returned = true
}

// await waits for the next turn of an idle worker, but not for ever if there are more
// than Min.
func (p *Pool) await(w *worker) (t *ticket) {
	timer := time.NewTimer(p.cfg.IdleTimeout)
	defer timer.Stop()
	for {
		select {
		case t := <-w.turn:
			return t
		case <-timer.C:
		}
		home := false
		p.change(func() {
			if home = w.isIdle && p.workers > p.cfg.Min; home {
				p.idle.remove(w)
				w.isIdle = false
			}
		})
		if home {
			return nil
		}
		timer.Reset(p.cfg.IdleTimeout)
	}
}
