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
	return p.tryAccept(context.Background(), newJob(task))
}

// tryAccept accepts j, or says why not.
func (p *Pool) tryAccept(ctx context.Context, j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case p.closed:
		err = ErrShutdown
	case p.full():
		err = ErrFull
	}
	if err != nil {
		p.stats.Refused++
		return err
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
	r := &waiter{job: newJob(task), answer: make(chan error, 1)}
	p.mu.Lock()
	switch {
	case ctx.Err() != nil:
		p.stats.Refused++
		p.mu.Unlock()
		return ctx.Err()
	case p.closed:
		p.stats.Refused++
		p.mu.Unlock()
		return ErrShutdown
	}
	p.room = append(p.room, r)
	p.dispatch()
	p.mu.Unlock()

	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.room, r)
	if i < 0 {
		return <-r.answer // it came at the same moment
	}
	p.room = slices.Delete(slices.Clone(p.room), i, i+1)
	p.stats.Refused++
	return ctx.Err()
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
	j := newJob(task)
	j.awake = true
	if err := p.tryAccept(ctx, j); err != nil {
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
