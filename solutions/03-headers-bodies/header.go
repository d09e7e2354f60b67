package message

import (
	"fmt"
	"iter"
)

// A Header is the fields of a header section or of a trailer section, in order
// and with every repeat. Names are compared without regard to case. The zero
// value is empty and ready to use.
//
// Bytes that it hands out are borrowed: those of a parsed header live as long as
// the bytes that were parsed, all others until the next Reset. Strings are
// copies, and yours.
//
// A list and not a map: a message has about a dozen fields, their order is part
// of the message, and walking over twelve names is quicker than hashing one.
type Header struct {
	fields []Field

	//starter:omit
	arena []byte // where Add puts names and values
	//starter:omit
	lengths uint64 // bit n%64 is set if a name may have n bytes
}

// Reset empties h and keeps its memory for the next message.
//
//starter:todo 3.4 Forget the fields, but not the memory that they are in.
func (h *Header) Reset() {
	h.fields = h.fields[:0]
	h.arena = h.arena[:0]
	h.lengths = 0
}

// Len returns the number of field lines.
func (h *Header) Len() int { return len(h.fields) }

// All yields the name and the value of every field line in order, borrowed.
func (h *Header) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for _, f := range h.fields {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// Value returns the value of the first field called name, borrowed, or nil if
// there is none. A field with an empty value has a value that is empty and not
// nil.
//
//starter:todo 3.2 Compare names without regard to case; a name is ASCII.
func (h *Header) Value(name string) []byte {
	if i := h.index(name, 0); i >= 0 {
		return h.fields[i].Value
	}
	return nil
}

// append puts f behind the fields that are there.
//
//starter:omit
func (h *Header) append(f Field) {
	if h.fields == nil {
		h.fields = make([]Field, 0, 8)
	}
	h.fields = append(h.fields, f)
	h.lengths |= 1 << (len(f.Name) % 64)
}

// index returns the place of the first field called name from i on, or -1. Most of
// those that are looked for are not there, which their length says.
//
//starter:omit
func (h *Header) index(name string, i int) int {
	if h.lengths&(1<<(len(name)%64)) == 0 {
		return -1
	}
	for ; i < len(h.fields); i++ {
		if equalFold(h.fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// Get returns the value of the first field called name, or "" if there is none.
func (h *Header) Get(name string) string { return string(h.Value(name)) }

// Has says whether there is a field called name.
func (h *Header) Has(name string) bool { return h.Value(name) != nil }

// Values yields the value of every field called name in order, borrowed.
//
//starter:todo 3.2 Every field with this name, not only the first.
//starter:return func(func([]byte) bool) {}
func (h *Header) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := h.index(name, 0); i >= 0; i = h.index(name, i+1) {
			if !yield(h.fields[i].Value) {
				return
			}
		}
	}
}

// Members yields the members of a list-based field, such as Connection: the
// values of every field called name, cut at commas, borrowed and without spaces
// at their ends. Empty members are left out (RFC 9110 §5.6.1.2), and a comma in a
// quoted string does not separate.
//
//starter:todo 3.3 Three lines with one member each mean the same as one line with three.
//starter:return func(func([]byte) bool) {}
func (h *Header) Members(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for value := range h.Values(name) {
			for len(value) > 0 {
				end := memberEnd(value)
				if m := trimOWS(value[:end]); len(m) > 0 && !yield(m) {
					return
				}
				value = value[min(end+1, len(value)):]
			}
		}
	}
}

// memberEnd returns the offset of the first comma in value that is not in a
// quoted string (RFC 9110 §5.6.4), or its length.
//
//starter:omit
func memberEnd(value []byte) int {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			return i
		}
	}
	return len(value)
}

// HasMember says whether the list-based field called name has this member,
// compared without regard to case.
//
//starter:todo 3.3 Connection: Keep-Alive, Upgrade has the member "upgrade".
func (h *Header) HasMember(name, member string) bool {
	for m := range h.Members(name) {
		if equalFold(m, member) {
			return true
		}
	}
	return false
}

// Add puts a field behind those that are there. The bytes are copied.
//
// A value may come from a client and end in a message, so it cannot be allowed
// to hold a line end: every control in it but a tab becomes a space, as RFC 9110
// §5.5 has it, and spaces and tabs at its ends go. A name comes from the program: one that
// is no token panics.
//
//starter:todo 3.2 A copy of both, behind the fields that are there.
//starter:todo 3.4 Whatever value holds, it must stay one value on one line.
func (h *Header) Add(name, value string) {
	if !validName(name) {
		panic(fmt.Sprintf("http: %.80q is no field name", name))
	}
	start := len(h.arena)
	h.arena = append(h.arena, name...)
	h.arena = append(h.arena, value...)
	// The third index keeps a later append to one field out of the next one.
	end := len(h.arena)
	colon := start + len(name)
	f := Field{Name: h.arena[start:colon:colon], Value: h.arena[colon:end:end]}
	for i := indexControl(f.Value); i >= 0; i = indexControl(f.Value) {
		f.Value[i] = ' '
	}
	f.Value = trimOWS(f.Value)
	h.append(f)
}

// Set is Add, after every field called name has been deleted.
//
//starter:todo 3.4 Delete, then add.
func (h *Header) Set(name, value string) {
	h.Del(name)
	h.Add(name, value)
}

// Del deletes every field called name. The others keep their order.
//
//starter:todo 3.4 Keep the others, in order.
func (h *Header) Del(name string) {
	if h.index(name, 0) < 0 {
		return
	}
	kept := h.fields[:0]
	for _, f := range h.fields {
		if !equalFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	h.fields = kept
}

// equalFold says whether b and s are the same but for the case of ASCII letters.
// strings.EqualFold knows all of Unicode, where K is also the sign for kelvin;
// field names are ASCII.
//
//starter:omit
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if d := s[i]; c != d && lower(c) != lower(d) {
			return false
		}
	}
	return true
}

//starter:omit
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
