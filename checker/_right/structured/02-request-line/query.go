package reqline

import (
	"iter"
	"slices"
)

// MaxParams is how many parameters a query or a form may have. A name and its
// value take two bytes to send and some fifty to keep.
const MaxParams = 1000

// A Param is one name and its value, decoded. Both are yours to keep.
type Param struct {
	Name, Value string
}

// A Query is the parameters of a query or of a form, in the order in which they
// were sent and with every repeat.
type Query []Param

// ParseQuery parses the query that src consists of, without its "?". Parameters
// are separated by "&", and a name from its value by the first "=" (the value is
// empty where there is none). In both, "+" is a space and percent-encoded bytes
// are decoded; a percent sign without two hexadecimal digits behind it stays as
// it is, as in the URL standard that browsers follow. Nothing between two "&" is
// no parameter.
//
// The error is a 400 where there are more than [MaxParams].
func ParseQuery(src []byte) (Query, error) {
	var q Query
	var text []byte // decoded, of the parameter at hand
	name := -1      // the length of its name, once there was a "="
	any := false    // whether it has a byte at all
	flush := func() (full bool) {
		switch {
		case !any:
			return false
		case len(q) == MaxParams:
			return true
		case name < 0:
			name = len(text)
		}
		q = append(q, Param{string(text[:name]), string(text[name:])})
		text, name, any = text[:0], -1, false
		return false
	}
	for s := range symbols(src) {
		if s.c == '&' && !s.triple {
			if flush() {
				return nil, badRequest("limit", s.at, "too many parameters")
			}
			continue
		}
		any = true
		switch {
		case s.c == '=' && !s.triple && name < 0:
			name = len(text)
		case s.c == '+' && !s.triple:
			text = append(text, ' ')
		default:
			text = append(text, s.c)
		}
	}
	if flush() {
		return nil, badRequest("limit", len(src), "too many parameters")
	}
	return q, nil
}

// called yields the values of the parameters with this name.
func (q Query) called(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range q {
			if p.Name == name && !yield(p.Value) {
				return
			}
		}
	}
}

// Get returns the first value of the parameter called name, or "" if there is
// none. Names are compared as they are: "A" is not "a".
func (q Query) Get(name string) string {
	value, _ := q.Lookup(name)
	return value
}

// Lookup returns the first value of the parameter called name, and whether there
// is one.
func (q Query) Lookup(name string) (value string, ok bool) {
	for v := range q.called(name) {
		return v, true
	}
	return "", false
}

// Values returns all values of the parameter called name, in order.
func (q Query) Values(name string) []string { return slices.Collect(q.called(name)) }
