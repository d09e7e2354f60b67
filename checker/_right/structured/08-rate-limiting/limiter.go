package ratelimit

import (
	"hash/maphash"
	"sync"
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

	once  sync.Once
	seed  maphash.Seed
	parts []part[K]
}

// A part has some of the clients.
type part[K comparable] struct {
	mu     sync.Mutex
	table  Table[K]
	meters meters
}

// meters are buckets or windows, by slot.
type meters interface {
	fresh(slot int)
	Allow(slot int, now time.Time, p Policy) Result
	Remaining(slot int, now time.Time, p Policy) int
}

// A meter is a pointer to a bucket or a window.
type meter[M any] interface {
	*M
	Allow(now time.Time, p Policy) Result
	Remaining(now time.Time, p Policy) int
}

type rack[M any, P meter[M]] struct{ all []M }

func (r *rack[M, P]) fresh(slot int) {
	var empty M
	if slot == len(r.all) {
		r.all = append(r.all, empty)
	}
	r.all[slot] = empty
}

func (r *rack[M, P]) Allow(slot int, now time.Time, p Policy) Result {
	return P(&r.all[slot]).Allow(now, p)
}

func (r *rack[M, P]) Remaining(slot int, now time.Time, p Policy) int {
	return P(&r.all[slot]).Remaining(now, p)
}

func (l *Limiter[K]) open() {
	const mostParts, leastClients = 64, 64
	clients := l.Clients
	if clients < 1 {
		clients = DefaultClients
	}
	l.seed = maphash.MakeSeed()
	l.parts = make([]part[K], min(max(clients/leastClients, 1), mostParts))
	for i := range l.parts {
		left := len(l.parts) - i
		l.parts[i].table.Size = clients / left
		clients -= clients / left
		l.parts[i].meters = &rack[TokenBucket, *TokenBucket]{}
		if l.Sliding {
			l.parts[i].meters = &rack[SlidingWindow, *SlidingWindow]{}
		}
	}
}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
func (l *Limiter[K]) Allow(key K) Result {
	l.once.Do(l.open)
	clock := l.Now
	if clock == nil {
		clock = time.Now
	}
	return l.parts[maphash.Comparable(l.seed, key)%uint64(len(l.parts))].allow(key, clock, l.Policy)
}

func (t *part[K]) allow(key K, clock func() time.Time, p Policy) Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := clock() // under the lock, so that it does not go back
	slot, known := t.table.Slot(key, func(slot int) int { return p.Quota - t.meters.Remaining(slot, now, p) })
	if !known {
		t.meters.fresh(slot)
	}
	return t.meters.Allow(slot, now, p)
}

// Len returns how many clients are remembered.
func (l *Limiter[K]) Len() (n int) {
	l.once.Do(l.open)
	for i := range l.parts {
		l.parts[i].mu.Lock()
		n += l.parts[i].table.Len()
		l.parts[i].mu.Unlock()
	}
	return n
}
