package pool

import "context"

// Shutdown ends the pool. From now on no task is accepted, and those who wait for
// room get ErrShutdown. Tasks that were accepted are finished, the waiting ones too;
// then Shutdown returns nil, and no goroutine of the pool is left.
//
// If ctx is done first, the tasks that still wait are dropped, and the error is a
// *[ShutdownError] that says how many there were and how many still run. Do and Run
// return ErrShutdown for a task that was dropped. The tasks that run go on, as nothing
// can end them, and their workers end with them.
//
// Shutdown may be called again, to wait longer; what it says then is about what was
// left for it. When nothing is left it returns nil, even if ctx is done.
func (p *Pool) Shutdown(ctx context.Context) error {
	p.change(func() {
		p.closing = true
		for p.asking.len > 0 {
			t := p.asking.first()
			p.asking.remove(t)
			p.figures.Refused++
			t.err = ErrShutdown
			t.move(over)
		}
	})
	select {
	case <-p.gone:
		return nil
	case <-ctx.Done():
	}
	left := &ShutdownError{Cause: ctx.Err()}
	p.change(func() {
		left.Dropped = p.queue.len
		for p.queue.len > 0 {
			t := p.queue.first()
			p.queue.remove(t)
			p.figures.Dropped++
			t.err = ErrShutdown
			t.move(over)
		}
		left.Running = p.figures.Running
	})
	if left.Dropped+left.Running > 0 {
		return left
	}
	<-p.gone // workers that are on their way home
	return nil
}
