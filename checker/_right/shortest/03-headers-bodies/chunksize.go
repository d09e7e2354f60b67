package message

import (
	"regexp"
	"strconv"
)

// ParseChunkSize parses the line before a chunk, without its CRLF (RFC 9112
// §7.1), and returns the size of the chunk in bytes and its extensions:
//
//	chunk-size [ chunk-ext ]
//
// Ext is everything behind the digits as it stands there, blanks and semicolons
// too, borrowed; it is empty if there is nothing. That it follows the grammar has
// been checked.
//
// Every error is a 400: a size that is not hexadecimal digits only or does not
// fit into 63 bits, and extensions that break the grammar of RFC 9112 §7.1.1.
// What no extension is and yet stands behind the size, such as one space, has
// been a way to hide a second message from a parser that skips it.
func ParseChunkSize(line []byte) (size int64, ext []byte, err error) {
	m := chunkSize.FindSubmatchIndex(line)
	if m == nil || m[1] < len(line) {
		return 0, nil, protocolError(400, "RFC 9112 §7.1.1", append(m, 0, 0)[1], "no chunk size, or a bad extension")
	}
	u, err := strconv.ParseUint(string(line[:m[3]]), 16, 63)
	if err != nil {
		return 0, nil, protocolError(400, "RFC 9112 §7.1", 0, "a chunk size out of range")
	}
	return int64(u), line[m[3]:], nil
}

// chunkSize matches the size in its first group, and extensions.
var chunkSize = func() *regexp.Regexp {
	const token = "[\\w!#$%&'*+.^`|~-]+"
	const quoted = `"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*"`
	const blanks = `[ \t]*`
	return regexp.MustCompile(`^([0-9A-Fa-f]+)(?:` + blanks + `;` + blanks + token +
		`(?:` + blanks + `=` + blanks + `(?:` + token + `|` + quoted + `))?)*`)
}()
