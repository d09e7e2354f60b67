package ratelimit_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

// start is when the stories begin.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A limit is a TokenBucket or a SlidingWindow.
type limit interface {
	Allow(now time.Time, p ratelimit.Policy) ratelimit.Result
	Remaining(now time.Time, p ratelimit.Policy) int
}

func bucket() limit { return new(ratelimit.TokenBucket) }
func window() limit { return new(ratelimit.SlidingWindow) }

// A request is one line of a story: when it comes, how often, and what is said.
type request struct {
	at    time.Duration
	times int // 0 is 1; what is said is what is said of the last one, and all are alike in OK
	ratelimit.Result
}

// yes and no are requests that are allowed and refused.
func yes(at time.Duration, times, remaining int, reset time.Duration) request {
	return request{at, times, ratelimit.Result{OK: true, Remaining: remaining, Reset: reset}}
}

func no(at time.Duration, times int, retryAfter, reset time.Duration) request {
	return request{at, times, ratelimit.Result{RetryAfter: retryAfter, Reset: reset}}
}

// A story is a time line of one client.
type story struct {
	name, why string
	policy    ratelimit.Policy
	requests  []request
}

func per(quota int, window time.Duration) ratelimit.Policy {
	return ratelimit.Policy{Quota: quota, Window: window}
}

func tell(t *testing.T, fresh func() limit, stories []story) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			l := fresh()
			var told strings.Builder
			for _, r := range s.requests {
				for i := range max(r.times, 1) {
					got := l.Allow(start.Add(r.at), s.policy)
					want := r.Result
					want.Limit = s.policy.Quota
					if i < r.times-1 {
						// Of all but the last one, only OK is compared.
						want = got
						want.OK = r.OK
					}
					if got != want {
						testkit.Report{
							Doing: fmt.Sprintf("%s; %sat %v comes %s", quota(s.policy), told.String(), r.at, nth(i+1, max(r.times, 1))),
							Want:  say(want),
							Got:   say(got),
							Why:   s.why,
						}.Fatal(t)
					}
				}
				answer := "refused"
				if r.OK {
					answer = "allowed"
				}
				fmt.Fprintf(&told, "at %v %s %s; ", r.at, requests(max(r.times, 1)), answer)
			}
		})
	}
}

// requests says how many there were, and nth which of them it is.
func requests(n int) string {
	if n == 1 {
		return "a request was"
	}
	return fmt.Sprintf("%d requests were", n)
}

func nth(i, n int) string {
	if n == 1 {
		return "this request"
	}
	return fmt.Sprintf("number %d of %d requests", i, n)
}

func quota(p ratelimit.Policy) string { return fmt.Sprintf("the quota is %d in %v", p.Quota, p.Window) }

func say(r ratelimit.Result) string {
	if r.OK {
		return fmt.Sprintf("allowed, %d of %d remain, all are there in %v%s", r.Remaining, r.Limit, r.Reset, unless(r.RetryAfter == 0, ", RetryAfter "+r.RetryAfter.String()))
	}
	return fmt.Sprintf("refused, retry after %v, all are there in %v%s", r.RetryAfter, r.Reset, unless(r.Remaining == 0, fmt.Sprintf(", Remaining %d", r.Remaining)))
}

func unless(normal bool, s string) string {
	if normal {
		return ""
	}
	return s
}

// checkClock has the stories about clocks that both kinds of limit tell alike.
func checkClock(t *testing.T, fresh func() limit) {
	p := per(3, 3*time.Second)
	use := func(t *testing.T, l limit, at time.Time) {
		t.Helper()
		for i := range 3 {
			if r := l.Allow(at, p); !r.OK {
				testkit.Report{Want: "three requests allowed", Got: fmt.Sprintf("request %d: %s", i+1, say(r)), Why: quota(p)}.Fatal(t)
			}
		}
	}
	count := func(l limit, from time.Time, n int, step time.Duration) int {
		allowed := 0
		for i := range n {
			if l.Allow(from.Add(time.Duration(i)*step), p).OK {
				allowed++
			}
		}
		return allowed
	}
	t.Run("a pause of ten thousand years gives a quota and no more", func(t *testing.T) {
		l := fresh()
		use(t, l, start)
		if got := count(l, start.AddDate(10000, 0, 0), 10, 0); got != 3 {
			testkit.Report{Doing: quota(p), Want: "3 of 10 requests allowed", Got: fmt.Sprint(got), Why: "a Duration holds 292 years, and what does not fit must not wrap around"}.Error(t)
		}
	})
	t.Run("a clock that trembles gives nothing away", func(t *testing.T) {
		l := fresh()
		use(t, l, start)
		got := 0
		for i := range 100 {
			if l.Allow(start.Add(-time.Duration(i%7)*300*time.Millisecond), p).OK {
				got++
			}
		}
		if got != 0 || !l.Allow(start.Add(3*time.Second), p).OK {
			testkit.Report{Doing: quota(p), Want: "none of 100 requests between -1.8s and 0s allowed, and one at 3s", Got: fmt.Sprintf("%d allowed", got), Why: "two processors read the clock in one order and come to the lock in the other"}.Error(t)
		}
	})
	tell(t, fresh, []story{{
		name: "a clock that goes back by half a window makes the wait longer", policy: per(1, 10*time.Second),
		why: "the client waits by a clock that goes on from here: 10s from now the request is 5s old, and it would be refused again",
		requests: []request{
			yes(0, 1, 0, 10*time.Second), no(-5*time.Second, 1, 15*time.Second, 15*time.Second),
			no(10*time.Second-1, 1, 1, 1), yes(10*time.Second, 1, 0, 10*time.Second),
		},
	}})
	for _, back := range []time.Duration{4 * time.Second, 7 * time.Second, time.Hour, 200 * 365 * 24 * time.Hour} {
		t.Run(fmt.Sprintf("a clock that is set back by %v locks nobody out", back), func(t *testing.T) {
			l := fresh()
			use(t, l, start)
			now := start.Add(-back)
			// Two windows after the clock was set there must be an allowed one.
			if count(l, now, 61, 100*time.Millisecond) == 0 {
				testkit.Report{Doing: quota(p), Want: "a request allowed within two windows", Got: "none", Why: "a clock that was wrong and is set right must not refuse clients until it is as late again"}.Error(t)
			}
		})
	}
	t.Run("a policy without a quota or a window allows nothing", func(t *testing.T) {
		l := fresh()
		use(t, l, start)
		for _, bad := range []ratelimit.Policy{per(0, time.Second), per(-1, time.Second), per(1, 0), per(1, -time.Second)} {
			if fresh().Allow(start, bad).OK || fresh().Remaining(start, bad) != 0 {
				testkit.Report{Want: "refused, and none remaining", Got: "allowed, or some remaining", Why: quota(bad)}.Error(t)
			}
		}
	})
	t.Run("the largest numbers do not overflow", func(t *testing.T) {
		for _, big := range []ratelimit.Policy{per(1, 1<<63-1), per(2, 1<<63-1)} {
			l := fresh()
			for range big.Quota {
				l.Allow(start, big)
			}
			r := l.Allow(start, big)
			if r.OK || r.RetryAfter <= 0 || r.Reset != big.Window || l.Allow(start.Add(r.RetryAfter-1), big).OK || !l.Allow(start.Add(r.RetryAfter), big).OK {
				testkit.Report{Doing: quota(big), Want: "refused until RetryAfter, then allowed", Got: say(r), Why: "sums of times that are near the largest Duration wrap around"}.Error(t)
			}
		}
	})
}

// checkRemaining asks for what remains again and again: that takes nothing, and is
// what Allow goes by.
func checkRemaining(t *testing.T, fresh func() limit) {
	rng := rand.New(rand.NewPCG(8, 1))
	for range 200 {
		p := per(1+rng.IntN(5), time.Duration(1+rng.IntN(50)))
		l, now := fresh(), start
		if got := l.Remaining(now, p); got != p.Quota {
			testkit.Report{Doing: quota(p), Want: fmt.Sprintf("%d remaining", p.Quota), Got: fmt.Sprint(got), Why: "nothing has been used yet"}.Fatal(t)
		}
		for range 50 {
			now = now.Add(time.Duration(rng.IntN(20)))
			before, again := l.Remaining(now, p), l.Remaining(now, p)
			r := l.Allow(now, p)
			if after := l.Remaining(now, p); before != again || r.OK != (before > 0) || after != r.Remaining || r.OK && after != before-1 {
				testkit.Report{
					Doing: quota(p) + "; Remaining is called twice, then Allow, then Remaining",
					Want:  "the same number when asked twice; allowed if it is above 0; then one less",
					Got:   fmt.Sprintf("%d and %d, %s, then %d", before, again, say(r), after),
					Why:   "Remaining looks and takes nothing",
				}.Fatal(t)
			}
		}
	}
}

// A model is a limit as one would write it with numbers of any size and any amount
// of memory.
type model func(now time.Duration, p ratelimit.Policy) ratelimit.Result

// bucketModel counts tokens as fractions.
func bucketModel() model {
	var tokens *big.Rat
	var last time.Duration
	return func(now time.Duration, p ratelimit.Policy) ratelimit.Result {
		full, rate := big.NewRat(int64(p.Quota), 1), big.NewRat(int64(p.Quota), int64(p.Window))
		if tokens == nil {
			tokens = new(big.Rat).Set(full)
		}
		tokens.Add(tokens, new(big.Rat).Mul(rate, big.NewRat(int64(now-last), 1)))
		if last = now; tokens.Cmp(full) > 0 {
			tokens.Set(full)
		}
		until := func(n *big.Rat) time.Duration { // until there are n tokens, rounded up
			d := new(big.Rat).Sub(n, tokens)
			d.Quo(d, rate)
			q, m := new(big.Int).DivMod(d.Num(), d.Denom(), new(big.Int))
			if m.Sign() > 0 {
				q.Add(q, big.NewInt(1))
			}
			return time.Duration(q.Int64())
		}
		one := big.NewRat(1, 1)
		if tokens.Cmp(one) < 0 {
			return ratelimit.Result{Limit: p.Quota, RetryAfter: until(one), Reset: until(full)}
		}
		tokens.Sub(tokens, one)
		whole := new(big.Int).Quo(tokens.Num(), tokens.Denom())
		return ratelimit.Result{OK: true, Limit: p.Quota, Remaining: int(whole.Int64()), Reset: until(full)}
	}
}

// windowModel keeps all times for ever.
func windowModel() model {
	var allowed []time.Duration
	return func(now time.Duration, p ratelimit.Policy) ratelimit.Result {
		var in []time.Duration
		for _, t := range allowed {
			if now-t < p.Window {
				in = append(in, t)
			}
		}
		if len(in) >= p.Quota {
			return ratelimit.Result{Limit: p.Quota, RetryAfter: in[0] + p.Window - now, Reset: in[len(in)-1] + p.Window - now}
		}
		allowed = append(allowed, now)
		return ratelimit.Result{OK: true, Limit: p.Quota, Remaining: p.Quota - len(in) - 1, Reset: p.Window}
	}
}

// checkModel compares a limit with its model at times that are drawn, many of them
// at a border: exactly when the client was told to come back, and just before.
func checkModel(t *testing.T, fresh func() limit, slow func() model) {
	rng := rand.New(rand.NewPCG(8, 2))
	for range 300 {
		p := per(1+rng.IntN(12), time.Duration(1+rng.IntN(40)))
		if rng.IntN(3) == 0 {
			p = per(1+rng.IntN(100), time.Duration(1+rng.Int64N(int64(time.Hour))))
		}
		l, m := fresh(), slow()
		var now time.Duration
		var last ratelimit.Result
		for range 200 {
			switch rng.IntN(6) {
			case 0:
				now += time.Duration(rng.Int64N(int64(2*p.Window) + 1))
			case 1:
				now += last.Reset
			case 2:
				now += last.RetryAfter
			case 3:
				now += max(last.RetryAfter-1, 0)
			}
			got, want := l.Allow(start.Add(now), p), m(now, p)
			if got != want {
				testkit.Report{
					Doing: quota(p) + "; requests come at many times, chosen by chance (always the same), also while the quota is used up",
					Want:  fmt.Sprintf("at %v: %s", now, say(want)),
					Got:   fmt.Sprintf("at %v: %s", now, say(got)),
					Why:   "the test compares with a slow version that never rounds and never forgets: an error that is too small to be seen once adds up",
				}.Fatal(t)
			}
			last = got
		}
	}
}
