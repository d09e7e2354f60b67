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
	times []time.Time // of the requests that were allowed, in order
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
		return Result{Limit: max(0, p.Quota)}
	}
	at, times := s.inWindow(now, p)
	r := Result{Limit: p.Quota, OK: len(times) < p.Quota}
	if r.OK {
		times = append(times, at)
	} else {
		oldest := times[len(times)-p.Quota]
		r.RetryAfter = oldest.Add(p.Window).Sub(now)
	}
	s.times = times
	r.Remaining = max(0, p.Quota-len(times))
	r.Reset = times[len(times)-1].Add(p.Window).Sub(now)
	return r
}

// inWindow returns the time that a request counts for, and those of the requests in
// the window that ends with it.
func (s *SlidingWindow) inWindow(now time.Time, p Policy) (at time.Time, times []time.Time) {
	if len(s.times) == 0 {
		return now, s.times
	}
	times = s.times
	latest := now.Add(p.Window)
	if times[len(times)-1].After(latest) { // somebody has set the clock
		times = slices.Clone(times)
		for i, t := range times {
			if t.After(latest) {
				times[i] = latest
			}
		}
	}
	at = now
	if last := times[len(times)-1]; last.After(now) {
		at = last
	}
	for len(times) > 0 && at.Sub(times[0]) >= p.Window {
		times = times[1:]
	}
	return at, times
}

// Remaining returns how many requests would be allowed at the time now.
func (s *SlidingWindow) Remaining(now time.Time, p Policy) int {
	if !p.works() {
		return 0
	}
	_, times := s.inWindow(now, p)
	return max(0, p.Quota-len(times))
}
