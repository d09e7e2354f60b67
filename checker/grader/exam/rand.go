package exam

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"unicode"
)

// A Rand draws the inputs of one check.
type Rand struct{ *rand.Rand }

const (
	digits  = "0123456789"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	letters = lower + upper
	alnum   = letters + digits
	tchar   = "!#$%&'*+-.^_`|~" + alnum
)

// many is how many bytes are drawn eight at a time.
const many = 1 << 10

// Between returns a number from low to high, both included.
func (r *Rand) Between(low, high int) int { return low + r.IntN(high-low+1) }

// Chance is true p times in a hundred.
func (r *Rand) Chance(p int) bool { return r.IntN(100) < p }

// Byte returns one of the bytes of set.
func (r *Rand) Byte(set string) byte { return set[r.IntN(len(set))] }

// String returns n bytes of set.
func (r *Rand) String(set string, n int) string {
	if n < many {
		b := make([]byte, n)
		for i := range b {
			b[i] = r.Byte(set)
		}
		return string(b)
	}
	b := r.Bytes(n)
	for i, c := range b {
		b[i] = set[int(c)*len(set)>>8]
	}
	return string(b)
}

// Bytes returns n bytes, any.
func (r *Rand) Bytes(n int) []byte {
	b := make([]byte, (n+7)&^7)
	if n < many {
		for i := range n {
			b[i] = byte(r.Uint32())
		}
		return b[:n]
	}
	for at := 0; at < n; at += 8 {
		binary.LittleEndian.PutUint64(b[at:], r.Uint64())
	}
	return b[:n]
}

// Word is a name of some letters that nobody can guess.
func (r *Rand) Word() string { return r.String(lower, r.Between(3, 9)) }

// Case returns text with the case of each letter drawn.
func (r *Rand) Case(text string) string {
	b := []byte(text)
	for i, c := range b {
		if r.Chance(50) {
			switch {
			case 'a' <= c && c <= 'z':
				b[i] = c - 'a' + 'A'
			case 'A' <= c && c <= 'Z':
				b[i] = c - 'A' + 'a'
			}
		}
	}
	return string(b)
}

// Mutate returns text with one byte changed, put in or taken out.
func (r *Rand) Mutate(text string) string {
	if text == "" {
		return string(r.Bytes(1))
	}
	at := r.IntN(len(text))
	c := string(r.Bytes(1))
	if r.Chance(50) { // what parsers look for
		c = string([]byte{r.Byte("\r\n\t\x00 :;,=\"\\/%#?@[]{}*.+-09aAzZ\x7f\x80")})
	}
	switch r.IntN(4) {
	case 0:
		return text[:at] + c + text[at:]
	case 1:
		return text[:at] + text[at+1:]
	case 2:
		return text[:at] + text[at:at+1] + text[at:]
	}
	return text[:at] + c + text[at+1:]
}

// Cuts returns up to most places at which n bytes may be cut, in order.
func (r *Rand) Cuts(n, most int) []int {
	var cuts []int
	if n < 2 {
		return nil
	}
	for range r.IntN(most + 1) {
		cuts = append(cuts, r.Between(1, n-1))
	}
	slices.Sort(cuts)
	return cuts
}

// Pick returns one of several.
func Pick[T any](r *Rand, of ...T) T { return of[r.IntN(len(of))] }

func isPrint(r rune) bool { return unicode.IsPrint(r) }
