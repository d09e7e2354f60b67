package middleware

import (
	"regexp"
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
	wanted := map[string]int{}
	for m := range h.Members("Accept-Encoding") {
		coding, quality, ok := ParseCoding(m)
		if !ok {
			continue
		}
		name := strings.ToLower(string(coding))
		if _, twice := wanted[alias(name)]; !twice {
			wanted[alias(name)] = quality
		}
	}
	// Twice the quality, so that there is room for an identity that nobody has
	// spoken of: below everything that is accepted.
	quality := func(name string, silent int) int {
		for _, n := range []string{alias(name), "*"} {
			if q, ok := wanted[n]; ok {
				return 2 * q
			}
		}
		return silent
	}
	best, name := 0, ""
	try := func(offer string, silent int) {
		if q := quality(offer, silent); q > best {
			best, name = q, offer
		}
	}
	for _, offer := range offers {
		if offer != "identity" {
			try(offer, 0)
		}
	}
	try("identity", 1)
	return name
}

func alias(coding string) string {
	switch coding = strings.ToLower(coding); coding {
	case "x-gzip", "x-compress":
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
	m := memberForm.FindSubmatch(member)
	if m == nil {
		return nil, 0, false
	}
	if m[2] == nil {
		return m[1], 1000, true
	}
	thousandths, _ := strconv.Atoi((strings.ReplaceAll(string(m[2]), ".", "") + "000")[:4])
	return m[1], thousandths, true
}

var memberForm = regexp.MustCompile("\\A([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\\.[0-9]{0,3})?|1(?:\\.0{0,3})?))?\\z")
