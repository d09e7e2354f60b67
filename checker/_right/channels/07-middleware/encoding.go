package middleware

import (
	"bytes"
	"strings"

	"barewire/steps/02-request-line"
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
	best, most := "", 0
	// Twice the quality, so that there is a place for an identity that is not named.
	for _, coding := range offers {
		if q := 2 * quality(h, coding, 0); q > most {
			best, most = coding, q
		}
	}
	q := quality(h, "identity", -1)
	if q *= 2; q < 0 {
		q = 1
	}
	if q > most {
		best = "identity"
	}
	return best
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
	n := 0
	for n < len(member) && reqline.IsToken(member[n]) {
		n++
	}
	if n == 0 {
		return nil, 0, false
	}
	coding, weight := member[:n], member[n:]
	if len(weight) == 0 {
		return coding, 1000, true
	}
	const ows = " \t"
	weight, ok = bytes.CutPrefix(bytes.TrimLeft(weight, ows), []byte(";"))
	weight = bytes.TrimLeft(weight, ows)
	if !ok || len(weight) < 3 || weight[0]|0x20 != 'q' || weight[1] != '=' {
		return nil, 0, false
	}
	if quality, ok = parseWeight(weight[2:]); !ok {
		return nil, 0, false
	}
	return coding, quality, true
}

// parseWeight parses a qvalue into thousandths.
func parseWeight(s []byte) (thousandths int, ok bool) {
	if s[0] != '0' && s[0] != '1' || len(s) > 5 || len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	unit := 1000
	thousandths = unit * int(s[0]-'0')
	for _, c := range s[min(2, len(s)):] {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		thousandths += unit * int(c-'0')
	}
	return thousandths, thousandths <= 1000
}

// quality returns the quality of a coding in thousandths, and otherwise where nothing
// is said of it.
func quality(h *message.Header, coding string, otherwise int) int {
	named, star := -1, -1
	for m := range h.Members("Accept-Encoding") {
		name, q, ok := ParseCoding(m)
		switch {
		case !ok:
		case named < 0 && strings.EqualFold(modern(string(name)), modern(coding)):
			named = q
		case star < 0 && string(name) == "*":
			star = q
		}
	}
	switch {
	case named >= 0:
		return named
	case star >= 0:
		return star
	}
	return otherwise
}

// modern returns the name that a coding has today (RFC 9110 §8.4.1).
func modern(coding string) string {
	if strings.EqualFold(coding, "x-gzip") || strings.EqualFold(coding, "x-compress") {
		return coding[2:]
	}
	return coding
}
