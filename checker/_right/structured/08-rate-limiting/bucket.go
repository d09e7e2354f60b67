package ratelimit

import (
	"time"
)

// A TokenBucket holds the tokens of one client. Each request takes one; they come
// back evenly, a quota in a window, and never more than a quota is held. So a
// client that was quiet may send a quota at once, and one that never stops gets
// the rate of the policy.
//
// The zero TokenBucket is full. It is a value: a copy goes its own way. It has no
// lock and no clock.
//
// It keeps what is missing, and when that was so. The unit is such that a token is a
// window of them, and a nanosecond brings back a quota of them: nothing is ever
// rounded.
type TokenBucket struct {
	at      time.Time
	missing wide
}

// refill returns what is missing at the time now, and how far now is behind the time
// of the last request.
func (b TokenBucket) refill(now time.Time, p Policy) (_ TokenBucket, behind time.Duration) {
	passed := now.Sub(b.at)
	if b.missing.isZero() || passed < -p.Window {
		// Nothing to keep, or somebody has set the clock: go on from here.
		return TokenBucket{now, b.missing}, 0
	}
	if passed < 0 {
		return b, -passed
	}
	return TokenBucket{now, b.missing.less(product(int64(passed), int64(p.Quota)))}, 0
}

func (p Policy) works() bool { return p.Quota > 0 && p.Window > 0 }

// tokens is how many of them are there.
func (b TokenBucket) tokens(p Policy) int {
	return int(product(int64(p.Quota), int64(p.Window)).less(b.missing).over(int64(p.Window)))
}

// Allow takes a token at the time now, if there is one, and says what is left. The
// first request of a client gets the first token of a full bucket, and a token is
// there exactly when it has come back, to the nanosecond: with a quota of 3 in 1 s
// that is 1/3 s, and after 3 of them 1 s and not 0.999999999 s.
//
// The policy should be the same in all calls. One without a quota or a window
// allows nothing.
//
// Time may stand still and may go back. If it goes back by no more than a window,
// that gives no tokens, and RetryAfter and Reset are so much longer; if further,
// somebody has set a clock, and the client waits for at most two windows. A pause of any length fills the bucket and no more.
func (b *TokenBucket) Allow(now time.Time, p Policy) Result {
	if !p.works() {
		return Result{Limit: p.Quota}
	}
	filled, behind := b.refill(now, p)
	*b = filled
	quota, token := int64(p.Quota), wide{0, uint64(p.Window)}
	r := Result{Limit: p.Quota}
	if r.OK = b.tokens(p) > 0; r.OK {
		b.missing = b.missing.plus(token)
	} else {
		without := product(quota, int64(p.Window)).less(token) // what may be missing for one token
		r.RetryAfter = behind + time.Duration(b.missing.less(without).overUp(quota))
	}
	r.Remaining = b.tokens(p)
	r.Reset = behind + time.Duration(b.missing.overUp(quota))
	return r
}

// Remaining returns how many requests would be allowed at the time now.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	if !p.works() {
		return 0
	}
	filled, _ := b.refill(now, p)
	return filled.tokens(p)
}
