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
	parts []*part[K]
}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
func (l *Limiter[K]) Allow(key K) Result {
	l.once.Do(l.setUp)
	p := l.parts[maphash.Comparable(l.seed, key)%uint64(len(l.parts))]
	p.mu.Lock()
	defer p.mu.Unlock()

	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	at := now()
	slot, known := p.table.Slot(key, func(slot int) int {
		return l.Policy.Quota - p.limits[slot].Remaining(at, l.Policy)
	})
	if slot == len(p.limits) {
		p.limits = append(p.limits, nil)
	}
	if !known {
		p.limits[slot] = l.newLimit()
	}
	return p.limits[slot].Allow(at, l.Policy)
}

// A limit is what one client has: a TokenBucket or a SlidingWindow.
type limit interface {
	Allow(now time.Time, p Policy) Result
	Remaining(now time.Time, p Policy) int
}

func (l *Limiter[K]) newLimit() limit {
	if l.Sliding {
		return new(SlidingWindow)
	}
	return new(TokenBucket)
}

// A part has some of the clients.
type part[K comparable] struct {
	mu     sync.Mutex
	table  Table[K]
	limits []limit // by slot
}

func (l *Limiter[K]) setUp() {
	l.seed = maphash.MakeSeed()
	clients := l.Clients
	if clients < 1 {
		clients = DefaultClients
	}
	number := max(1, min(64, clients/64))
	for i := range number {
		size := clients / number
		if i < clients%number {
			size++
		}
		l.parts = append(l.parts, &part[K]{table: Table[K]{Size: size}})
	}
}

// Len returns how many clients are remembered.
func (l *Limiter[K]) Len() int {
	l.once.Do(l.setUp)
	sum := 0
	for _, p := range l.parts {
		p.mu.Lock()
		sum += p.table.Len()
		p.mu.Unlock()
	}
	return sum
}
