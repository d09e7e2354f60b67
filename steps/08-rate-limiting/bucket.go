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
type TokenBucket struct {
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
	// TODO 8.1: How long would it take until the bucket is full?
	return Result{}
}

// Remaining returns how many requests would be allowed at the time now.
func (b *TokenBucket) Remaining(now time.Time, p Policy) int {
	// TODO 8.1: What Allow asks before it takes.
	return 0
}
