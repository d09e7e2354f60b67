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
	j := &job{guest: true, settled: make(chan struct{})}
	if err := p.offer(ctx, j); err != nil {
		return err
	}
	if err := p.await(ctx, j); err != nil {
		return err
	}
	if j.err != nil { // dropped
		return j.err
	}
	returned := false
	defer func() {
		p.with(func(s *state) {
			s.vacate(!returned)
			s.guests--
			s.advance()
		})
	}()
	task()
	returned = true
	return nil
}
