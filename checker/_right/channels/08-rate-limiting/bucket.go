package ratelimit

import (
	"math"
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
	// The bucket is full at this time, and part/quota of a nanosecond later. Never
	// is anything rounded.
	full time.Time
	part uint64
	used bool
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
	r := Result{Limit: p.Quota}
	if p.Quota <= 0 || p.Window <= 0 {
		return r
	}
	quota, window := uint64(p.Quota), uint64(p.Window)
	missing, part := b.missing(now, p)
	r.Remaining = remaining(missing, part, p)
	if r.OK = r.Remaining > 0; r.OK {
		r.Remaining--
		missing += time.Duration(window / quota)
		if part += window % quota; part >= quota {
			part -= quota
			missing++
		}
	} else {
		// Until missing is a window less a token, rounded up.
		r.RetryAfter = saturated(missing-p.Window, ceil(part+window, quota))
	}
	r.Reset = saturated(missing, ceil(part, quota))
	// After a refusal too: the clock may have been set.
	b.full, b.part, b.used = now.Add(missing), part, true
	return r
}

// Remaining returns how many requests would be allowed at the time now.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	if p.Quota <= 0 || p.Window <= 0 {
		return 0
	}
	missing, part := b.missing(now, p)
	return remaining(missing, part, p)
}

// missing returns how long it takes until the bucket is full: so many nanoseconds,
// and part/quota of one. That is more than a window if the clock has gone back.
func (b *TokenBucket) missing(now time.Time, p Policy) (missing time.Duration, part uint64) {
	if !b.used {
		return 0, 0
	}
	missing = b.full.Sub(now)
	switch most := saturated(p.Window, uint64(p.Window)); {
	case missing < 0:
		return 0, 0
	case missing > most:
		return most, 0
	}
	return missing, b.part
}

// remaining returns the tokens of a bucket with so much missing, rounded down.
func remaining(missing time.Duration, part uint64, p Policy) int {
	if missing > p.Window || missing == p.Window && part > 0 {
		return 0
	}
	quota, window := uint64(p.Quota), uint64(p.Window)
	hi, lo := bits.Mul64(uint64(missing), quota)
	lo, carry := bits.Add64(lo, part, 0)
	spent, rest := bits.Div64(hi+carry, lo, window)
	if rest > 0 {
		spent++
	}
	return int(quota - spent)
}

// ceil returns a/b, rounded up.
func ceil(a, b uint64) uint64 {
	if a%b > 0 {
		return a/b + 1
	}
	return a / b
}

// saturated returns a+b, or the longest Duration.
func saturated(a time.Duration, b uint64) time.Duration {
	if a > 0 && b > uint64(math.MaxInt64-a) {
		return math.MaxInt64
	}
	return a + time.Duration(b)
}
