package static

import (
	"bytes"
	"slices"
	"strings"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
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
//
//starter:todo 9.10 Cut at the semicolon, then read the digits; no floating point is needed.
func ParsePreference(member []byte) (coding []byte, quality int, ok bool) {
	coding, weight, weighted := bytes.Cut(member, []byte(";"))
	if weighted {
		coding = bytes.TrimRight(coding, " \t")
	}
	for _, c := range coding {
		if !reqline.IsToken(c) {
			return nil, 0, false
		}
	}
	if len(coding) == 0 {
		return nil, 0, false
	}
	if !weighted {
		return coding, 1000, true
	}
	quality, ok = parseWeight(bytes.TrimLeft(weight, " \t"))
	return coding, quality, ok
}

// parseWeight parses "q=" and a number from 0 to 1 in thousandths.
//
//starter:omit
func parseWeight(src []byte) (quality int, ok bool) {
	if len(src) < len("q=0") || len(src) > len("q=0.000") || src[0]|0x20 != 'q' || src[1] != '=' {
		return 0, false
	}
	whole, digits := src[2], src[3:]
	if len(digits) > 0 && digits[0] != '.' {
		return 0, false
	}
	quality = int(whole-'0') * 1000 // too much already if it is not 0 or 1
	for i, scale := 1, 100; i < len(digits); i, scale = i+1, scale/10 {
		if digits[i] < '0' || '9' < digits[i] {
			return 0, false
		}
		quality += int(digits[i]-'0') * scale
	}
	return quality, quality <= 1000
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
//
//starter:todo 9.10 The quality of each, then the order.
func AppendAccepted(dst []string, h *message.Header, offered ...string) []string {
	if !h.Has("Accept-Encoding") {
		return dst
	}
	floor := quality(h, "identity")
	start := len(dst)
	for _, coding := range offered {
		q := quality(h, coding)
		if q == 0 || q < floor {
			continue
		}
		// Insertion is sort enough for three codings.
		at := len(dst)
		for at > start && quality(h, dst[at-1]) < q {
			at--
		}
		dst = slices.Insert(dst, at, coding)
	}
	return dst
}

// quality returns how much a client wants a coding.
//
//starter:omit
func quality(h *message.Header, coding string) int {
	q, ok := listed(h, coding)
	if !ok {
		q, _ = listed(h, "*")
	}
	return q
}

// listed returns the quality of a member of Accept-Encoding, if it is there.
//
//starter:omit
func listed(h *message.Header, name string) (q int, ok bool) {
	for member := range h.Members("Accept-Encoding") {
		coding, q, ok := ParsePreference(member)
		if !ok {
			continue
		}
		if strings.EqualFold(string(coding), name) || name == "gzip" && strings.EqualFold(string(coding), "x-gzip") {
			return q, true
		}
	}
	return 0, false
}
