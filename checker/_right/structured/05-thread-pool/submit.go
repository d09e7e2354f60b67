package pool

import "context"

// TrySubmit has task, which must not be nil, run as soon as a worker is free, and does
// not wait for anything. The error is ErrFull if as many tasks run and wait as may, and
// ErrShutdown after Shutdown; then task will not run.
//
// Tasks begin in the order in which they were accepted.
func (p *Pool) TrySubmit(task func()) error { return p.admit(newTicket(task, over)) }

// admit takes t in, or says at once why not.
func (p *Pool) admit(t *ticket) (err error) {
	p.change(func() {
		switch {
		case p.closing:
			err = ErrShutdown
		case !p.room():
			err = ErrFull
		default:
			p.accept(t)
			return
		}
		p.figures.Refused++
	})
	return err
}

// refuse counts a task whose caller had no time left.
func (p *Pool) refuse(err error) error {
	p.change(func() { p.figures.Refused++ })
	return err
}

// Submit is TrySubmit for callers who can wait for room. If ctx is done first, or was
// done before, the error is ctx.Err() and task will not run, and if the pool is shut
// down first, it is ErrShutdown.
//
// A task that submits to its own pool must not wait like this: if all tasks do, none
// of them ever ends.
func (p *Pool) Submit(ctx context.Context, task func()) error {
	if ctx.Err() != nil {
		return p.refuse(ctx.Err())
	}
	t := newTicket(task, queued)
	p.change(func() {
		if p.closing {
			p.figures.Refused++
			t.err = ErrShutdown
			t.move(over)
			return
		}
		p.asking.push(t)
	})
	return p.follow(ctx, t)
}

// follow waits until t is where its caller wants it. If ctx is done first it takes t
// back, unless t has gone on.
func (p *Pool) follow(ctx context.Context, t *ticket) error {
	select {
	case <-t.news:
		return t.err
	default:
	}
	select {
	case <-t.news:
		return t.err
	case <-ctx.Done():
	}
	p.change(func() {
		switch {
		case t.stage == asks:
			p.asking.remove(t)
			p.figures.Refused++
		case t.stage == queued && t.at > queued:
			p.queue.remove(t)
			p.figures.Withdrawn++
		default:
			return
		}
		t.err = ctx.Err()
		t.move(over)
	})
	<-t.news
	return t.err
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
	if ctx.Err() != nil {
		return p.refuse(ctx.Err())
	}
	t := newTicket(task, over)
	t.heard = true
	if err := p.admit(t); err != nil {
		return err
	}
	return p.follow(ctx, t)
}
