package message

import (
	"barewire/solutions/02-request-line"
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
//
//starter:todo 3.10 Digits first: no sign, no 0x, at least one. What stops you must be an extension or the end.
func ParseChunkSize(line []byte) (size int64, ext []byte, err error) {
	const rule = "RFC 9112 §7.1"
	i := 0
	for ; i < len(line); i++ {
		digit := hexDigit(line[i])
		if digit < 0 {
			break
		}
		if size > MaxLength>>4 {
			return 0, nil, protocolError(400, rule, i, "a chunk size that does not fit into 63 bits")
		}
		size = size<<4 | digit
	}
	if i == 0 {
		return 0, nil, protocolError(400, rule, 0, "a chunk without a size")
	}
	ext = line[i:]
	if at := badExtension(ext); at >= 0 {
		return 0, nil, protocolError(400, "RFC 9112 §7.1.1", i+at, "bytes behind a chunk size that are no extension")
	}
	return size, ext, nil
}

//starter:omit
func hexDigit(c byte) int64 {
	switch {
	case '0' <= c && c <= '9':
		return int64(c - '0')
	case 'a' <= lower(c) && lower(c) <= 'f':
		return int64(lower(c)-'a') + 10
	}
	return -1
}

// badExtension returns the offset of the first byte of ext that breaks the
// grammar of chunk extensions, or -1:
//
//	chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
//
//starter:omit
func badExtension(ext []byte) int {
	for i := 0; i < len(ext); {
		if i = skipBWS(ext, i); i == len(ext) || ext[i] != ';' {
			return i
		}
		name := skipBWS(ext, i+1)
		if i = skipToken(ext, name); i == name {
			return i
		}
		equals := skipBWS(ext, i)
		if equals == len(ext) || ext[equals] != '=' {
			continue
		}
		value := skipBWS(ext, equals+1)
		if i = skipQuoted(ext, value); i == value {
			i = skipToken(ext, value)
		}
		if i == value {
			return i
		}
	}
	return -1
}

//starter:omit
func skipBWS(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

//starter:omit
func skipToken(b []byte, i int) int {
	for i < len(b) && reqline.IsToken(b[i]) {
		i++
	}
	return i
}

// skipQuoted returns the offset behind the quoted string that starts at i, or i
// if none does or it has no end (RFC 9110 §5.6.4).
//
//starter:omit
func skipQuoted(b []byte, i int) int {
	if i == len(b) || b[i] != '"' {
		return i
	}
	for j := i + 1; j < len(b); j++ {
		switch {
		case b[j] == '"':
			return j + 1
		case b[j] == '\\':
			j++
		}
		if j == len(b) || isControl(b[j]) {
			break
		}
	}
	return i
}
