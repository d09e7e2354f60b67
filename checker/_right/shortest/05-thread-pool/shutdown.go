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
	if !p.closed {
		p.closed = true
		for _, j := range p.line {
			j.news <- ErrShutdown
		}
		p.stats.Refused += int64(len(p.line))
		p.line = nil
		p.endIfClosed()
	}
	p.mu.Unlock()
	select {
	case <-p.end:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.workers+p.guests == 0 {
		return nil
	}
	e := &ShutdownError{Dropped: len(p.queue), Running: p.running(), Cause: ctx.Err()}
	for _, j := range p.queue {
		if j.when != accepted {
			j.news <- ErrShutdown
		}
	}
	p.stats.Dropped += int64(len(p.queue))
	p.queue = nil
	return e
}
