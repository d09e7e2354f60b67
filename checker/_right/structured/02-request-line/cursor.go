package reqline

import "iter"

// A cursor walks over src once, from left to right. Its first fault stays, and
// stops it: what comes after that takes nothing.
type cursor struct {
	src []byte
	at  int
	err error
}

func (c *cursor) rest() []byte { return c.src[c.at:] }
func (c *cursor) done() bool   { return c.err == nil && c.at == len(c.src) }

func (c *cursor) fail(rule, msg string) {
	if c.err == nil {
		c.err = badRequest(rule, c.at, "%s", msg)
	}
}

// while takes the bytes that are in the set.
func (c *cursor) while(in func(byte) bool) []byte {
	from := c.at
	for c.err == nil && c.at < len(c.src) && in(c.src[c.at]) {
		c.at++
	}
	return c.src[from:c.at]
}

// maybe takes the byte b if it comes next.
func (c *cursor) maybe(b byte) bool {
	if c.err != nil || c.at == len(c.src) || c.src[c.at] != b {
		return false
	}
	c.at++
	return true
}

// sub lets parse have what is left, and keeps its error where it belongs.
func (c *cursor) sub(part []byte, at int, parse func([]byte) error) {
	if c.err == nil {
		c.err = Shift(parse(part), at)
	}
}

// A symbol is one character of a URI, which may take three bytes.
type symbol struct {
	at     int  // where it starts
	c      byte // what it means
	triple bool // it was percent-encoded
	broken bool // it is a percent sign without its two digits
}

// unsafe says that the symbol is none, or would end a string for somebody.
func (s symbol) unsafe() bool { return s.broken || s.triple && s.c == 0 }

func symbols(src []byte) iter.Seq[symbol] {
	return func(yield func(symbol) bool) {
		for i := 0; i < len(src); i++ {
			s := symbol{at: i, c: src[i]}
			if s.c == '%' {
				if c, ok := percentByte(src[i:]); ok {
					s.c, s.triple = c, true
					i += 2
				} else {
					s.broken = true
				}
			}
			if !yield(s) {
				return
			}
		}
	}
}
