package ratelimit

import (
	"math/bits"
	"time"
)

// A TokenBucket holds the tokens of one client. Each request takes one; they come
// back evenly, a quota in a window, and never more than a quota is held. So a
// client that was quiet may send a quota at once, and one that never stops gets
// the rate of the policy.
//
// The zero TokenBucket is full. It is a value: a copy goes its own way. It has no
// lock and no clock.
type TokenBucket struct {
	full time.Time // when the bucket is full,
	part int       // and a bit later: so many quotas of a nanosecond
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
	res := Result{Limit: p.Quota, Remaining: b.Remaining(now, p)}
	if p.Quota < 1 || p.Window < 1 {
		return res
	}
	missing, part := b.missing(now, p)
	if res.OK = res.Remaining > 0; res.OK {
		res.Remaining--
		missing += p.Window / time.Duration(p.Quota)
		if part += int(p.Window % time.Duration(p.Quota)); part >= p.Quota {
			part -= p.Quota
			missing++
		}
	} else {
		quota := uint64(p.Quota)
		res.RetryAfter = missing - p.Window + time.Duration((uint64(p.Window)+uint64(part)+quota-1)/quota)
	}
	b.full, b.part = now.Add(missing), part
	res.Reset = missing
	if part > 0 {
		res.Reset++
	}
	return res
}

// missing is how long it takes until the bucket is full.
func (b *TokenBucket) missing(now time.Time, p Policy) (missing time.Duration, part int) {
	missing = b.full.Sub(now)
	if missing < 0 {
		return 0, 0
	}
	if missing-p.Window > p.Window { // somebody has set a clock
		return 2 * p.Window, 0
	}
	return missing, b.part
}

// Remaining returns how many requests would be allowed at the time now.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	missing, part := b.missing(now, p)
	if p.Quota < 1 || missing >= p.Window {
		return 0
	}
	hi, lo := bits.Mul64(uint64(p.Window-missing), uint64(p.Quota))
	lo, borrow := bits.Sub64(lo, uint64(part), 0)
	n, _ := bits.Div64(hi-borrow, lo, uint64(p.Window))
	return int(n)
}
