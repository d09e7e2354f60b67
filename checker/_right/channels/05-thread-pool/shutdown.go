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
	p.with(func(s *state) {
		s.closed = true
		for s.hopes.Len() > 0 {
			j := s.take(first(&s.hopes))
			s.count.Refused++
			j.refused = true
			close(j.settled)
		}
		s.rest()
	})
	select {
	case <-p.gone:
		return nil
	default:
	}
	select {
	case <-p.gone:
		return nil
	case <-ctx.Done():
	}
	left := &ShutdownError{Cause: ctx.Err()}
	p.with(func(s *state) {
		left.Dropped, left.Running = s.queue.Len(), s.running
		s.count.Dropped += int64(left.Dropped)
		for s.queue.Len() > 0 {
			j := s.take(first(&s.queue))
			j.err = ErrShutdown
			if j.settled != nil {
				close(j.settled)
			}
		}
		s.rest()
	})
	if left.Dropped+left.Running == 0 {
		return nil
	}
	return left
}
