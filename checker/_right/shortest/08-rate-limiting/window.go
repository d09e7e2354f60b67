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
	base  time.Time
	times []time.Duration // of requests, since base
	first int             // of those in the window
}

// advance forgets what is a window old, and returns the time since base.
func (s *SlidingWindow) advance(now time.Time, p Policy) time.Duration {
	if len(s.times) == 0 {
		s.base = now
		return 0
	}
	clock, last := now.Sub(s.base), s.times[len(s.times)-1]
	if last-clock > p.Window { // somebody has set a clock
		clock = last - p.Window
		s.base = now.Add(-clock)
	}
	for s.first < len(s.times) && max(clock, last)-s.times[s.first] >= p.Window {
		s.first++
	}
	return clock
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
	res := Result{Limit: p.Quota}
	if p.Quota < 1 || p.Window < 1 {
		return res
	}
	clock := s.advance(now, p)
	if res.OK = len(s.times)-s.first < p.Quota; res.OK {
		if s.first > len(s.times)/2 {
			s.times, s.first = slices.Delete(s.times, 0, s.first), 0
		}
		last := clock
		if len(s.times) > 0 {
			last = max(last, s.times[len(s.times)-1])
		}
		s.times = append(s.times, last)
	} else {
		res.RetryAfter = p.Window - (clock - s.times[len(s.times)-p.Quota])
	}
	res.Remaining = max(p.Quota-(len(s.times)-s.first), 0)
	res.Reset = p.Window - (clock - s.times[len(s.times)-1])
	return res
}

// Remaining returns how many requests would be allowed at the time now.
func (s *SlidingWindow) Remaining(now time.Time, p Policy) int {
	if p.Window < 1 {
		return 0
	}
	c := *s
	c.advance(now, p)
	return max(p.Quota-(len(c.times)-c.first), 0)
}
