package static

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	m := preference.FindSubmatch(member)
	if m == nil {
		return nil, 0, false
	}
	digits := strings.ReplaceAll(string(m[2]), ".", "")
	if digits == "" {
		return m[1], 1000, true
	}
	quality, err := strconv.Atoi((digits + "000")[:4])
	return m[1], quality, err == nil
}

var preference = regexp.MustCompile("^([A-Za-z0-9!#$%&'*+.^_`|~-]+)" + `(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$`)

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
	qualities := map[string]int{}
	for member := range h.Members("Accept-Encoding") {
		coding, quality, ok := ParsePreference(member)
		name := codingName(string(coding))
		if _, known := qualities[name]; ok && !known {
			qualities[name] = quality
		}
	}
	qualityOf := func(coding string) int {
		if quality, named := qualities[codingName(coding)]; named {
			return quality
		}
		return qualities["*"]
	}
	wanted := []string{}
	for _, coding := range offered {
		if q := qualityOf(coding); q > 0 && q >= qualityOf("identity") {
			wanted = append(wanted, coding)
		}
	}
	slices.SortStableFunc(wanted, func(a, b string) int { return qualityOf(b) - qualityOf(a) })
	return append(dst, wanted...)
}

func codingName(coding string) string {
	name := strings.ToLower(coding)
	if name == "x-gzip" {
		return "gzip"
	}
	return name
}
