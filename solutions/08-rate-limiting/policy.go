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
	"errors"
	"fmt"
	"math"
	"strconv"
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

// check says what is wrong with p.
//
//starter:omit
func (p Policy) check() error {
	switch {
	case p.Quota < 1 || p.Quota > MaxQuota:
		return fmt.Errorf("ratelimit: quota of %d, which is not between 1 and %d", p.Quota, MaxQuota)
	case p.Window <= 0:
		return fmt.Errorf("ratelimit: window of %v, which is not above 0", p.Window)
	}
	for i := range len(p.Name) {
		if p.Name[i] < ' ' || p.Name[i] > '~' {
			return errors.New("ratelimit: a policy's name is visible ASCII and spaces, which " + strconv.Quote(p.Name) + " is not")
		}
	}
	return nil
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
//
//starter:todo 8.5 The name as a String, then the parameters.
func (p Policy) AppendPolicy(dst []byte) []byte {
	dst = p.appendName(dst)
	dst = append(dst, ";q="...)
	dst = strconv.AppendInt(dst, int64(p.Quota), 10)
	if p.Window%time.Second == 0 {
		dst = append(dst, ";w="...)
		dst = strconv.AppendInt(dst, int64(p.Window/time.Second), 10)
	}
	return dst
}

// AppendLimit appends what r says to dst as a member of the RateLimit field:
//
//	"default";r=50;t=30
//
// r is what remains and t the seconds until the quota is whole again, rounded up.
//
//starter:todo 8.5 As AppendPolicy, with the numbers of the Result.
func (p Policy) AppendLimit(dst []byte, r Result) []byte {
	dst = p.appendName(dst)
	dst = append(dst, ";r="...)
	dst = strconv.AppendInt(dst, int64(r.Remaining), 10)
	dst = append(dst, ";t="...)
	return strconv.AppendInt(dst, seconds(r.Reset), 10)
}

// AppendRetryAfter appends d to dst as the value of a Retry-After field (RFC 9110
// §10.2.3): whole seconds, rounded up, and at least 1. A client that comes back
// when it was told to must not be refused again for being early.
//
//starter:todo 8.5 Which way is rounding safe?
func AppendRetryAfter(dst []byte, d time.Duration) []byte {
	return strconv.AppendInt(dst, max(seconds(d), 1), 10)
}

// seconds rounds d up. Adding before dividing could overflow.
//
//starter:omit
func seconds(d time.Duration) int64 {
	n := int64(d / time.Second)
	if d%time.Second > 0 {
		n++
	}
	return n
}

//starter:omit
func (p Policy) appendName(dst []byte) []byte {
	name := p.Name
	if name == "" {
		name = "default"
	}
	dst = append(dst, '"')
	for i := range len(name) {
		if name[i] == '"' || name[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, name[i])
	}
	return append(dst, '"')
}
