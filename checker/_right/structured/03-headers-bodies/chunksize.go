package message

import (
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
	for digits < len(line) {
		d := strings.IndexByte("0123456789abcdef", lower(line[digits]))
		if d < 0 {
			break
		}
		if size > MaxLength>>4 {
			return 0, nil, protocolError(400, "RFC 9112 §7.1", digits, "chunk size")
		}
		size = size<<4 | int64(d)
		digits++
	}
	if digits == 0 {
		return 0, nil, protocolError(400, "RFC 9112 §7.1", 0, "no chunk size")
	}
	ext = line[digits:]
	if n, ok := extensions.run(extStart, ext); !ok {
		return 0, nil, protocolError(400, "RFC 9112 §7.1.1", digits+n, "chunk extension")
	}
	return size, ext, nil
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// The classes of bytes in extensions. A control but the tab has none.
const (
	cToken = iota + 1
	cBlank
	cSemicolon
	cEqual
	cQuote
	cBackslash
	cOther // in quotes only
)

// The states: what was the last thing that is not blank?
const (
	extStart   = iota // nothing is open: behind the size or a value
	extGap            // the same, and blanks
	extSemi           // a semicolon
	extName           // in a name
	extNameGap        // a name, and blanks
	extEqual          // an equals sign
	extValue          // in a token that is a value
	extQuoted         // in quotes
	extEscaped        // behind a backslash in quotes
)

var extensions = machine{
	class: func(c byte) int {
		switch {
		case reqline.IsToken(c):
			return cToken
		case isBlank(c):
			return cBlank
		case isControl(c):
			return 0
		}
		if i := strings.IndexByte(`;="\`, c); i >= 0 {
			return cSemicolon + i
		}
		return cOther
	},
	next: []map[int]int{
		extStart:   {cBlank: extGap, cSemicolon: extSemi},
		extGap:     {cBlank: extGap, cSemicolon: extSemi},
		extSemi:    {cBlank: extSemi, cToken: extName},
		extName:    {cToken: extName, cBlank: extNameGap, cSemicolon: extSemi, cEqual: extEqual},
		extNameGap: {cBlank: extNameGap, cSemicolon: extSemi, cEqual: extEqual},
		extEqual:   {cBlank: extEqual, cToken: extValue, cQuote: extQuoted},
		extValue:   {cToken: extValue, cBlank: extGap, cSemicolon: extSemi},
		extQuoted:  {cToken: extQuoted, cBlank: extQuoted, cSemicolon: extQuoted, cEqual: extQuoted, cOther: extQuoted, cQuote: extStart, cBackslash: extEscaped},
		extEscaped: {cToken: extQuoted, cBlank: extQuoted, cSemicolon: extQuoted, cEqual: extQuoted, cOther: extQuoted, cQuote: extQuoted, cBackslash: extQuoted},
	},
	final: map[int]bool{extStart: true, extName: true, extValue: true},
}
