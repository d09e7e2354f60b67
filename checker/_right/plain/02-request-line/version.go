package reqline

import (
	"fmt"
)

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
	if len(src) != 8 || string(src[:5]) != "HTTP/" || !isDigit(src[5]) || src[6] != '.' || !isDigit(src[7]) {
		return Version{}, badRequest("RFC 9112 §2.3", 0, "bad version")
	}
	v := Version{src[5] - '0', src[7] - '0'}
	if v.Major != 1 {
		return Version{}, &ProtocolError{Status: 505, Rule: "RFC 9110 §15.6.6", Offset: 5, Msg: "version not supported"}
	}
	return v, nil
}
