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

	//starter:omit
	once sync.Once
	//starter:omit
	seed maphash.Seed
	//starter:omit
	parts []part[K]
}

// A part has the clients whose keys have the same hash, as far as that counts.
//
//starter:omit
type part[K comparable] struct {
	mu      sync.Mutex
	table   Table[K]
	buckets []TokenBucket   // by slot
	windows []SlidingWindow // by slot; one of the two is empty

	// Two locks in one cache line would be fought over like one lock.
	_ [64]byte
}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
//
//starter:todo 8.4 Begin with one lock; then hash the key to one of many.
func (l *Limiter[K]) Allow(key K) Result {
	l.once.Do(l.begin)
	// A seed that nobody knows: keys that all fall into one part cannot be
	// made up.
	p := &l.parts[maphash.Comparable(l.seed, key)%uint64(len(l.parts))]
	p.mu.Lock()
	defer p.mu.Unlock()
	now := l.Now() // under the lock, so that time does not go back for the part
	slot, known := p.table.Slot(key, func(slot int) int {
		if l.Sliding {
			return l.Policy.Quota - p.windows[slot].Remaining(now, l.Policy)
		}
		return l.Policy.Quota - p.buckets[slot].Remaining(now, l.Policy)
	})
	if l.Sliding {
		if !known {
			p.windows = renew(p.windows, slot)
			p.windows[slot].forget()
		}
		return p.windows[slot].Allow(now, l.Policy)
	}
	if !known {
		p.buckets = renew(p.buckets, slot)
		p.buckets[slot] = TokenBucket{}
	}
	return p.buckets[slot].Allow(now, l.Policy)
}

// Len returns how many clients are remembered.
//
//starter:todo 8.4 The sum of all parts.
func (l *Limiter[K]) Len() int {
	l.once.Do(l.begin)
	n := 0
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		n += p.table.Len()
		p.mu.Unlock()
	}
	return n
}

// How many parts there are, and how many clients each has at least: in one with
// fewer than a few Samples the promise of Table would be worth little.
//
//starter:omit
const (
	maxParts   = 64
	minClients = 8 * Sample
)

//starter:omit
func (l *Limiter[K]) begin() {
	if l.Now == nil {
		l.Now = time.Now
	}
	if l.Clients < 1 {
		l.Clients = DefaultClients
	}
	l.seed = maphash.MakeSeed()
	l.parts = make([]part[K], min(max(l.Clients/minClients, 1), maxParts))
	for i := range l.parts {
		l.parts[i].table.Size = l.Clients / len(l.parts)
	}
}

// renew makes room for a slot, which is at most the next one.
//
//starter:omit
func renew[S any](states []S, slot int) []S {
	if slot < len(states) {
		return states
	}
	var zero S
	return append(states, zero)
}
