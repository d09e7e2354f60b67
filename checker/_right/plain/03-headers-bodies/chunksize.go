package message

import "barewire/steps/02-request-line"

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
	i := 0
	for i < len(line) {
		v := hexDigit(line[i])
		if v < 0 {
			break
		}
		if size > (1<<63-1)>>4 {
			return 0, nil, protocolError(400, "RFC 9112 §7.1", i, "size too large")
		}
		size = size<<4 | int64(v)
		i++
	}
	if i == 0 {
		return 0, nil, protocolError(400, "RFC 9112 §7.1", 0, "no size")
	}
	ext = line[i:]
	for i < len(line) {
		i = blanks(line, i)
		if i == len(line) || line[i] != ';' {
			return 0, nil, protocolError(400, "RFC 9112 §7.1.1", i, "no semicolon")
		}
		i = blanks(line, i+1)
		end := token(line, i)
		if end == i {
			return 0, nil, protocolError(400, "RFC 9112 §7.1.1", i, "no name")
		}
		i = end
		eq := blanks(line, i)
		if eq == len(line) || line[eq] != '=' {
			continue
		}
		i = blanks(line, eq+1)
		if i < len(line) && line[i] == '"' {
			i++
			for i < len(line) && line[i] != '"' {
				if line[i] == '\\' {
					i++
				}
				if i < len(line) && (line[i] < ' ' && line[i] != '\t' || line[i] == 0x7f) {
					return 0, nil, protocolError(400, "RFC 9110 §5.6.4", i, "control in quotes")
				}
				i++
			}
			if i >= len(line) {
				return 0, nil, protocolError(400, "RFC 9112 §7.1.1", len(line), "no closing quote")
			}
			i++
			continue
		}
		end = token(line, i)
		if end == i {
			return 0, nil, protocolError(400, "RFC 9112 §7.1.1", i, "no value")
		}
		i = end
	}
	return size, ext, nil
}

func hexDigit(c byte) int {
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

func blanks(line []byte, i int) int {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	return i
}

func token(line []byte, i int) int {
	for i < len(line) && reqline.IsToken(line[i]) {
		i++
	}
	return i
}
