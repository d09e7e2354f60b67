package lax

import (
	"slices"
	"strconv"
)

// A Difference is where two readers part.
type Difference struct {
	Offset   int  // of the first byte that belongs to different requests
	Smuggled bool // what one of them takes for a request is content, or nothing, to the other
	By       int  // which of the two reads that request: 0 or 1
	Message  Message
	Words    string
}

// Compare says where two readings of size bytes part, or returns nil. A reader that stopped has
// read nothing behind that.
func Compare(size int, a, b []Message) *Difference {
	for _, offset := range edges(size, a, b) {
		i, inA := at(a, offset)
		j, inB := at(b, offset)
		if inA == inB && (!inA || i == j) {
			continue
		}
		d := &Difference{Offset: offset}
		first, other := a, b
		if startsAt(b, offset) && !startsAt(a, offset) {
			d.By, first, other = 1, b, a
		}
		k, ok := at(first, offset)
		if ok && first[k].Start == offset {
			d.Message = first[k]
			l, inside := at(other, offset)
			d.Smuggled = inside && other[l].Start < offset
			what := "is not read at all by the other one"
			if inside {
				what = "is part of request " + strconv.Itoa(l+1) + " for the other one"
			}
			d.Words = "begins request " + strconv.Itoa(k+1) + " at byte " + strconv.Itoa(offset) + ", and that " + what
			return d
		}
		// Neither begins a request here: one of them has stopped reading.
		if inA {
			d.By = 0
		} else {
			d.By = 1
		}
		d.Words = "still reads at byte " + strconv.Itoa(offset) + ", where the other one has stopped"
		return d
	}
	return nil
}

// at returns which message has the byte at offset.
func at(all []Message, offset int) (int, bool) {
	for i, m := range all {
		if m.Start <= offset && offset < m.End {
			return i, true
		}
	}
	return 0, false
}

func startsAt(all []Message, offset int) bool {
	i, ok := at(all, offset)
	return ok && all[i].Start == offset
}

// edges returns the offsets at which a message begins or ends, in order.
func edges(size int, readings ...[]Message) (offsets []int) {
	for _, all := range readings {
		for _, m := range all {
			offsets = append(offsets, m.Start, m.End)
		}
	}
	slices.Sort(offsets)
	offsets = slices.Compact(offsets)
	return slices.DeleteFunc(offsets, func(at int) bool { return at >= size })
}
