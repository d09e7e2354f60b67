package message

import (
	"bytes"
	"iter"
	"strings"

	"barewire/steps/02-request-line"
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
}

// Reset empties h and keeps its memory for the next message.
func (h *Header) Reset() {
	h.fields = h.fields[:0]
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
func (h *Header) Value(name string) []byte {
	for v := range h.Values(name) {
		return v
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
		for _, f := range h.fields {
			if strings.EqualFold(string(f.Name), name) {
				if !yield(f.Value) {
					return
				}
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
			start, quoted := 0, false
			for i := 0; i <= len(v); i++ {
				if i < len(v) {
					c := v[i]
					if c == '"' {
						quoted = !quoted
					}
					if c == '\\' && quoted {
						i++
						continue
					}
					if c != ',' || quoted {
						continue
					}
				}
				m := bytes.Trim(v[start:min(i, len(v))], " \t")
				start = i + 1
				if len(m) > 0 && !yield(m) {
					return
				}
			}
		}
	}
}

// HasMember says whether the list-based field called name has this member,
// compared without regard to case.
func (h *Header) HasMember(name, member string) bool {
	for m := range h.Members(name) {
		if len(m) == len(member) && strings.EqualFold(string(m), member) {
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
	if name == "" {
		panic("empty name")
	}
	for i := range len(name) {
		if !reqline.IsToken(name[i]) {
			panic("bad name: " + name)
		}
	}
	v := []byte(value)
	for i, c := range v {
		if c < ' ' && c != '\t' || c == 0x7f {
			v[i] = ' '
		}
	}
	v = bytes.Trim(v, " \t")
	if v == nil {
		v = []byte{}
	}
	h.fields = append(h.fields, Field{[]byte(name), v})
}

// Set is Add, after every field called name has been deleted.
func (h *Header) Set(name, value string) {
	h.Del(name)
	h.Add(name, value)
}

// Del deletes every field called name. The others keep their order.
func (h *Header) Del(name string) {
	var keep []Field
	for _, f := range h.fields {
		if !strings.EqualFold(string(f.Name), name) {
			keep = append(keep, f)
		}
	}
	h.fields = keep
}
