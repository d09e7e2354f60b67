package pool

import "context"

// Run is Do for a caller that has a goroutine of its own to wait on: task runs on
// that one, in the place of a worker, so that there is no more than Max of both at
// once. It costs less, as nothing is handed over. Figures count it as a worker
// and a task, for as long as it runs.
//
// A panic in task, or runtime.Goexit, is the caller's: the place is free again, and the
// task counts as one that panicked. Errors are those of Do.
//
//starter:todo 5.9 A place is what must be waited for, not a goroutine. Give it back whatever task does.
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

// take waits for a place and returns the worker whose it is, if there is one: its
// goroutine does nothing meanwhile.
//
//starter:omit
func (p *Pool) take(ctx context.Context) (*worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, p.refuse(err)
	}
	select {
	case p.slots <- struct{}{}:
	default:
		return nil, p.noSlot()
	}
	j, w, err := p.place()
	if j == nil {
		return w, err
	}
	err = p.wait(ctx, j)
	w = j.place
	j.place = nil
	p.jobs.Put(j)
	return w, err
}

// place returns the place of an idle worker or a new one, or else a job that waits
// for one.
//
//starter:omit
func (p *Pool) place() (*job, *worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.admit(); err != nil {
		return nil, nil, err
	}
	if p.stats.Workers < p.cfg.Max {
		p.stats.Workers++
		return nil, nil, nil
	}
	if last := len(p.idle) - 1; last >= 0 {
		w := p.idle[last]
		p.idle = p.idle[:last]
		return nil, w, nil
	}
	j := p.jobs.Get().(*job)
	j.task, j.err = nil, nil
	j.held = true
	p.waiting.push(j)
	return j, nil, nil
}

// giveBack gives the place to who has waited for longest, or makes it idle.
//
//starter:omit
func (p *Pool) giveBack(w *worker, panicked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Done++
	if panicked {
		p.stats.Panicked++
	}
	<-p.slots
	switch j := p.waiting.pop(); {
	case j != nil && j.task == nil:
		j.held = false
		j.place = w
		j.done <- struct{}{}
	case j != nil:
		j.held = false
		if w == nil {
			w = newWorker()
			go p.work(w, j)
		} else {
			w.next <- j
		}
	case w == nil:
		p.end(1)
	case p.closed || w.spare: // its time may be over
		close(w.next)
		p.end(1)
	default:
		p.idle = append(p.idle, w)
	}
}
