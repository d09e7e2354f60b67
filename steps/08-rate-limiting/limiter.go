package ratelimit

import (
	"time"
)

// DefaultClients is how many clients a Limiter remembers. With addresses as keys and
// a token bucket each, that is about 13 MB. nginx is told the size instead, and has
// room for about 8,000 addresses in a megabyte.
const DefaultClients = 1 << 16

// A Limiter has a token bucket or a sliding window for each client, under a key
// such as its address, the name of a user, or an API key. It may be used by any
// number of goroutines at once, and its fields must not change once it is. Only
// Policy is needed; everything else has a default where it is zero.
//
// It remembers at most Clients clients, in the manner of [Table], and starts no
// goroutine. A client that it knows costs no allocation. Each of up to 64 parts
// has a lock and a Table of its own, so that clients seldom wait for each other. A
// part has room for 64 clients or more, so that its Table has a choice; with fewer
// than 128 Clients there is one part. Which part a key belongs to cannot be known
// from outside.
type Limiter[K comparable] struct {
	Policy Policy

	// Sliding makes it a SlidingWindow for each client instead of a
	// TokenBucket. Then each may need 8 bytes for each request of the quota.
	Sliding bool

	Clients int              // DefaultClients if it is below 1
	Now     func() time.Time // time.Now if it is nil

}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
func (l *Limiter[K]) Allow(key K) Result {
	// TODO 8.4: Begin with one lock; then hash the key to one of many.
	return Result{}
}

// Len returns how many clients are remembered.
func (l *Limiter[K]) Len() int {
	// TODO 8.4: The sum of all parts.
	return 0
}
