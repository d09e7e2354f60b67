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
	// The times are nanoseconds since base, in a ring, the oldest at head.
	//
	//starter:omit
	base time.Time
	//starter:omit
	times []int64
	//starter:omit
	head, count int
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
//
//starter:todo 8.2 Forget what is a window old, then count.
func (s *SlidingWindow) Allow(now time.Time, p Policy) Result {
	if p.Quota < 1 || p.Window <= 0 {
		return Result{}
	}
	t, clock := s.advance(now, p.Window)
	if s.count >= p.Quota {
		// The one whose end makes room is the oldest, unless the quota has
		// become smaller.
		next := s.at(s.count - p.Quota)
		return Result{Limit: p.Quota, RetryAfter: until(next, clock, p.Window), Reset: until(s.at(s.count-1), clock, p.Window)}
	}
	s.push(t, p.Quota)
	return Result{OK: true, Limit: p.Quota, Remaining: p.Quota - s.count, Reset: until(t, clock, p.Window)}
}

// Remaining returns how many requests would be allowed at the time now.
//
//starter:todo 8.2 What Allow asks before it counts.
func (s *SlidingWindow) Remaining(now time.Time, p Policy) int {
	if p.Quota < 1 || p.Window <= 0 {
		return 0
	}
	s.advance(now, p.Window)
	return max(p.Quota-s.count, 0)
}

// forget forgets all requests and keeps the memory.
//
//starter:omit
func (s *SlidingWindow) forget() { s.head, s.count = 0, 0 }

// advance forgets the requests that are no longer in the window. It returns now as
// the clock has it, and as a time of the ring, which is never before the last one
// that is there.
//
//starter:omit
func (s *SlidingWindow) advance(now time.Time, window time.Duration) (t, clock int64) {
	if s.count == 0 {
		s.base = now
		return 0, 0
	}
	newest := s.at(s.count - 1)
	clock = int64(now.Sub(s.base)) // a pause that does not fit is cut, and long enough
	// The clock may be far below zero, where newest-clock overflows; newest is not.
	if clock < newest-int64(window) {
		s.base, clock = now.Add(-time.Duration(newest)), newest // it was set: go with it
	}
	t = max(clock, newest)
	for s.count > 0 && t-s.at(0) >= int64(window) {
		s.head = (s.head + 1) % len(s.times)
		s.count--
	}
	if s.count == 0 {
		s.base, t, clock = now, 0, 0 // so that the numbers stay small
	}
	return t, clock
}

// at returns the time of a request, counted from the oldest.
//
//starter:omit
func (s *SlidingWindow) at(i int) int64 { return s.times[(s.head+i)%len(s.times)] }

// push puts t behind the others. The ring grows with what is in it: most clients
// never come near their quota.
//
//starter:omit
func (s *SlidingWindow) push(t int64, quota int) {
	if s.count == len(s.times) {
		grown := make([]int64, min(max(2*s.count, 8), quota))
		for i := range s.count {
			grown[i] = s.at(i)
		}
		s.times, s.head = grown, 0
	}
	s.times[(s.head+s.count)%len(s.times)] = t
	s.count++
}

// until returns how long after t the request at then is a window old. If t is
// before it, that is more than a window.
//
//starter:omit
func until(then, t int64, window time.Duration) time.Duration {
	left := window - time.Duration(t-then)
	if left < 0 {
		return math.MaxInt64 // more than a window of nearly 292 years
	}
	return left
}
