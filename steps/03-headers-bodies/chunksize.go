package message

import "errors"

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
	// TODO 3.10: Digits first: no sign, no 0x, at least one. What stops you must be an extension or the end.
	return 0, nil, errors.New("task 3.10 is not written yet")
}
