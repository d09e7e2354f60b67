package static

import (
	"bytes"
	"slices"
	"strings"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// ParsePreference parses one member of an Accept-Encoding field (RFC 9110 §12.5.3):
// a content coding, "identity" or "*", and perhaps a weight. It returns the coding,
// borrowed, and its quality in thousandths: 1000 without a weight, and 0 for what is
// not acceptable.
//
//	gzip
//	br;q=0.8
//	* ; Q=0
//
// Spaces and tabs may stand around the semicolon and nowhere else. A weight is 0 or
// 1 and perhaps a dot and up to three digits, and not more than 1 (§12.4.2). Anything
// else is not ok.
//
// Step 7 parses the same member (middleware.ParseCoding), by the same rules. It is
// done twice because steps 5 to 9 may be taken in any order: none leans on another.
func ParsePreference(member []byte) (coding []byte, quality int, ok bool) {
	coding, weight, weighted := bytes.Cut(member, []byte(";"))
	if weighted {
		coding = bytes.TrimRight(coding, ows)
	}
	if len(coding) == 0 || slices.ContainsFunc(coding, func(c byte) bool { return !reqline.IsToken(c) }) {
		return nil, 0, false
	}
	if !weighted {
		return coding, 1000, true
	}
	name, value, ok := strings.Cut(strings.TrimLeft(string(weight), ows), "=")
	if !ok || !strings.EqualFold(name, "q") {
		return nil, 0, false
	}
	// The digits of a qvalue, filled up with zeros, are its thousandths.
	whole, part, _ := strings.Cut(value, ".")
	if len(whole) != 1 || len(part) > 3 {
		return nil, 0, false
	}
	for _, c := range whole + part + "000"[len(part):] {
		if c < '0' || c > '9' {
			return nil, 0, false
		}
		quality = 10*quality + int(c-'0')
	}
	if quality > 1000 {
		return nil, 0, false
	}
	return coding, quality, true
}

// AppendAccepted appends to dst those of the offered codings that a client prefers
// to a file as it is, the most wanted first, and returns it. Those that it wants
// equally come in the order in which they are offered.
//
// A coding that is listed has the quality that is said there, and another one that
// of "*" if that is listed, or 0. "identity" is the file as it is, and has a quality
// in the same way: "*" speaks of it too. Codings with quality 0 are never appended, and
// those that identity has a greater quality than are not either. Names are compared without regard to case, and x-gzip is gzip (RFC 9110
// §8.4.1.3). If a coding is there twice the first counts. Without an Accept-Encoding
// field nothing is appended: such a client may well not know any coding.
func AppendAccepted(dst []string, h *message.Header, offered ...string) []string {
	type wish struct {
		coding  string
		quality int
	}
	var wishes []wish
	identity := quality(h, "identity")
	for _, coding := range offered {
		if q := quality(h, coding); q > 0 && q >= identity {
			wishes = append(wishes, wish{coding, q})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return b.quality - a.quality })
	for _, w := range wishes {
		dst = append(dst, w.coding)
	}
	return dst
}

// quality returns the quality of a coding, in thousandths: as it is listed, or that
// of "*", or 0.
func quality(h *message.Header, coding string) int {
	star, starred := 0, false
	for m := range h.Members("Accept-Encoding") {
		name, q, ok := ParsePreference(m)
		switch {
		case !ok:
		case strings.EqualFold(string(name), coding), coding == "gzip" && strings.EqualFold(string(name), "x-gzip"):
			return q
		case string(name) == "*" && !starred:
			star, starred = q, true
		}
	}
	return star
}
