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
func (p *Pool) Run(ctx context.Context, task func()) error {
	if ctx.Err() != nil {
		return p.refuse(ctx.Err())
	}
	t := newTicket(task, runs)
	t.guest = true
	if err := p.admit(t); err != nil {
		return err
	}
	if err := p.follow(ctx, t); err != nil {
		return err
	}
	returned := false
	defer func() { p.change(func() { p.end(t, !returned) }) }()
	task()
	returned = true
	return nil
}
