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
	if err := ctx.Err(); err != nil {
		p.refused()
		return err
	}
	j := &job{task: task, done: make(chan struct{}), start: make(chan struct{})}
	if err := p.try(j); err != nil {
		return err
	}
	select {
	case <-j.start:
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if p.withdraw(j) {
			return ctx.Err()
		}
		select { // it has its place already, or was dropped
		case <-j.start:
		case <-j.done:
			return j.err
		}
	}
	returned := false
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.guests--
		p.placeFree(!returned)
	}()
	task()
	returned = true
	return nil
}
