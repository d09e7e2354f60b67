package pool

import "context"

// TrySubmit has task, which must not be nil, run as soon as a worker is free, and does
// not wait for anything. The error is ErrFull if as many tasks run and wait as may, and
// ErrShutdown after Shutdown; then task will not run.
//
// Tasks begin in the order in which they were accepted.
func (p *Pool) TrySubmit(task func()) error {
	return p.offer(context.Background(), &job{task: task})
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	j := &job{task: task}
	var answer chan struct{} // not j.settled, which the state takes away
	var err error
	p.with(func(s *state) {
		if err = ctx.Err(); err != nil {
			s.count.Refused++
		} else if s.closed || !s.full() {
			err = s.accept(j)
		} else {
			answer = make(chan struct{})
			j.settled = answer
			s.wait(&s.hopes, j)
		}
	})
	if answer == nil {
		return err
	}
	select {
	case <-answer:
	case <-ctx.Done():
		p.with(func(s *state) {
			if j.in == &s.hopes {
				s.take(j)
				s.count.Refused++
				err = ctx.Err()
				close(answer)
			}
		})
		<-answer
	}
	if err == nil && j.refused {
		err = ErrShutdown
	}
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
func (p *Pool) Do(ctx context.Context, task func()) error {
	j := &job{task: task, waited: true, settled: make(chan struct{})}
	if err := p.offer(ctx, j); err != nil {
		return err
	}
	if err := p.await(ctx, j); err != nil {
		return err
	}
	return j.err
}

// offer has a job accepted now or not at all.
func (p *Pool) offer(ctx context.Context, j *job) (err error) {
	p.with(func(s *state) {
		if err = ctx.Err(); err != nil {
			s.count.Refused++
			return
		}
		err = s.accept(j)
	})
	return err
}

// await waits until an accepted job is settled. If ctx is done while it is still in
// the queue, it is withdrawn.
func (p *Pool) await(ctx context.Context, j *job) (err error) {
	select {
	case <-j.settled:
		return nil
	case <-ctx.Done():
	}
	p.with(func(s *state) {
		if j.in == &s.queue {
			s.take(j)
			s.count.Withdrawn++
			s.advance()
			err = ctx.Err()
		}
	})
	if err == nil {
		<-j.settled
	}
	return err
}
