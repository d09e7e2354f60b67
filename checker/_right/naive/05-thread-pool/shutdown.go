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
	p.mu.Lock()
	p.closed = true
	for _, r := range p.room {
		p.stats.Refused++
		r.answer <- ErrShutdown
	}
	p.room = nil
	p.dispatch()
	p.mu.Unlock()

	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
	}

	p.mu.Lock()
	if p.nothingLeft() {
		p.mu.Unlock()
		<-p.ended // the workers are on their way out
		return nil
	}
	defer p.mu.Unlock()
	dropped := p.queue
	p.queue = nil
	for _, j := range dropped {
		j.err = ErrShutdown
		close(j.begun)
		close(j.done)
	}
	p.stats.Dropped += int64(len(dropped))
	return &ShutdownError{Dropped: len(dropped), Running: p.stats.Running, Cause: ctx.Err()}
}
