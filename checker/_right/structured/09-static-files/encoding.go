package static

import (
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
	const (
		inName = iota
		gap    // behind the name
		semi   // behind the semicolon
		q      // behind q
		equal  // behind =
		one    // behind 1
		zero   // behind 0
		dot    // behind the dot of 1.
		digits // behind the dot of 0.
	)
	state, end, unit := inName, len(member), 1000
	for i, c := range member {
		blank := c == ' ' || c == '\t'
		switch {
		case state == inName && reqline.IsToken(c):
		case state <= gap && blank && i > 0:
			if state == inName {
				end = i
			}
			state = gap
		case state <= gap && c == ';' && i > 0:
			end = min(end, i)
			state = semi
		case state == semi && blank:
		case state == semi && c|0x20 == 'q':
			state = q
		case state == q && c == '=':
			state = equal
		case state == equal && c == '1':
			state, quality = one, 1000
		case state == equal && c == '0':
			state = zero
		case state == one && c == '.':
			state = dot
		case state == zero && c == '.':
			state = digits
		case state == dot && c == '0' && unit > 1:
			unit /= 10
		case state == digits && '0' <= c && c <= '9' && unit > 1:
			unit /= 10
			quality += unit * int(c-'0')
		default:
			return nil, 0, false
		}
	}
	switch {
	case len(member) == 0 || state > inName && state < one:
		return nil, 0, false
	case state == inName:
		quality = 1000
	}
	return member[:end], quality, true
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
	said := map[string]int{}
	for m := range h.Members("Accept-Encoding") {
		if coding, quality, ok := ParsePreference(m); ok {
			name := canonical(string(coding))
			if _, twice := said[name]; !twice {
				said[name] = quality
			}
		}
	}
	quality := func(name string) int {
		if q, ok := said[canonical(name)]; ok {
			return q
		}
		return said["*"]
	}
	own := len(dst)
	for _, name := range offered {
		if q := quality(name); q > 0 && q >= quality("identity") {
			dst = append(dst, name)
		}
	}
	slices.SortStableFunc(dst[own:], func(a, b string) int { return quality(b) - quality(a) })
	return dst
}

func canonical(coding string) string {
	if coding = strings.ToLower(coding); coding == "x-gzip" {
		return "gzip"
	}
	return coding
}
