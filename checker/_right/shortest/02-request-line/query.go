package reqline

import (
	"bytes"
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
func ParseQuery(src []byte) (q Query, err error) {
	for pair := range bytes.SplitSeq(src, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		if len(q) == MaxParams {
			return nil, badRequest("limit", len(src), "more than %d parameters", MaxParams)
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		q = append(q, Param{formDecoded(name), formDecoded(value)})
	}
	return q, nil
}

func formDecoded(src []byte) string {
	dst := bytes.ReplaceAll(src, []byte("+"), []byte(" "))
	n := 0
	for i := 0; i < len(dst); i++ {
		c, ok := percentByte(dst[i:])
		if ok {
			i += 2
		} else {
			c = dst[i]
		}
		dst[n] = c
		n++
	}
	return string(dst[:n])
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
	if i := slices.IndexFunc(q, func(p Param) bool { return p.Name == name }); i >= 0 {
		return q[i].Value, true
	}
	return "", false
}

// Values returns all values of the parameter called name, in order.
func (q Query) Values(name string) (values []string) {
	for _, p := range q {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}
