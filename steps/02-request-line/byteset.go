package reqline

// A byteSet says for each byte value whether it is in the set. One look-up is
// quicker than any comparison, and a table cannot forget a case.
type byteSet [256]bool

// newByteSet returns the set of the bytes in chars, and of all ASCII letters
// and digits, which every set of HTTP and of URIs has.
func newByteSet(chars string) *byteSet {
	var s byteSet
	for c := '0'; c <= '9'; c++ {
		s[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		s[c], s[c-'a'+'A'] = true, true
	}
	for i := range len(chars) {
		s[chars[i]] = true
	}
	return &s
}

const (
	unreserved = "-._~"        // RFC 3986 §2.3, beside letters and digits
	subDelims  = "!$&'()*+,;=" // RFC 3986 §2.2
	pchar      = unreserved + subDelims + ":@%"
)

var (
	// tokenBytes are those of a token (RFC 9110 §5.6.2).
	tokenBytes = newByteSet("!#$%&'*+-.^_`|~")

	// unreservedBytes mean the same whether they are percent-encoded or not
	// (RFC 3986 §2.3).
	unreservedBytes = newByteSet(unreserved)

	// pathBytes are those of a path (RFC 3986 §3.3), and four more that
	// browsers send as they are. A backslash is not among them: on some
	// systems it separates folders.
	pathBytes = newByteSet(pchar + "/" + "[]^|")

	// queryBytes are those of a query (RFC 3986 §3.4), and those that
	// browsers send as they are.
	queryBytes = newByteSet(pchar + "/?" + "[]^|{}`\\")

	// nameBytes are those of a registered name (RFC 3986 §3.2.2) but for the
	// comma: two Host fields that somebody joined would have one, and no
	// name has.
	nameBytes = newByteSet(unreserved + "!$&'()*+;=" + "%")
)

// IsToken says whether c may stand in a token (RFC 9110 §5.6.2), the syntax of
// methods, field names and much else.
func IsToken(c byte) bool { return tokenBytes[c] }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// hexValue returns the value of a hexadecimal digit, or -1.
func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// percentByte returns the byte that the three characters at the start of src
// stand for, if they are a percent sign and two hexadecimal digits.
func percentByte(src []byte) (c byte, ok bool) {
	if len(src) < 3 || src[0] != '%' {
		return 0, false
	}
	high, low := hexValue(src[1]), hexValue(src[2])
	return byte(high<<4 | low), high >= 0 && low >= 0
}
