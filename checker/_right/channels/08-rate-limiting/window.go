package ratelimit

import (
	"math"
	"time"
)

// A SlidingWindow remembers when the requests of one client were, and allows at
// most a quota of them in any window of time, wherever it begins. A token bucket
// does not promise that: a full bucket and what comes back meanwhile are up to two
// quotas in one window.
//
// The price is memory: 8 bytes for each request of the quota, where others keep
// two counters, this window's and the last one's, and suppose that the last one's
// were spread evenly. If they were not, that lets nearly two quotas pass.
//
// The zero SlidingWindow is empty. It has no lock and no clock, and a copy of one
// that is not empty shares its memory: do not use both.
type SlidingWindow struct {
	base  time.Time       // set whenever there are no times
	times []time.Duration // a ring, since base, in order
	head  int             // the oldest
	n     int             // how many there are
}

// Allow counts a request at the time now if there are fewer than a quota in the
// window that ends with it, and says what is left. A request that is exactly one
// window old is out of it. One that is refused is not counted, so that a client
// which does not stop asking is still served at the rate of the policy.
//
// The policy should be the same in all calls. One without a quota or a window
// allows nothing.
//
// Time may stand still and may go back. If it goes back by no more than a window,
// a request that is allowed counts as one at the time of the last one, while
// RetryAfter and Reset are counted from now, as the client will count them; if
// further, somebody has set a clock, and the client waits for at most two windows.
func (s *SlidingWindow) Allow(now time.Time, p Policy) Result {
	r := Result{Limit: p.Quota}
	if p.Quota <= 0 || p.Window <= 0 {
		return r
	}
	if s.n == 0 {
		s.base = now
	}
	clock, shift := s.clock(now, p)
	s.base = s.base.Add(-shift)
	at := clock // where it goes into the ring
	if s.n > 0 {
		at = max(at, s.newest())
	}
	out := s.out(at, p)
	if s.n -= out; s.n == 0 {
		s.base, s.head, clock, at = now, 0, 0, 0
	} else {
		s.head = (s.head + out) % len(s.times)
	}
	if s.n < p.Quota {
		s.push(at)
		r.OK, r.Remaining = true, p.Quota-s.n
	} else {
		r.RetryAfter = until(s.times[s.head], clock, p)
	}
	r.Reset = until(s.newest(), clock, p)
	return r
}

// Remaining returns how many requests would be allowed at the time now.
func (s *SlidingWindow) Remaining(now time.Time, p Policy) int {
	if p.Quota <= 0 || p.Window <= 0 {
		return 0
	}
	if s.n == 0 {
		return p.Quota
	}
	clock, _ := s.clock(now, p)
	return max(0, p.Quota-s.n+s.out(max(clock, s.newest()), p))
}

// clock returns the time since base. If that is more than a window before the newest
// request, somebody has set the clock, and base has to be shift earlier.
func (s *SlidingWindow) clock(now time.Time, p Policy) (clock, shift time.Duration) {
	clock = now.Sub(s.base)
	if s.n > 0 {
		// What is lost here by saturation is no time that anybody waits for.
		if earliest := s.newest() - p.Window; clock < earliest {
			if clock < 0 && earliest > math.MaxInt64+clock {
				shift = math.MaxInt64
			} else {
				shift = earliest - clock
			}
			clock = earliest
		}
	}
	return clock, shift
}

// out returns how many requests are not in the window that ends at a time, which is
// not before the newest of them.
func (s *SlidingWindow) out(at time.Duration, p Policy) int {
	n := 0
	for n < s.n && at-s.times[(s.head+n)%len(s.times)] >= p.Window {
		n++
	}
	return n
}

// until returns how long it takes until a request is out of the window.
func until(t, clock time.Duration, p Policy) time.Duration {
	if t < clock {
		return p.Window - (clock - t)
	}
	return saturated(p.Window, uint64(t-clock))
}

func (s *SlidingWindow) newest() time.Duration {
	return s.times[(s.head+s.n-1)%len(s.times)]
}

// push adds a time behind the others.
func (s *SlidingWindow) push(t time.Duration) {
	if s.n == len(s.times) {
		more := make([]time.Duration, max(4, 2*s.n))
		copy(more[copy(more, s.times[s.head:]):], s.times[:s.head])
		s.times, s.head = more, 0
	}
	s.times[(s.head+s.n)%len(s.times)] = t
	s.n++
}
