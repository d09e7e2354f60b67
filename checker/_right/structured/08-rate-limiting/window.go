package ratelimit

import (
	"slices"
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
	base  time.Time       // what times count from
	times []time.Duration // of the requests, from the oldest to the last
}

// look returns the window at the time now: base moved if somebody has set the clock,
// and without what is a window old. It also returns now, counted from base, and the
// time at which a request counts, which is not before the last one.
func (s SlidingWindow) look(now time.Time, p Policy) (_ SlidingWindow, at, counts time.Duration) {
	if len(s.times) == 0 {
		return SlidingWindow{now, s.times}, 0, 0
	}
	last := s.times[len(s.times)-1]
	at = now.Sub(s.base)
	if last-at > p.Window {
		s.base, at = now.Add(-last), last
	}
	counts = max(at, last)
	old, _ := slices.BinarySearchFunc(s.times, counts-p.Window, func(t, limit time.Duration) int {
		if t <= limit {
			return -1
		}
		return 1
	})
	s.times = s.times[old:]
	return s, at, counts
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
	if !p.works() {
		return Result{Limit: p.Quota}
	}
	young, at, counts := s.look(now, p)
	*s = young
	r := Result{Limit: p.Quota}
	if r.OK = len(s.times) < p.Quota; r.OK {
		if len(s.times) == 0 {
			s.base, at, counts = now, 0, 0
		}
		s.times = append(s.times, counts)
	} else {
		r.RetryAfter = s.times[len(s.times)-p.Quota] + p.Window - at
	}
	r.Remaining = max(0, p.Quota-len(s.times))
	r.Reset = s.times[len(s.times)-1] + p.Window - at
	return r
}

// Remaining returns how many requests would be allowed at the time now.
func (s *SlidingWindow) Remaining(now time.Time, p Policy) int {
	if !p.works() {
		return 0
	}
	young, _, _ := s.look(now, p)
	return max(0, p.Quota-len(young.times))
}
