// Package ratelimit says which requests of a client are too many, by a token
// bucket or a sliding window; tells the client so with 429 and the fields of
// draft-ietf-httpapi-ratelimit-headers; and finds out who the client is when
// there are proxies in front.
//
// It leaves out limits that several servers share, and limits on anything but the
// number of requests: what one request may cost is up to the steps before.
//
// Read policy.go first, then bucket.go and window.go, which are arithmetic with
// time as an argument; then table.go and limiter.go, which keep one of these for
// each client; middleware.go; and forwarded.go and client.go, which are about
// addresses.
package ratelimit

import (
	"math"
	"time"
)

// A Policy is how many requests a client may make in how much time. The zero
// Policy allows nothing.
type Policy struct {
	// Name is what the fields call the policy, in visible ASCII and spaces:
	// "default" if it is empty. Two policies for one response need two names.
	Name string

	// Quota is how many requests there are in a Window, from 1 to MaxQuota. A
	// token bucket holds so many, and an empty one is full again after a
	// Window: 10 requests a second with bursts of up to 50 is a quota of 50 in
	// 5 seconds. A sliding window never lets more than Quota pass in any Window.
	Quota  int
	Window time.Duration // above 0
}

// MaxQuota is the largest quota: an integer in a structured field has at most 15
// digits (RFC 9651 §3.3.1). Where an int has 32 bits, it is the largest of those.
const MaxQuota = min(999_999_999_999_999, math.MaxInt)

// A Result is what a limit says of one request.
type Result struct {
	OK        bool
	Limit     int // the policy's quota
	Remaining int // how many requests are left at this time, after this one

	// RetryAfter is how long it takes until the next request would be allowed,
	// if this one was refused; otherwise 0. It is exact: a nanosecond earlier
	// would be too early.
	RetryAfter time.Duration

	// Reset is how long it takes until the whole quota is there again, if no
	// more requests come.
	Reset time.Duration
}

// AppendPolicy appends p to dst as a member of the RateLimit-Policy field, which
// is a List of Strings with parameters (RFC 9651 §3.1):
//
//	"default";q=100;w=60
//
// q is the quota and w the window in seconds. If the window is not a number of
// whole seconds, w is left out: the draft makes it optional, and a rounded one
// would promise another rate. A quote or a backslash in the name has a backslash
// before it (RFC 9651 §4.1.6).
func (p Policy) AppendPolicy(dst []byte) []byte {
	// TODO 8.5: The name as a String, then the parameters.
	return nil
}

// AppendLimit appends what r says to dst as a member of the RateLimit field:
//
//	"default";r=50;t=30
//
// r is what remains and t the seconds until the quota is whole again, rounded up.
func (p Policy) AppendLimit(dst []byte, r Result) []byte {
	// TODO 8.5: As AppendPolicy, with the numbers of the Result.
	return nil
}

// AppendRetryAfter appends d to dst as the value of a Retry-After field (RFC 9110
// §10.2.3): whole seconds, rounded up, and at least 1. A client that comes back
// when it was told to must not be refused again for being early.
func AppendRetryAfter(dst []byte, d time.Duration) []byte {
	// TODO 8.5: Which way is rounding safe?
	return nil
}
