package router

import "hash/maphash"

// This file is for the ways on which text leads from node to node: a hash table.

// A way is a text, which stands in texts, and the node behind it.
//
//starter:omit
type way struct{ begin, end, to uint32 }

// The ways of a tree are in a hash table, except the first one of each node: that is
// in the node itself, and many have no other.
//
//starter:omit
type ways struct {
	texts []byte // decoded
	slots []slot // a power of two of them, at most half of them taken
	taken int
	seed  maphash.Seed
}

//starter:omit
type slot struct {
	hash uint32
	way
}

// hash is that of a way from a node. Two ways with the same text have not the same
// hash: with an odd factor, each node adds another number. So who has found text and
// hash has found the way.
//
//starter:omit
func (ws *ways) hash(from uint32, text []byte) uint32 {
	return uint32(maphash.Bytes(ws.seed, text)) + from*0x9E3779B1
}

// slot returns the slot of a way, or a free one if it has none. The search ends soon,
// whatever a client asks for: it cannot add ways.
//
//starter:omit
func (ws *ways) slot(hash uint32, text []byte) *slot {
	for i := hash; ; i++ {
		s := &ws.slots[i&uint32(len(ws.slots)-1)]
		if s.to == 0 || s.hash == hash && ws.is(s.way, text) {
			return s
		}
	}
}

// is says whether a way has this text.
//
//starter:omit
func (ws *ways) is(w way, text []byte) bool {
	return string(ws.texts[w.begin:w.end]) == string(text)
}

// add gives a way that is not there yet a slot.
//
//starter:omit
func (ws *ways) add(hash uint32, w way) {
	if ws.taken++; 2*ws.taken > len(ws.slots) {
		old := ws.slots
		ws.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.to != 0 {
				*ws.slot(s.hash, nil) = s
			}
		}
	}
	*ws.slot(hash, nil) = slot{hash, w} // no text is empty
}

// child returns the node behind a text that leads on from a node.
//
//starter:omit
func (t *tree) child(from uint32, text []byte) uint32 {
	first := t.nodes[from].first
	if first.to == 0 || t.is(first, text) {
		return first.to
	}
	return t.slot(t.hash(from, text), text).to
}

// lead is child, and makes the node if it is not there.
//
//starter:omit
func (t *tree) lead(from uint32, text []byte) uint32 {
	if to := t.child(from, text); to != 0 {
		return to
	}
	w := way{uint32(len(t.texts)), uint32(len(t.texts) + len(text)), t.node()}
	t.texts = append(t.texts, text...)
	if first := &t.nodes[from].first; first.to == 0 {
		*first = w
	} else {
		t.add(t.hash(from, text), w)
	}
	return w.to
}
