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

// A part has the clients whose keys have one hash.
type part[K comparable] struct {
	mu      sync.Mutex
	table   Table[K]
	buckets []TokenBucket   // by slot;
	windows []SlidingWindow // only one of the two is used
}

type counter interface {
	Allow(now time.Time, p Policy) Result
	Remaining(now time.Time, p Policy) int
}

func (l *Limiter[K]) init() {
	if l.Clients < 1 {
		l.Clients = DefaultClients
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	l.seed = maphash.MakeSeed()
	n := min(max(l.Clients/64, 1), 64)
	l.parts = make([]part[K], n)
	for i := range l.parts {
		l.parts[i].table.Size = (l.Clients + i) / n
	}
}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
func (l *Limiter[K]) Allow(key K) Result {
	l.once.Do(l.init)
	p := &l.parts[maphash.Comparable(l.seed, key)%uint64(len(l.parts))]
	p.mu.Lock()
	defer p.mu.Unlock()
	now := l.Now()
	of := func(slot int) counter {
		if l.Sliding {
			return &p.windows[slot]
		}
		return &p.buckets[slot]
	}
	slot, known := p.table.Slot(key, func(slot int) int { return l.Policy.Quota - of(slot).Remaining(now, l.Policy) })
	if l.Sliding && !known {
		p.windows = renew(p.windows, slot)
	} else if !known {
		p.buckets = renew(p.buckets, slot)
	}
	return of(slot).Allow(now, l.Policy)
}

// renew empties a slot, which may be one behind the last.
func renew[T any](slots []T, slot int) []T {
	var empty T
	if slot == len(slots) {
		return append(slots, empty)
	}
	slots[slot] = empty
	return slots
}

// Len returns how many clients are remembered.
func (l *Limiter[K]) Len() (n int) {
	l.once.Do(l.init)
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		n += p.table.Len()
		p.mu.Unlock()
	}
	return n
}
