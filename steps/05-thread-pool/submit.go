package pool

import (
	"context"
	"errors"
)

// TrySubmit has task, which must not be nil, run as soon as a worker is free, and does
// not wait for anything. The error is ErrFull if as many tasks run and wait as may, and
// ErrShutdown after Shutdown; then task will not run.
//
// Tasks begin in the order in which they were accepted.
func (p *Pool) TrySubmit(task func()) error {
	// TODO 5.1: Hand the task to a goroutine; no more than Max of them at once.
	// TODO 5.2: Say no without waiting when Max tasks run and Queue tasks wait.
	return errors.New("task 5.1 is not written yet")
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	// TODO 5.3: Room, the end of ctx, or a shutdown: whichever comes first.
	return errors.New("task 5.3 is not written yet")
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
	// TODO 5.4: Two goroutines meet: the one that waits for the end, and the one that gets there.
	// TODO 5.5: A panic in the task becomes an error here.
	return errors.New("task 5.4 is not written yet")
}
