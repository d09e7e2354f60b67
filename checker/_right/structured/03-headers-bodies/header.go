package message

import (
	"bytes"
	"iter"
	"slices"
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
	own    []byte // what Add has copied; older pieces stay where they were
}

// Reset empties h and keeps its memory for the next message.
func (h *Header) Reset() { h.fields, h.own = h.fields[:0], h.own[:0] }

// Len returns the number of field lines.
func (h *Header) Len() int { return len(h.fields) }

// where yields the fields that satisfy ok.
func (h *Header) where(ok func(name []byte) bool) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for _, f := range h.fields {
			if ok(f.Name) && !yield(f) {
				return
			}
		}
	}
}

// called returns the test for a name, without regard to case.
func called(name string) func([]byte) bool {
	return func(n []byte) bool { return same(n, name) }
}

// All yields the name and the value of every field line in order, borrowed.
func (h *Header) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for f := range h.where(func([]byte) bool { return true }) {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// Value returns the value of the first field called name, borrowed, or nil if
// there is none. A field with an empty value has a value that is empty and not
// nil.
func (h *Header) Value(name string) []byte {
	for f := range h.where(called(name)) {
		return f.Value
	}
	return nil
}

// Get returns the value of the first field called name, or "" if there is none.
func (h *Header) Get(name string) string { return string(h.Value(name)) }

// Has says whether there is a field called name.
func (h *Header) Has(name string) bool { return h.Value(name) != nil }

// Values yields the value of every field called name in order, borrowed.
func (h *Header) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for f := range h.where(called(name)) {
			if !yield(f.Value) {
				return
			}
		}
	}
}

// Members yields the members of a list-based field, such as Connection: the
// values of every field called name, cut at commas, borrowed and without spaces
// at their ends. Empty members are left out (RFC 9110 §5.6.1.2), and a comma in a
// quoted string does not separate.
func (h *Header) Members(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for v := range h.Values(name) {
			for len(v) > 0 {
				var m []byte
				m, v = cutMember(v)
				if m = bytes.Trim(m, " \t"); len(m) > 0 && !yield(m) {
					return
				}
			}
		}
	}
}

// cutMember cuts v at its first comma that is not quoted.
func cutMember(v []byte) (member, rest []byte) {
	const (
		plain = iota
		quoted
		escaped
	)
	state := plain
	for i, c := range v {
		switch {
		case state == escaped:
			state = quoted
		case state == plain && c == ',':
			return v[:i], v[i+1:]
		case state == plain && c == '"':
			state = quoted
		case state == quoted && c == '"':
			state = plain
		case state == quoted && c == '\\':
			state = escaped
		}
	}
	return v, nil
}

// HasMember says whether the list-based field called name has this member,
// compared without regard to case.
func (h *Header) HasMember(name, member string) bool {
	for m := range h.Members(name) {
		if same(m, member) {
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
func (h *Header) Add(name, value string) {
	if !isToken(name) {
		panic("message: a field name that is no token: " + name)
	}
	soft := func(c byte) bool { return isControl(c) || c == ' ' }
	for value != "" && soft(value[0]) {
		value = value[1:]
	}
	for value != "" && soft(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	h.own = append(h.own, name...)
	n := len(h.own)
	for i := range len(value) {
		c := value[i]
		if isControl(c) && c != '\t' {
			c = ' '
		}
		h.own = append(h.own, c)
	}
	start, end := n-len(name), len(h.own)
	h.fields = append(h.fields, Field{h.own[start:n:n], h.own[n:end:end]})
}

// Set is Add, after every field called name has been deleted.
func (h *Header) Set(name, value string) {
	h.Del(name)
	h.Add(name, value)
}

// Del deletes every field called name. The others keep their order.
func (h *Header) Del(name string) {
	is := called(name)
	h.fields = slices.DeleteFunc(h.fields, func(f Field) bool { return is(f.Name) })
}
