package pool

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"time"
)

// A worker is a goroutine that runs what comes out of jobs, until that is closed. It
// is given one job at most, and only while it is on the stack of idle ones.
type worker struct {
	p    *Pool
	jobs chan *job
}

// start starts a worker, which is not on the stack yet.
func (s *state) start() *worker {
	s.workers++
	w := &worker{s.p, make(chan *job, 1)}
	go w.work()
	return w
}

func (w *worker) work() {
	// runtime.Goexit in a task ends this goroutine; another one goes on as w.
	ended := false
	defer func() {
		if !ended {
			go w.work()
		}
	}()
	for {
		j, ok := w.next()
		if !ok {
			ended = true
			return
		}
		w.run(j)
	}
}

// next waits for a job. If there is none for too long, or ever, the worker goes home.
func (w *worker) next() (*job, bool) {
	timer := time.NewTimer(w.p.cfg.IdleTimeout)
	defer timer.Stop()
	select {
	case j, ok := <-w.jobs:
		return j, ok
	case <-timer.C:
	}
	home := false
	w.p.with(func(s *state) {
		// If it is not on the stack, a job has been given to it just now.
		if i := slices.Index(s.idle, w); i >= 0 && s.workers > w.p.cfg.Min {
			s.idle = slices.Delete(s.idle, i, i+1)
			s.workers--
			home = true
		}
	})
	if home {
		return nil, false
	}
	// One of the last Min needs no timer: a worker is only started when none is
	// idle, so whoever is one too many has been given a job in between.
	j, ok := <-w.jobs
	return j, ok
}

// run runs the task of a job, counts it, and only then tells whoever waits for it.
func (w *worker) run(j *job) {
	returned := false
	defer func() {
		if !returned {
			j.err = &PanicError{Value: recover(), Stack: debug.Stack()}
			if !j.waited {
				w.p.log().Error("pool: a task that nobody waits for panicked", "err", j.err, "stack", string(j.err.(*PanicError).Stack))
			}
		}
		w.p.with(func(s *state) {
			s.vacate(!returned)
			s.idle = append(s.idle, w)
			s.advance()
		})
		if j.settled != nil {
			close(j.settled)
		}
	}()
	j.task()
	returned = true
}

func (p *Pool) log() *slog.Logger {
	if p.cfg.ErrorLog != nil {
		return p.cfg.ErrorLog
	}
	return slog.Default()
}
