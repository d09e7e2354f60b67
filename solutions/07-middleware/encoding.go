package middleware

import (
	"bytes"
	"strings"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
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
//
//starter:todo 7.7 Ask for the quality of each offer in turn, and keep the best.
func Negotiate(h *message.Header, offers ...string) string {
	best, bestQuality := "", 0
	for _, o := range offers {
		if q, _ := codingQuality(h, o); q > bestQuality {
			best, bestQuality = o, q
		}
	}
	if bestQuality == 1000 {
		return best // identity can be no better
	}
	q, ok := codingQuality(h, "identity")
	if !ok {
		q = 1 // a thousandth, and not more than any other
	}
	if q > bestQuality {
		return "identity"
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
//
//starter:todo 7.7 A token, perhaps a weight, and then the end.
func ParseCoding(member []byte) (coding []byte, quality int, ok bool) {
	coding, weight, weighted := bytes.Cut(member, []byte(";"))
	if weighted {
		coding = bytes.TrimRight(coding, " \t")
		if quality, ok = parseWeight(bytes.TrimLeft(weight, " \t")); !ok {
			return nil, 0, false
		}
	} else {
		quality = 1000
	}
	for _, c := range coding {
		if !reqline.IsToken(c) {
			return nil, 0, false
		}
	}
	return coding, quality, len(coding) > 0
}

// parseWeight parses "q=" and what follows, in thousandths.
//
//starter:omit
func parseWeight(weight []byte) (quality int, ok bool) {
	if len(weight) < 3 || weight[0]|0x20 != 'q' || weight[1] != '=' {
		return 0, false
	}
	quality = int(weight[2]-'0') * 1000 // too much already if it is not 0 or 1
	digits := weight[3:]
	if len(digits) > 0 && digits[0] != '.' || len(digits) > 4 {
		return 0, false
	}
	for i, worth := 1, 100; i < len(digits); i, worth = i+1, worth/10 {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		quality += int(digits[i]-'0') * worth
	}
	return quality, quality <= 1000
}

// codingQuality returns the quality of a coding, and whether the client has said
// anything about it.
//
//starter:omit
func codingQuality(h *message.Header, coding string) (quality int, ok bool) {
	for m := range h.Members("Accept-Encoding") {
		switch c, q, _ := ParseCoding(m); { // what is none has no name
		case isCoding(c, coding):
			return q, true
		case len(c) == 1 && c[0] == '*' && !ok:
			quality, ok = q, true
		}
	}
	return quality, ok
}

// isCoding says whether name, as a client writes it, is this coding. RFC 9110 §8.4.1:
// x-gzip and x-compress are old names.
//
//starter:omit
func isCoding(name []byte, coding string) bool {
	if hasPrefixFold(name, "x-") && (coding == "gzip" || coding == "compress") {
		name = name[2:]
	}
	return strings.EqualFold(string(name), coding)
}
