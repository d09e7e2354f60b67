package pool

import "context"

// TrySubmit has task, which must not be nil, run as soon as a worker is free, and does
// not wait for anything. The error is ErrFull if as many tasks run and wait as may, and
// ErrShutdown after Shutdown; then task will not run.
//
// Tasks begin in the order in which they were accepted.
//
//starter:todo 5.1 Hand the task to a goroutine; no more than Max of them at once.
//starter:todo 5.2 Say no without waiting when Max tasks run and Queue tasks wait.
func (p *Pool) TrySubmit(task func()) error {
	return p.try(&job{task: task})
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
//
//starter:todo 5.3 Room, the end of ctx, or a shutdown: whichever comes first.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	if err := ctx.Err(); err != nil {
		return p.refuse(err)
	}
	j := &job{task: task}
	p.mu.Lock()
	if p.closed || p.room > 0 {
		defer p.mu.Unlock()
		return p.accept(j)
	}
	j.inside = make(chan struct{})
	p.outside.push(j)
	p.mu.Unlock()
	select {
	case <-j.inside:
		return nil
	case <-ctx.Done():
		return p.goAway(j, ctx.Err())
	case <-p.closing:
		return p.goAway(j, ErrShutdown)
	}
}

// goAway is for a job that does not wait for room any more. It returns err, unless there
// was room at the last moment: then the job will run.
//
//starter:omit
func (p *Pool) goAway(j *job, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-j.inside:
		return nil
	default:
	}
	p.outside.remove(j)
	p.stats.Refused++
	return err
}

// Do is TrySubmit, and waits until task has ended. If ctx is done already, task is
// refused with ctx.Err(), whatever else there is to say. If ctx is done while task
// still waits for a worker, it is withdrawn: it never runs, and the error is ctx.Err().
// Once it has begun, Do waits for its end, whatever happens to ctx. So when Do has
// returned, task does not run, and what it used is the caller's again.
//
// The error is nil if task returned, a *PanicError if it panicked, and ErrFull or
// ErrShutdown if it did not run.
//
//starter:todo 5.4 Two goroutines meet: the one that waits for the end, and the one that gets there.
//starter:todo 5.5 A panic in the task becomes an error here.
func (p *Pool) Do(ctx context.Context, task func()) error {
	if err := ctx.Err(); err != nil {
		return p.refuse(err)
	}
	j := p.jobs.Get().(*job)
	j.task, j.err = task, nil
	if err := p.try(j); err != nil {
		j.task = nil
		p.jobs.Put(j)
		return err
	}
	err := p.wait(ctx, j)
	j.task = nil
	p.jobs.Put(j)
	return err
}

// wait waits until j has ended, or takes it back when ctx is done before it begins.
//
//starter:omit
func (p *Pool) wait(ctx context.Context, j *job) error {
	select {
	case <-j.done:
	case <-ctx.Done():
		if p.withdraw(j) {
			return ctx.Err()
		}
		<-j.done
	}
	return j.err
}

//starter:omit
func (p *Pool) try(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accept(j)
}

// admit says whether a task may come in, and counts it. The caller holds p.mu.
//
//starter:omit
func (p *Pool) admit() error {
	switch {
	case p.closed:
		p.stats.Refused++
		return ErrShutdown
	case p.room == 0:
		p.stats.Refused++
		return ErrFull
	}
	p.room--
	p.stats.Accepted++
	return nil
}

// makeRoom is called when a task that was accepted is finished, or never will run. The
// room is that of whoever has waited for it longest: his task goes to the end of the
// queue, which the caller, who holds p.mu, looks at next or has just taken one out of.
//
//starter:omit
func (p *Pool) makeRoom() {
	p.room++
	if p.closed || p.outside.first == nil {
		return
	}
	j := p.outside.pop()
	p.admit()
	p.queueUp(j)
	close(j.inside)
}

// accept takes a job if there is room: an idle worker gets it, or a new one, or it waits
// for whichever is free first. The caller holds p.mu.
//
//starter:omit
func (p *Pool) accept(j *job) error {
	if err := p.admit(); err != nil {
		return err
	}
	last := len(p.idle) - 1
	switch {
	case last >= 0:
		w := p.idle[last]
		p.idle = p.idle[:last]
		w.next <- j
	case p.stats.Workers < p.cfg.Max:
		p.start(j)
	default:
		p.queueUp(j)
	}
	return nil
}

// queueUp puts an accepted job into the queue. The caller holds p.mu.
//
//starter:omit
func (p *Pool) queueUp(j *job) {
	j.held = true
	p.waiting.push(j)
}

//starter:omit
func (p *Pool) refuse(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Refused++
	return err
}

// withdraw takes a job out of the queue, and says whether it was still there.
//
//starter:omit
func (p *Pool) withdraw(j *job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !j.held {
		return false
	}
	p.leave(j)
	p.stats.Withdrawn++
	return true
}

// leave takes a job out of the queue for good.
//
//starter:omit
func (p *Pool) leave(j *job) {
	p.waiting.remove(j)
	j.held = false
	p.makeRoom()
}
