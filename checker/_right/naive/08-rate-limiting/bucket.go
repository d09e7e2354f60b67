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
	full time.Time     // when it is full
	part time.Duration // and so many parts of a quota of a nanosecond later
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
		return Result{Limit: max(0, p.Quota)}
	}
	gap := b.missing(now, p)
	r := Result{Limit: p.Quota}

	// A token takes Window/Quota: so many nanoseconds, and a rest.
	quota := time.Duration(p.Quota)
	rest := gap.part + p.Window%quota
	token := p.Window/quota + rest/quota
	rest %= quota
	r.RetryAfter = gap.whole - p.Window + token
	if rest > 0 {
		r.RetryAfter++
	}
	if r.RetryAfter <= 0 {
		r.OK = true
		r.RetryAfter = 0
		gap = gapTime{whole: gap.whole + token, part: rest}
	}
	b.full, b.part = now.Add(gap.whole), gap.part

	r.Remaining = gap.tokens(p)
	r.Reset = gap.whole
	if gap.part > 0 {
		r.Reset++
	}
	return r
}

// A gapTime is how long it takes until a bucket is full: whole nanoseconds, and part of
// the quota of another one.
type gapTime struct{ whole, part time.Duration }

// missing returns how long it takes until b is full.
func (b *TokenBucket) missing(now time.Time, p Policy) gapTime {
	gap := gapTime{b.full.Sub(now), b.part}
	if b.full.IsZero() || gap.whole < 0 {
		return gapTime{}
	}
	most := p.Window
	if most < math.MaxInt64/2 {
		most *= 2
	}
	if gap.whole >= most { // somebody has set the clock
		return gapTime{whole: most}
	}
	return gap
}

// tokens returns how many tokens are there while so much time is missing.
func (g gapTime) tokens(p Policy) int {
	if g.whole >= p.Window {
		return 0
	}
	// ((Window - whole) * Quota - part) / Window, which needs 128 bits.
	high, low := bits.Mul64(uint64(p.Window-g.whole), uint64(p.Quota))
	low, borrow := bits.Sub64(low, uint64(g.part), 0)
	tokens, _ := bits.Div64(high-borrow, low, uint64(p.Window))
	return int(tokens)
}

// Remaining returns how many requests would be allowed at the time now.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	if !p.works() {
		return 0
	}
	return b.missing(now, p).tokens(p)
}
