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
	// What is kept is not how many tokens there are but when the bucket would
	// be full: a time that stands still while nothing happens. That is the
	// "theoretical arrival time" of the generic cell rate algorithm (GCRA).
	//
	//starter:omit
	full time.Time
	// A token takes window/quota, which need not be whole nanoseconds. The rest
	// is kept in quotas of a nanosecond, so that nothing is ever rounded away.
	//
	//starter:omit
	part uint64
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
//
//starter:todo 8.1 How long would it take until the bucket is full?
func (b *TokenBucket) Allow(now time.Time, p Policy) Result {
	if p.Quota < 1 || p.Window <= 0 {
		return Result{}
	}
	quota := uint64(p.Quota)
	each, rest := p.Window/time.Duration(quota), uint64(p.Window)%quota // one token
	missing, part := b.missing(now, p)
	left := available(missing, part, p)
	if left == 0 {
		// Until so much is missing that one token more fits in. Subtracting
		// first keeps the longest of windows from overflowing.
		wait := missing - (p.Window - each) + time.Duration((part+rest+quota-1)/quota)
		return Result{Limit: p.Quota, RetryAfter: wait, Reset: roundUp(missing, part)}
	}
	missing, part = missing+each, part+rest
	if part >= quota {
		missing, part = missing+1, part-quota
	}
	b.full, b.part = now.Add(missing), part
	return Result{OK: true, Limit: p.Quota, Remaining: left - 1, Reset: roundUp(missing, part)}
}

// Remaining returns how many requests would be allowed at the time now.
//
//starter:todo 8.1 What Allow asks before it takes.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	if p.Quota < 1 || p.Window <= 0 {
		return 0
	}
	missing, part := b.missing(now, p)
	return available(missing, part, p)
}

// missing returns how long it takes until the bucket is full, in nanoseconds and
// parts of one. It is at most a window unless time has gone back.
//
//starter:omit
func (b *TokenBucket) missing(now time.Time, p Policy) (time.Duration, uint64) {
	// Sub goes by the monotonic clock if both times have its reading, and
	// stops at the largest Duration: a pause of a thousand years is long.
	missing := b.full.Sub(now)
	switch {
	case missing < 0:
		return 0, 0
	case missing-p.Window > p.Window:
		// The clock was set back: the bucket is empty, and no worse than that.
		b.full, b.part = now.Add(p.Window), 0
		return p.Window, 0
	}
	return missing, min(b.part, uint64(p.Quota)-1) // the policy may have changed
}

// available returns how many whole tokens there are: (window - missing) divided by
// window/quota. The product may need more than 64 bits, the quotient never does.
//
//starter:omit
func available(missing time.Duration, part uint64, p Policy) int {
	if missing >= p.Window {
		return 0
	}
	hi, lo := bits.Mul64(uint64(p.Window-missing), uint64(p.Quota))
	lo, borrow := bits.Sub64(lo, part, 0)
	n, _ := bits.Div64(hi-borrow, lo, uint64(p.Window))
	return int(n)
}

//starter:omit
func roundUp(d time.Duration, part uint64) time.Duration {
	if part > 0 {
		return d + 1
	}
	return d
}
