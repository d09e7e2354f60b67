package reqline

// MaxMethod is the longest method that is parsed, in bytes. The longest one in
// the IANA registry, UPDATEREDIRECTREF, has 17.
const MaxMethod = 32

// ParseMethod reads the method at the start of line and the one space behind it
// (RFC 9112 §3.1), and returns how many bytes both took. A method is a token
// and its case matters: "get" is a method, but not GET.
//
// The errors are a 501 where the line starts with a token of more than
// [MaxMethod] bytes (RFC 9112 §3: a server SHOULD say so of a method longer than
// any that it implements), and a 400 where it starts with anything else but a
// token and one space.
//
//starter:todo 2.1 Walk over token characters; what stops you must be a space.
func ParseMethod(line []byte) (method string, n int, err error) {
	for n < len(line) && IsToken(line[n]) {
		n++
	}
	switch {
	case n > MaxMethod:
		return "", 0, &ProtocolError{Status: 501, Rule: "RFC 9112 §3", Offset: MaxMethod,
			Msg: "a method longer than any that is known"}
	case n == len(line):
		return "", 0, badRequest("RFC 9112 §3", n, "the line ends in the method")
	case n == 0:
		return "", 0, badRequest("RFC 9112 §3.1", 0, "%q where the method should start", line[:1])
	case line[n] != ' ':
		return "", 0, badRequest("RFC 9112 §3.1", n, "%q in the method", line[n:n+1])
	}
	return knownMethod(line[:n]), n + 1, nil
}

// knownMethod returns b as a string, without a copy for the methods that nearly
// every request has: the compiler compares the bytes in place.
//
//starter:omit
func knownMethod(b []byte) string {
	switch string(b) {
	case "GET":
		return "GET"
	case "HEAD":
		return "HEAD"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "DELETE":
		return "DELETE"
	case "CONNECT":
		return "CONNECT"
	case "OPTIONS":
		return "OPTIONS"
	case "TRACE":
		return "TRACE"
	case "PATCH":
		return "PATCH"
	}
	return string(b)
}
