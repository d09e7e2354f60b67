package pool

import "container/list"

// A state is what a pool knows at one moment. Its methods are called by its owner
// only: see Pool.owner.
type state struct {
	p      *Pool
	closed bool

	queue list.List // of *job, accepted, waiting for a place
	hopes list.List // of *job, of those who wait for room in Submit

	idle    []*worker // the last one became idle last
	workers int       // goroutines, idle and busy
	running int       // places that are taken: tasks that run
	guests  int       // those of them that run on their caller's goroutine

	count Stats // only what is counted up
}

// A job is one task on its way. Until it is in the hands of a worker or a guest, it
// belongs to the state.
type job struct {
	task  func()
	guest bool // the place is all it wants

	in    *list.List // where it waits: in queue, in hopes, or nowhere
	where *list.Element

	// settled is closed when its caller may go on: a guest has a place, Submit has
	// room, the task of a Do has ended. err is set before that.
	settled chan struct{}
	waited  bool // somebody waits for the end: he is told of a panic
	err     error
	refused bool // by a shutdown, while it waited for room
}

func (s *state) wait(l *list.List, j *job) { j.in, j.where = l, l.PushBack(j) }

// take takes a job out of where it waits.
func (s *state) take(j *job) *job {
	j.in.Remove(j.where)
	j.in, j.where = nil, nil
	return j
}

func first(l *list.List) *job { return l.Front().Value.(*job) }

func (s *state) full() bool { return s.running+s.queue.Len() >= s.p.cfg.Max+s.p.cfg.Queue }

// accept says yes to a job, or why not.
func (s *state) accept(j *job) error {
	switch {
	case s.closed:
		s.count.Refused++
		return ErrShutdown
	case s.full():
		s.count.Refused++
		return ErrFull
	}
	s.count.Accepted++
	s.wait(&s.queue, j)
	s.advance()
	return nil
}

// advance does whatever has become possible: it gives free places to those in the
// queue, and room in the queue to those who hope for it, and sends workers home
// when there will be no more work.
func (s *state) advance() {
	for {
		switch {
		case s.running < s.p.cfg.Max && s.queue.Len() > 0:
			s.place(s.take(first(&s.queue)))
		case s.hopes.Len() > 0 && !s.full():
			j := s.take(first(&s.hopes))
			s.count.Accepted++
			s.wait(&s.queue, j)
			close(j.settled)
			j.settled = nil
		default:
			s.rest()
			return
		}
	}
}

// place gives a job the place that is free.
func (s *state) place(j *job) {
	s.running++
	if j.guest {
		s.guests++
		close(j.settled)
		return
	}
	var w *worker
	if last := len(s.idle) - 1; last >= 0 {
		w, s.idle = s.idle[last], s.idle[:last]
	} else {
		w = s.start()
	}
	w.jobs <- j // has room for it: an idle worker has none
}

// vacate takes the place back from a task that has ended.
func (s *state) vacate(panicked bool) {
	s.running--
	s.count.Done++
	if panicked {
		s.count.Panicked++
	}
}

// rest ends a pool that is closed, as far as it has nothing to do any more.
func (s *state) rest() {
	if !s.closed || s.queue.Len() > 0 {
		return
	}
	for _, w := range s.idle {
		close(w.jobs)
	}
	s.workers -= len(s.idle)
	s.idle = nil
	if s.workers == 0 && s.running == 0 {
		select {
		case <-s.p.gone:
		default:
			close(s.p.gone)
		}
	}
}
