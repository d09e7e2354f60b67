package reqline

import "fmt"

// A Version is the version of HTTP that a message says it speaks.
type Version struct {
	Major, Minor uint8 // one digit each
}

// HTTP10 and HTTP11 are the versions that this course speaks.
var (
	HTTP10 = Version{1, 0}
	HTTP11 = Version{1, 1}
)

// String writes v as it stands in a message: "HTTP/1.1".
func (v Version) String() string {
	return fmt.Sprintf("HTTP/%d.%d", v.Major, v.Minor)
}

// ParseVersion reads the HTTP version that src consists of (RFC 9112 §2.3):
// the four letters in upper case, a slash, a digit, a dot, a digit, and nothing
// else.
//
// The errors are a 400 where it looks otherwise, and a 505 for a major version
// other than 1 (RFC 9110 §15.6.6). A minor version above 1 is no error: such a
// message may be handled as HTTP/1.1 (RFC 9110 §2.5).
func ParseVersion(src []byte) (Version, error) {
	const form = "HTTP/0.0"
	for i := range max(len(form), len(src)) {
		if i >= len(src) || i >= len(form) || src[i] != form[i] && (form[i] != '0' || !isDigit(src[i])) {
			return Version{}, badRequest("RFC 9112 §2.3", i, "no version")
		}
	}
	if src[5] != '1' {
		return Version{}, &ProtocolError{Status: 505, Rule: "RFC 9110 §15.6.6", Offset: 5, Msg: "unknown major version"}
	}
	return Version{1, src[7] - '0'}, nil
}
