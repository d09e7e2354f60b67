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
	return p.enter(context.Background(), newJob(task, accepted), false)
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	j := newJob(task, accepted)
	if err := p.enter(ctx, j, true); err != nil {
		return err
	}
	return p.wait(ctx, j)
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
	j := newJob(task, ended)
	if err := p.enter(ctx, j, false); err != nil {
		return err
	}
	return p.wait(ctx, j)
}

// enter accepts j, or lets it stand in line for room, or says why not.
func (p *Pool) enter(ctx context.Context, j *job, patient bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := ctx.Err()
	switch {
	case err != nil:
	case p.closed:
		err = ErrShutdown
	case p.room():
		p.accept(j)
		return nil
	case patient:
		p.line = append(p.line, j)
		return nil
	default:
		err = ErrFull
	}
	p.stats.Refused++
	return err
}

// wait waits for news of j, which it takes back if ctx is done before.
func (p *Pool) wait(ctx context.Context, j *job) error {
	select {
	case err := <-j.news:
		return err
	case <-ctx.Done():
	}
	p.mu.Lock()
	if i := slices.Index(p.line, j); i >= 0 {
		p.line = slices.Delete(p.line, i, i+1)
		p.stats.Refused++
		j.news <- ctx.Err()
	} else if i := slices.Index(p.queue, j); i >= 0 && j.when != accepted {
		p.queue = slices.Delete(p.queue, i, i+1)
		p.stats.Withdrawn++
		p.admit()
		j.news <- ctx.Err()
	}
	p.mu.Unlock()
	return <-j.news
}
