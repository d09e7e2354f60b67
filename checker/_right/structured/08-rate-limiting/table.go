package ratelimit

import (
	"hash/maphash"
)

// Sample is how many slots a full Table looks at to find one for a new key.
const Sample = 8

// A Table gives each key a slot, a number from 0 to Size-1, and knows at most Size
// keys at once. What belongs to a key is kept by the caller, under that number.
//
// Anybody can make up keys, so a Table that is full must forget one, and which one
// it forgets is what an attacker will try to choose. A Table that forgot the
// oldest, or any, would let a client that has used up its quota send a flood of
// other keys and begin anew. This one promises:
//
//   - A key is forgotten only for a new one, and only if it has used the least
//     among Sample keys, itself included (all keys, if Size is smaller).
//   - So while fewer than Sample keys have used more than the others, none of
//     these is forgotten, however many new keys come. To have one forgotten that
//     has used up its quota, somebody has to use up those of Sample-1 others.
//   - A new key costs the same whatever Size is: no more than Sample keys are
//     looked at. All slots get their turn, so a key that has used nothing, among
//     others that have, is gone after Size new keys at the latest.
//
// Size must be at least 1 and must not change. A Table has no lock.
type Table[K comparable] struct {
	Size int

	// A hash table in slices: first has a slot for each hash, and next the slot
	// behind each slot of the same hash, both plus one. Its seed is drawn, so that
	// nobody can choose keys that all have one hash.
	seed  maphash.Seed
	first []int32
	next  []int32
	keys  []K
	hand  int
}

// place returns where the chain of a key begins.
func (t *Table[K]) place(key K) *int32 {
	return &t.first[maphash.Comparable(t.seed, key)&uint64(len(t.first)-1)]
}

// find returns what points at the slot of key, or at the end of its chain.
func (t *Table[K]) find(key K) *int32 {
	link := t.place(key)
	for *link != 0 && t.keys[*link-1] != key {
		link = &t.next[*link-1]
	}
	return link
}

// grow makes room for one more slot, and links all of them anew where that takes more
// chains.
func (t *Table[K]) grow(key K) int {
	slot := len(t.keys)
	t.keys, t.next = append(t.keys, key), append(t.next, 0)
	if slot < len(t.first) {
		return slot
	}
	if t.first == nil {
		t.seed = maphash.MakeSeed()
	}
	t.first = make([]int32, max(8, 2*len(t.first)))
	for i, k := range t.keys[:slot] {
		t.link(i, k)
	}
	return slot
}

func (t *Table[K]) link(slot int, key K) {
	head := t.place(key)
	t.keys[slot], t.next[slot], *head = key, *head, int32(slot+1)
}

// least looks at Sample slots, from the hand on, for the one that has used the least.
func (t *Table[K]) least(used func(slot int) int) (slot int) {
	for i, fewest := 0, -1; i < min(Sample, t.Size) && fewest != 0; i++ {
		at := (t.hand + i) % t.Size
		if n := used(at); fewest < 0 || n < fewest {
			slot, fewest = at, n
		}
	}
	t.hand = (slot + 1) % t.Size
	return slot
}

// Slot returns the slot of key. If the Table did not know the key, known is false:
// now it does, and what the caller has under that number belongs to nobody or to a
// key that has been forgotten. Slots are given out from 0 upwards while there are
// free ones.
//
// To find out which key to forget, Slot calls used with a slot: it returns how much
// of its quota the slot's key has used, 0 if it need not be remembered at all.
func (t *Table[K]) Slot(key K, used func(slot int) int) (slot int, known bool) {
	if len(t.first) > 0 {
		if link := *t.find(key); link != 0 {
			return int(link - 1), true
		}
	}
	if len(t.keys) < t.Size {
		slot = t.grow(key)
	} else {
		slot = t.least(used)
		*t.find(t.keys[slot]) = t.next[slot]
	}
	t.link(slot, key)
	return slot, false
}

// Len returns how many keys the Table knows.
func (t *Table[K]) Len() int { return len(t.keys) }
