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
//
//starter:todo 5.1 Nobody gets in; when the last task is done, the workers end.
//starter:todo 5.7 Those who wait for room, and those who wait for too long.
func (p *Pool) Shutdown(ctx context.Context) error {
	p.close()
	select {
	case <-p.drained:
		return nil
	default: // all else being equal, select would toss a coin
	}
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
		return p.drop(ctx.Err())
	}
}

// close lets no more tasks in and sends the idle workers home.
//
//starter:omit
func (p *Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	close(p.closing)
	for _, w := range p.idle {
		close(w.next)
	}
	n := len(p.idle)
	p.idle = nil
	p.end(n)
}

// drop empties the queue.
//
//starter:omit
func (p *Pool) drop(cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := &ShutdownError{Cause: cause}
	for p.waiting.first != nil {
		j := p.waiting.first
		p.leave(j)
		p.stats.Dropped++
		e.Dropped++
		if j.done != nil {
			j.err = ErrShutdown
			j.done <- struct{}{}
		}
	}
	e.Running = p.stats.Workers
	if e.Dropped == 0 && e.Running == 0 {
		return nil
	}
	return e
}
