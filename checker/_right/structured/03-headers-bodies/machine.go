package message

import (
	"strings"

	"barewire/steps/02-request-line"
)

// A machine is a table: from a state, a byte of some class leads to the next one,
// and where there is no entry the byte is a fault.
type machine struct {
	class func(c byte) int
	next  []map[int]int // by state, then by class
	final map[int]bool  // states in which the input may end
}

// run returns how many bytes fit, and whether these were all and may be all.
func (m *machine) run(state int, src []byte) (n int, ok bool) {
	for i, c := range src {
		to, ok := m.next[state][m.class(c)]
		if !ok {
			return i, false
		}
		state = to
	}
	return len(src), m.final[state]
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }
func isBlank(c byte) bool   { return c == ' ' || c == '\t' }

// every says whether all bytes of s satisfy ok.
func every[S []byte | string](s S, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isToken[S []byte | string](s S) bool { return len(s) > 0 && every(s, reqline.IsToken) }

// same compares without regard to case. Of equal length, they are equal in ASCII or not
// at all: strings.EqualFold alone would find a k in a Kelvin sign.
func same(a []byte, b string) bool { return len(a) == len(b) && strings.EqualFold(string(a), b) }
