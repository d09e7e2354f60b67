package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

func TestTask1_TokenBucket(t *testing.T) {
	tell(t, bucket, []story{
		{
			name: "a full bucket lets a quota through at once", policy: per(3, 3*sec),
			why:      "a client that was quiet may have a burst",
			requests: []request{yes(0, 1, 2, 1*sec), yes(0, 1, 1, 2*sec), yes(0, 1, 0, 3*sec), no(0, 1, 1*sec, 3*sec)},
		},
		{
			name: "tokens come back one by one", policy: per(3, 3*sec),
			why:      "each token takes a third of the window; nobody waits for all of it",
			requests: []request{yes(0, 3, 0, 3*sec), yes(1*sec, 1, 0, 3*sec), no(1*sec, 1, 1*sec, 3*sec), yes(3*sec, 2, 0, 3*sec), no(3*sec, 1, 1*sec, 3*sec)},
		},
		{
			name: "a nanosecond early is too early", policy: per(3, 3*sec),
			why:      "RetryAfter is exact, on both sides",
			requests: []request{yes(0, 3, 0, 3*sec), no(1*sec-1, 1, 1, 2*sec+1), yes(1*sec, 1, 0, 3*sec)},
		},
		{
			name: "half a token is none", policy: per(3, 3*sec),
			why:      "there is no half of a request",
			requests: []request{yes(0, 3, 0, 3*sec), no(500*ms, 1, 500*ms, 2500*ms), yes(1500*ms, 1, 0, 2500*ms)},
		},
		{
			name: "a refused request takes nothing", policy: per(2, 2*sec),
			why:      "or a client that does not stop asking is never served again",
			requests: []request{yes(0, 2, 0, 2*sec), no(500*ms, 50, 500*ms, 1500*ms), yes(1*sec, 1, 0, 2*sec)},
		},
		{
			name: "a pause fills the bucket and no more", policy: per(3, 3*sec),
			why:      "the bucket holds a quota; what comes back to a full one is lost",
			requests: []request{yes(0, 1, 2, 1*sec), yes(time.Hour, 3, 0, 3*sec), no(time.Hour, 1, 1*sec, 3*sec)},
		},
		{
			name: "thirds of a second are not rounded away", policy: per(3, 1*sec),
			why: "a token takes 333333333⅓ ns; three of them take 1 s",
			requests: []request{
				yes(0, 3, 0, 1*sec), no(333333333, 1, 1, 666666667), yes(333333334, 1, 0, 1*sec),
				no(666666666, 1, 1, 666666668), yes(666666667, 1, 0, 1*sec), no(999999999, 1, 1, 666666668), yes(1*sec, 1, 0, 1*sec),
			},
		},
		{
			name: "more tokens than nanoseconds", policy: per(10, 3),
			why:      "a token that takes less than a nanosecond still takes something",
			requests: []request{yes(0, 10, 0, 3), no(0, 1, 1, 3), yes(1, 3, 0, 3), no(1, 1, 1, 3), yes(2, 3, 0, 3), no(2, 1, 1, 3), yes(3, 4, 0, 3), no(3, 1, 1, 3)},
		},
		{
			name: "a rate with a burst", policy: per(50, 5*sec),
			why:      "10 requests a second with bursts of 50: the quota is the burst, and the window how long it takes to come back",
			requests: []request{yes(0, 50, 0, 5*sec), no(0, 1, 100*ms, 5*sec), yes(100*ms, 1, 0, 5*sec), yes(1100*ms, 10, 0, 5*sec), no(1100*ms, 1, 100*ms, 5*sec)},
		},
	})
}

func TestTask1_Clock(t *testing.T) { checkClock(t, bucket) }

func TestTask1_Arithmetic(t *testing.T) {
	t.Run("the same as with fractions of any size", func(t *testing.T) { checkModel(t, bucket, bucketModel) })
	t.Run("what remains is what is allowed", func(t *testing.T) { checkRemaining(t, bucket) })
	t.Run("a client that comes when it is told gets the rate, to the nanosecond", func(t *testing.T) {
		p := per(7, 1*sec)
		var b ratelimit.TokenBucket
		now := start
		for n := 1; n <= 10_000; n++ {
			r := b.Allow(now, p)
			for !r.OK && r.RetryAfter > 0 {
				now = now.Add(r.RetryAfter)
				r = b.Allow(now, p)
			}
			// The tokens of the full bucket come first, then one each 1/7 s.
			want := time.Duration(max(n-p.Quota, 0)) * sec
			want = (want + 6) / 7
			if got := now.Sub(start); !r.OK || got != want {
				testkit.Report{Doing: quota(p), Want: fmt.Sprintf("request %d allowed at %v", n, want), Got: fmt.Sprintf("at %v: %s", got, say(r)), Why: "an error of a nanosecond in each token adds up"}.Fatal(t)
			}
		}
	})
	t.Run("the largest quota in a long window", func(t *testing.T) {
		p := per(ratelimit.MaxQuota, 100*365*24*time.Hour)
		var b ratelimit.TokenBucket
		first, second := b.Allow(start, p), b.Allow(start, p)
		if !first.OK || first.Remaining != ratelimit.MaxQuota-1 || second.Remaining != ratelimit.MaxQuota-2 {
			testkit.Report{Doing: quota(p), Want: fmt.Sprintf("%d, then %d remain", ratelimit.MaxQuota-1, ratelimit.MaxQuota-2), Got: say(first) + "; " + say(second), Why: "quota times window needs more than 64 bits (math/bits has Mul64 and Div64)"}.Error(t)
		}
	})
	t.Run("a copy goes its own way", func(t *testing.T) {
		p := per(2, 2*sec)
		var a ratelimit.TokenBucket
		a.Allow(start, p)
		b := a
		if got := a.Allow(start, p); !got.OK || !b.Allow(start, p).OK || b.Allow(start, p).OK {
			testkit.Report{Want: "one token left in each of two copies", Got: say(got), Why: "a TokenBucket is a value"}.Error(t)
		}
	})
}
