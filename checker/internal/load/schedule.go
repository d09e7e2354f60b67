package load

import (
	"context"
	"iter"
	"math"
	"sync/atomic"
	"time"
)

// A schedule says when the next request is due. All times are counted from its
// start.
//
// One worker at a time, the leader, sleeps until the next request is due, leaves
// the lead to another, and sends it. So requests are taken in their order, every
// connection that is free gets one, and only one sleep has to be exact.
type schedule struct {
	start    time.Time
	interval float64       // between two requests, in nanoseconds; 0 for a closed loop
	end      time.Duration // no request is due at this time or later
	n        int64         // nor one with this number or a higher one
	sleep    func(time.Duration)

	lead  chan struct{} // holds one value while there is a leader
	taken atomic.Int64
}

func newSchedule(o *Options, start time.Time) *schedule {
	s := &schedule{
		start: start,
		end:   o.Duration,
		n:     int64(o.Requests),
		sleep: o.Sleep,
		lead:  make(chan struct{}, 1),
	}
	if o.Requests == 0 {
		s.n = math.MaxInt64
	}
	if o.Rate > 0 {
		s.interval = float64(time.Second) / o.Rate
		s.n = min(s.n, int64(math.Ceil(float64(o.Duration)/s.interval)))
	}
	return s
}

// now returns the time since the start.
func (s *schedule) now() time.Duration { return time.Since(s.start) }

// due returns when request i is due.
func (s *schedule) due(i int64) time.Duration {
	return time.Duration(float64(i) * s.interval)
}

// A turn is the right to send one request.
type turn struct {
	due    time.Duration // its latency counts from here
	sent   time.Duration // its service time from here
	waited bool          // the connection was free before the request was due
}

// next returns the next request. If none is due it waits, or returns false if
// wait is not set. It also returns false if there will be none any more.
func (s *schedule) next(ctx context.Context, wait bool) (turn, bool) {
	if s.interval == 0 {
		now := s.now()
		if now >= s.end || ctx.Err() != nil || s.taken.Add(1) > s.n {
			return turn{}, false
		}
		return turn{due: now}, true
	}
	free := s.now()
	if !s.takeLead(ctx, wait) {
		return turn{}, false
	}
	defer func() { <-s.lead }()
	t, now := turn{due: s.due(s.taken.Load())}, s.now()
	t.waited = free <= t.due
	if s.taken.Load() >= s.n || now > s.end+grace || ctx.Err() != nil {
		return t, false
	}
	if now < t.due {
		if !wait || !s.sleepUntil(ctx, t.due) {
			return t, false
		}
	}
	s.taken.Add(1)
	return t, true
}

// takeLead makes the caller the leader. If it may not wait and there is one, then
// nothing is due.
func (s *schedule) takeLead(ctx context.Context, wait bool) bool {
	select {
	case s.lead <- struct{}{}:
		return true
	default:
	}
	if !wait {
		return false
	}
	select {
	case s.lead <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// rough is how late a timer of the Go runtime may be on an idle machine: on Linux
// it waits with epoll, which counts in milliseconds.
const rough = 2 * time.Millisecond

// sleepUntil sleeps until due. It returns false if ctx ended before that.
func (s *schedule) sleepUntil(ctx context.Context, due time.Duration) bool {
	if long := due - s.now() - rough; long > 0 {
		timer := time.NewTimer(long)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
	if rest := due - s.now(); rest > 0 {
		s.sleep(rest)
	}
	return ctx.Err() == nil
}

// left returns when those requests were due that nobody has taken, up to the
// time at which the run ended.
func (s *schedule) left(ended time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		if s.interval == 0 {
			return
		}
		for i := s.taken.Load(); i < s.n && s.due(i) < ended; i++ {
			if !yield(s.due(i)) {
				return
			}
		}
	}
}

// pause keeps a closed loop from trying to connect as fast as it can.
func (s *schedule) pause(ctx context.Context) {
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
	}
}
