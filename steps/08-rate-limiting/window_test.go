package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

func TestTask2_SlidingWindow(t *testing.T) {
	tell(t, window, []story{
		{
			name: "a quota at once, then a window of waiting", policy: per(3, 10*sec),
			why:      "all of them leave the window together",
			requests: []request{yes(0, 1, 2, 10*sec), yes(0, 2, 0, 10*sec), no(0, 1, 10*sec, 10*sec), no(4*sec, 1, 6*sec, 6*sec), yes(10*sec, 3, 0, 10*sec), no(10*sec, 1, 10*sec, 10*sec)},
		},
		{
			name: "each request leaves the window at its own time", policy: per(3, 10*sec),
			why:      "the window slides: it does not begin anew",
			requests: []request{yes(0, 1, 2, 10*sec), yes(2*sec, 1, 1, 10*sec), yes(5*sec, 1, 0, 10*sec), no(6*sec, 1, 4*sec, 9*sec), yes(10*sec, 1, 0, 10*sec), no(11*sec, 1, 1*sec, 9*sec), yes(12*sec, 1, 0, 10*sec)},
		},
		{
			name: "two windows side by side are not two quotas", policy: per(2, 10*sec),
			why:      "a counter that begins anew at 10s lets four requests pass in two seconds; two counters and an average let three",
			requests: []request{yes(9*sec, 2, 0, 10*sec), no(10*sec, 1, 9*sec, 9*sec), no(11*sec, 1, 8*sec, 8*sec), no(18*sec, 1, 1*sec, 1*sec), yes(19*sec, 2, 0, 10*sec)},
		},
		{
			name: "a nanosecond early is too early", policy: per(1, 10*sec),
			why:      "RetryAfter is exact, on both sides",
			requests: []request{yes(0, 1, 0, 10*sec), no(10*sec-1, 1, 1, 1), yes(10*sec, 1, 0, 10*sec)},
		},
		{
			name: "a refused request is not counted", policy: per(2, 10*sec),
			why:      "or a client that does not stop asking is never served again",
			requests: []request{yes(0, 2, 0, 10*sec), no(9*sec, 50, 1*sec, 1*sec), yes(10*sec, 2, 0, 10*sec)},
		},
		{
			name: "a pause empties the window", policy: per(2, 10*sec),
			why:      "what is older than the window counts no more",
			requests: []request{yes(0, 2, 0, 10*sec), yes(time.Hour, 1, 1, 10*sec), yes(time.Hour, 1, 0, 10*sec), no(time.Hour, 1, 10*sec, 10*sec)},
		},
		{
			name: "a quota that needs more memory than the first requests", policy: per(100, 10*sec),
			why: "what holds the times grows in the middle of a window, and none may get lost or change places",
			requests: []request{
				yes(0, 5, 95, 10*sec), yes(1*sec, 7, 88, 10*sec), yes(10*sec, 1, 92, 10*sec), yes(10500*ms, 92, 0, 10*sec),
				no(10600*ms, 1, 400*ms, 9900*ms), yes(11*sec, 7, 0, 10*sec), no(11*sec, 1, 9*sec, 10*sec),
			},
		},
	})
}

func TestTask2_Clock(t *testing.T) { checkClock(t, window) }

func TestTask2_Exactness(t *testing.T) {
	t.Run("the same as with all times for ever", func(t *testing.T) { checkModel(t, window, windowModel) })
	tell(t, window, []story{{
		name: "a request at an earlier time than the last one counts as one at the same time", policy: per(2, 10*sec),
		why:      "time stands still for the window until the clock is as late again; otherwise the times are out of order, and what is in front is not the oldest",
		requests: []request{yes(0, 1, 1, 10*sec), yes(-5*sec, 1, 0, 15*sec), no(-5*sec, 1, 15*sec, 15*sec), no(6*sec, 1, 4*sec, 4*sec), yes(10*sec, 2, 0, 10*sec)},
	}})
	t.Run("the largest quota needs memory for the requests that came", func(t *testing.T) {
		p := per(ratelimit.MaxQuota, time.Hour)
		got := func() (got string) {
			defer func() {
				if v := recover(); v != nil {
					got = fmt.Sprint("a panic: ", v)
				}
			}()
			var s ratelimit.SlidingWindow
			s.Allow(start, p)
			return say(s.Allow(start, p))
		}()
		want := say(ratelimit.Result{OK: true, Limit: p.Quota, Remaining: p.Quota - 2, Reset: time.Hour})
		if got != want {
			testkit.Report{Doing: quota(p), Want: want, Got: got, Why: "what holds the times grows as they come: most clients never come near their quota"}.Error(t)
		}
	})
	t.Run("what remains is what is allowed", func(t *testing.T) { checkRemaining(t, window) })
	t.Run("never more than a quota in any window", func(t *testing.T) {
		p := per(5, 1*sec)
		var s ratelimit.SlidingWindow
		var allowed []time.Duration
		for now := time.Duration(0); now < 20*sec; now += 37 * ms {
			if s.Allow(start.Add(now), p).OK {
				allowed = append(allowed, now)
			}
		}
		if len(allowed) < 95 {
			testkit.Report{Doing: quota(p), Want: "5 requests allowed in each of 20 seconds", Got: fmt.Sprintf("%d", len(allowed)), Why: "a request comes each 37 ms"}.Fatal(t)
		}
		for i := range len(allowed) - p.Quota {
			if d := allowed[i+p.Quota] - allowed[i]; d < p.Window {
				testkit.Report{Want: "5 requests in any second", Got: fmt.Sprintf("6 between %v and %v", allowed[i], allowed[i+p.Quota]), Why: quota(p)}.Fatal(t)
			}
		}
	})
}
