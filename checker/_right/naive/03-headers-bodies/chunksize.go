package message

import (
	"fmt"
	"strconv"
	"strings"

	"barewire/steps/02-request-line"
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
	digits := 0
	for digits < len(line) && strings.IndexByte("0123456789abcdefABCDEF", line[digits]) >= 0 {
		digits++
	}
	size, err = strconv.ParseInt(string(line[:digits]), 16, 64)
	if err != nil {
		return 0, nil, protocolError(400, "RFC 9112 §7.1", 0, fmt.Sprintf("no chunk size: %q", line))
	}
	for i := digits; i < len(line); {
		next, ok := skipExtension(line, i)
		if !ok {
			return 0, nil, protocolError(400, "RFC 9112 §7.1.1", next, fmt.Sprintf("no chunk extension: %q", line))
		}
		i = next
	}
	return size, line[digits:], nil
}

// skipExtension returns the index behind the extension that starts at i, or that of
// the byte which breaks the grammar.
func skipExtension(line []byte, i int) (next int, ok bool) {
	i = skipBlanks(line, i)
	if i == len(line) || line[i] != ';' {
		return i, false
	}
	i = skipBlanks(line, i+1)
	end := skipToken(line, i)
	if end == i {
		return i, false
	}
	equals := skipBlanks(line, end)
	if equals == len(line) || line[equals] != '=' {
		return end, true
	}
	i = skipBlanks(line, equals+1)
	if i < len(line) && line[i] == '"' {
		return skipQuoted(line, i)
	}
	end = skipToken(line, i)
	return end, end > i
}

func skipBlanks(line []byte, i int) int {
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	return i
}

func skipToken(line []byte, i int) int {
	for i < len(line) && reqline.IsToken(line[i]) {
		i++
	}
	return i
}

func skipQuoted(line []byte, i int) (next int, ok bool) {
	for i++; i < len(line); i++ {
		if line[i] == '"' {
			return i + 1, true
		}
		if line[i] == '\\' {
			i++
		}
		if i < len(line) && isControl(line[i]) && line[i] != '\t' {
			return i, false
		}
	}
	return len(line), false
}
