package pool

import (
	"context"
	"slices"
)

// TrySubmit has task, which must not be nil, run as soon as a worker is free, and does
// not wait for anything. The error is ErrFull if as many tasks run and wait as may, and
// ErrShutdown after Shutdown; then task will not run.
//
// Tasks begin in the order in which they were accepted.
func (p *Pool) TrySubmit(task func()) error {
	return p.try(&job{task: task, done: make(chan struct{})})
}

func (p *Pool) try(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.stats.Refused++
		return ErrShutdown
	}
	if !p.room() {
		p.stats.Refused++
		return ErrFull
	}
	p.accept(j)
	return nil
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	if err := ctx.Err(); err != nil {
		p.refused()
		return err
	}
	p.mu.Lock()
	if p.closed {
		p.stats.Refused++
		p.mu.Unlock()
		return ErrShutdown
	}
	j := &job{task: task, done: make(chan struct{})}
	if p.room() {
		p.accept(j)
		p.mu.Unlock()
		return nil
	}
	w := &waiter{job: j, got: make(chan struct{})}
	p.waiters = append(p.waiters, w)
	p.mu.Unlock()
	select {
	case <-w.got:
		return w.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiters, w); i >= 0 {
		p.stats.Refused++
		p.waiters = slices.Delete(p.waiters, i, i+1)
		return ctx.Err()
	}
	return w.err
}

// Do is TrySubmit, and waits until task has ended. If ctx is done already, task is
// refused with ctx.Err(), whatever else there is to say. If ctx is done while task
// still waits for a worker, it is withdrawn: it never runs, and the error is ctx.Err().
// Once it has begun, Do waits for its end, whatever happens to ctx. So when Do has
// returned, task does not run, and what it used is the caller's again.
//
// The error is nil if task returned, a *PanicError if it panicked, and ErrFull or
// ErrShutdown if it did not run.
func (p *Pool) Do(ctx context.Context, task func()) error {
	if err := ctx.Err(); err != nil {
		p.refused()
		return err
	}
	j := &job{task: task, waited: true, done: make(chan struct{})}
	if err := p.try(j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
	}
	if p.withdraw(j) {
		return ctx.Err()
	}
	<-j.done
	return j.err
}

// withdraw takes j out of the queue, and says whether it was there.
func (p *Pool) withdraw(j *job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, j)
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(p.queue, i, i+1)
	p.stats.Withdrawn++
	p.roomMade()
	return true
}

// refused counts one that did not get in.
func (p *Pool) refused() {
	p.mu.Lock()
	p.stats.Refused++
	p.mu.Unlock()
}
