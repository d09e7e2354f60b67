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
func ParseMethod(line []byte) (method string, n int, err error) {
	for n < len(line) && IsToken(line[n]) {
		n++
	}
	if n > MaxMethod {
		return "", 0, &ProtocolError{Status: 501, Rule: "RFC 9112 §3", Offset: MaxMethod, Msg: "the method is too long"}
	}
	if n == 0 || n == len(line) || line[n] != ' ' {
		return "", 0, badRequest("RFC 9112 §3.1", n, "no method and one space")
	}
	return string(line[:n]), n + 1, nil
}
