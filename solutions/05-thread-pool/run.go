package pool

import "context"

// Run is Do for a caller that has a goroutine of its own: task runs on that one, and
// nothing is handed over. What Run waits for is the place of a worker: in the same
// queue as everybody, so that no more than Max tasks run at once, whichever way they
// came. A task that runs so counts as one task and one worker in Stats.
//
// A panic in task, or runtime.Goexit, is the caller's: it is not recovered, but the
// place is free again, and the task counts as one that panicked. The error is nil if
// task returned, and otherwise that of Do for a task that did not run.
//
//starter:todo 5.9 What is waited for is a place, not a goroutine. Give it back whatever task does.
func (p *Pool) Run(ctx context.Context, task func()) error {
	w, err := p.take(ctx)
	if err != nil {
		return err
	}
	returned := false
	defer func() { p.giveBack(w, !returned) }()
	task()
	returned = true
	return nil
}

// take waits for a place. If it is that of a worker, that one is returned too: its
// goroutine does nothing until it is given back.
//
//starter:omit
func (p *Pool) take(ctx context.Context) (*worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, p.refuse(err)
	}
	w, j, err := p.place()
	if j == nil {
		return w, err
	}
	err = p.wait(ctx, j)
	w = j.place
	j.place, j.guest = nil, false
	p.jobs.Put(j)
	return w, err
}

// place returns a place: one that no worker has, as long as there are any, so that
// the workers are left for those who need one; then that of an idle worker. If there
// is none it returns a job that waits for one.
//
//starter:omit
func (p *Pool) place() (*worker, *job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.admit(); err != nil {
		return nil, nil, err
	}
	last := len(p.idle) - 1
	switch {
	case p.stats.Workers < p.cfg.Max:
		p.stats.Workers++
		p.guests++
		return nil, nil, nil
	case last >= 0:
		w := p.idle[last]
		p.idle = p.idle[:last]
		return w, nil, nil
	}
	j := p.jobs.Get().(*job)
	j.err, j.guest = nil, true
	p.queueUp(j)
	return nil, j, nil
}

// giveBack counts a task that has ended and gives its place to whoever has waited for
// longest. If nobody waits, the worker that had lent it is idle again, as if it had
// run the task itself.
//
//starter:omit
func (p *Pool) giveBack(w *worker, panicked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(panicked)
	j := p.waiting.pop()
	switch {
	case j != nil && j.guest:
		p.lend(w, j)
	case j != nil && w == nil:
		p.guests--
		p.stats.Workers-- // start counts it again
		j.held = false
		p.start(j)
	case j != nil:
		j.held = false
		w.next <- j
	case w == nil:
		p.guests--
		p.end(1)
	case p.closed:
		close(w.next)
		p.end(1)
	default:
		if w.timer != nil {
			w.timer.Reset(p.cfg.IdleTimeout)
		}
		p.idle = append(p.idle, w)
	}
}

// lend gives the place of w, or one without a worker if that is nil, to a job of Run.
// The caller holds p.mu.
//
//starter:omit
func (p *Pool) lend(w *worker, j *job) {
	j.held = false
	j.place = w
	j.done <- struct{}{}
}
