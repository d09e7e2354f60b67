package ratelimit

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

	slots map[K]int
	keys  []K
	hand  int // the slot that is looked at next
}

// Slot returns the slot of key. If the Table did not know the key, known is false:
// now it does, and what the caller has under that number belongs to nobody or to a
// key that has been forgotten. Slots are given out from 0 upwards while there are
// free ones.
//
// To find out which key to forget, Slot calls used with a slot: it returns how much
// of its quota the slot's key has used, 0 if it need not be remembered at all.
func (t *Table[K]) Slot(key K, used func(slot int) int) (slot int, known bool) {
	if slot, known = t.slots[key]; known {
		return slot, true
	}
	if t.slots == nil {
		t.slots = map[K]int{}
	}
	slot = len(t.keys)
	if slot < t.Size {
		t.keys = append(t.keys, key)
		t.slots[key] = slot
		return slot, false
	}

	least := 0
	for i := range min(Sample, t.Size) {
		n := used(t.hand)
		if i == 0 || n < least {
			slot, least = t.hand, n
		}
		t.hand = (t.hand + 1) % t.Size
	}
	delete(t.slots, t.keys[slot])
	t.keys[slot] = key
	t.slots[key] = slot
	return slot, false
}

// Len returns how many keys the Table knows.
func (t *Table[K]) Len() int { return len(t.keys) }
