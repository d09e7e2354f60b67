package middleware

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/steps/03-headers-bodies"
)

// Negotiate returns the content coding for a response (RFC 9110 §12.5.3): the one of
// offers that the Accept-Encoding fields in h give the highest quality, or
// "identity", which means none and is always on offer; the first of offers where
// several have the same, and identity last. It returns "" if the client accepts
// nothing of it; a server may send identity all the same.
//
// A coding has the quality of the first member that names it, in any case of
// letters, "x-gzip" being gzip and "x-compress" compress; otherwise that of the
// member "*"; otherwise it is not accepted. Identity that is neither named nor meant
// by "*" is accepted, but anything else that is accepted is better. Members that
// [ParseCoding] does not accept are left out. Without the field, or with an empty
// one, the result is identity: most who say nothing can decode nothing.
func Negotiate(h *message.Header, offers ...string) string {
	best, top := "", 0
	for _, offer := range slices.Concat(offers, []string{"identity"}) {
		if q := quality(h, canonical(offer)); q > top {
			best, top = offer, q
		}
	}
	return best
}

// quality is that of a coding, times 1000, plus 1 if it is accepted.
func quality(h *message.Header, coding string) int {
	star := -1
	for m := range h.Members("Accept-Encoding") {
		c, q, ok := ParseCoding(m)
		if q > 0 {
			q++
		}
		if name := canonical(string(c)); ok && name == coding {
			return q
		} else if ok && name == "*" && star < 0 {
			star = q
		}
	}
	if star < 0 && coding == "identity" {
		return 1
	}
	return max(star, 0)
}

func canonical(coding string) string {
	coding = strings.ToLower(coding)
	if coding == "x-gzip" || coding == "x-compress" {
		return coding[2:]
	}
	return coding
}

// ParseCoding parses one member of Accept-Encoding:
//
//	codings [ OWS ";" OWS "q=" qvalue ]
//
// and returns the coding, borrowed, and its quality in thousandths, 1000 where none
// is given. A qvalue is 0 or 1 with at most three digits behind a point, and at most
// 1 (RFC 9110 §12.4.2). For anything else ok is false.
//
// Step 9 parses the same member (static.ParsePreference), by the same rules. It is
// done twice because steps 5 to 9 may be taken in any order: none leans on another.
func ParseCoding(member []byte) (coding []byte, quality int, ok bool) {
	m := weighted.FindSubmatch(member)
	if m == nil {
		return nil, 0, false
	}
	q, err := strconv.ParseFloat(string(m[2]), 64)
	if err != nil { // none is given
		q = 1
	}
	return m[1], int(math.Round(q * 1000)), true
}

var weighted = regexp.MustCompile("^([\\w!#$%&'*+.^`|~-]+)" + `(?:[ \t]*;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$`)
