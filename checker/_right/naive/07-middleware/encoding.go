package middleware

import (
	"math"
	"regexp"
	"slices"
	"strconv"
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
	qualities := map[string]int{}
	for member := range h.Members("Accept-Encoding") {
		coding, quality, ok := ParseCoding(member)
		if !ok {
			continue
		}
		name := codingName(string(coding))
		if _, known := qualities[name]; !known {
			qualities[name] = quality
		}
	}
	qualityOf := func(coding string) float64 {
		quality, named := qualities[codingName(coding)]
		if !named {
			quality, named = qualities["*"]
		}
		if !named && coding == "identity" {
			return 0.5 // less than the smallest that can be said
		}
		return float64(quality)
	}

	best, bestQuality := "", 0.0
	for _, offer := range append(slices.Clone(offers), "identity") {
		if q := qualityOf(offer); q > bestQuality {
			best, bestQuality = offer, q
		}
	}
	return best
}

func codingName(coding string) string {
	name := strings.ToLower(coding)
	if name == "x-gzip" || name == "x-compress" {
		return name[len("x-"):]
	}
	return name
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
	end := 0
	for end < len(member) && reqline.IsToken(member[end]) {
		end++
	}
	if end == 0 {
		return nil, 0, false
	}
	if end == len(member) {
		return member, 1000, true
	}
	m := weightPattern.FindStringSubmatch(string(member[end:]))
	if m == nil {
		return nil, 0, false
	}
	weight, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return nil, 0, false
	}
	return member[:end], int(math.Round(weight * 1000)), true
}

var weightPattern = regexp.MustCompile(`^[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$`)
