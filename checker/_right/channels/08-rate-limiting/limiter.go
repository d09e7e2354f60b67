package ratelimit

import (
	"hash/maphash"
	"sync/atomic"
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

	parts atomic.Pointer[parts[K]] // from the first call on
}

// Parts are the clients of a limiter. Each part waits in a channel with room for it
// alone: whoever has taken it out owns it until it is put back, and nobody else can
// look in between.
type parts[K comparable] struct {
	seed  maphash.Seed
	owner []chan *part[K]
}

type part[K comparable] struct {
	table   Table[K]
	buckets []TokenBucket   // by slot
	windows []SlidingWindow // instead, if Sliding
}

const (
	maxParts    = 64
	fewestInOne = 64
)

// all returns the parts. Whoever comes first makes them; of several who do so at the
// same time, one wins, and the others use what it has made.
func (l *Limiter[K]) all() *parts[K] {
	if ps := l.parts.Load(); ps != nil {
		return ps
	}
	clients := l.Clients
	if clients < 1 {
		clients = DefaultClients
	}
	n := min(max(clients/fewestInOne, 1), maxParts)
	ps := &parts[K]{maphash.MakeSeed(), make([]chan *part[K], n)}
	for i := range ps.owner {
		size := clients / n
		if i < clients%n {
			size++
		}
		ps.owner[i] = make(chan *part[K], 1)
		ps.owner[i] <- &part[K]{table: Table[K]{Size: size}}
	}
	l.parts.CompareAndSwap(nil, ps)
	return l.parts.Load()
}

func (l *Limiter[K]) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

// Allow counts a request of the client with this key, now, if the policy has room
// for it. Of requests that come at the same time, exactly as many are allowed as
// the policy says.
func (l *Limiter[K]) Allow(key K) Result {
	ps := l.all()
	owner := ps.owner[0]
	if n := uint64(len(ps.owner)); n > 1 {
		owner = ps.owner[maphash.Comparable(ps.seed, key)%n]
	}
	p := <-owner
	defer func() { owner <- p }() // a Now that panics must not take it along
	now := l.now()
	if l.Sliding {
		slot, known := p.table.Slot(key, func(slot int) int { return l.Policy.Quota - p.windows[slot].Remaining(now, l.Policy) })
		if slot == len(p.windows) {
			p.windows = append(p.windows, SlidingWindow{})
		} else if !known {
			p.windows[slot] = SlidingWindow{}
		}
		return p.windows[slot].Allow(now, l.Policy)
	}
	slot, known := p.table.Slot(key, func(slot int) int { return l.Policy.Quota - p.buckets[slot].Remaining(now, l.Policy) })
	if slot == len(p.buckets) {
		p.buckets = append(p.buckets, TokenBucket{})
	} else if !known {
		p.buckets[slot] = TokenBucket{}
	}
	return p.buckets[slot].Allow(now, l.Policy)
}

// Len returns how many clients are remembered.
func (l *Limiter[K]) Len() int {
	n := 0
	for _, owner := range l.all().owner {
		p := <-owner
		n += p.table.Len()
		owner <- p
	}
	return n
}
