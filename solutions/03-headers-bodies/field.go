package message

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"barewire/solutions/02-request-line"
)

// A Field is one field line: a name and a value. Who owns the bytes is said by
// whatever hands out the Field.
type Field struct {
	Name, Value []byte
}

// ParseField parses a field line without its CRLF (RFC 9112 §5):
//
//	field-name ":" OWS field-value OWS
//
// Name and value are borrowed from line; the value has no spaces or tabs at its
// ends. A value may be empty, and may have bytes above 127, which mean whatever
// the field says (RFC 9110 §5.5).
//
// Every error is a 400, with its offset into line: a name that is no token or is
// empty, whitespace before the colon, no colon, a line that starts with
// whitespace (obs-fold, RFC 9112 §5.2), and any control in the value but a tab.
// A CR without LF is such a control.
//
//starter:todo 3.1 Walk over the name; what stops you must be the colon. Then trim, then look for controls.
func ParseField(line []byte) (Field, error) {
	colon := 0
	for colon < len(line) && reqline.IsToken(line[colon]) {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return Field{}, badName(line, colon)
	}
	value := trimOWS(line[colon+1:])
	if i := indexControl(value); i >= 0 {
		// RFC 9110 §5.5: CR, LF and NUL in a value are dangerous, as some
		// take them for the end of the line or of the string.
		at := len(line) - len(bytes.TrimLeft(line[colon+1:], " \t")) + i
		return Field{}, protocolError(400, "RFC 9110 §5.5", at, fmt.Sprintf("control byte %#02x in a field value", value[i]))
	}
	return Field{Name: line[:colon], Value: value}, nil
}

// badName says what is wrong with a line whose name is not followed by a colon
// at offset i.
//
//starter:omit
func badName(line []byte, i int) error {
	switch {
	case i == len(line):
		return protocolError(400, "RFC 9112 §5", i, "a field line without a colon")
	case line[i] == ' ' || line[i] == '\t':
		if i == 0 {
			return protocolError(400, "RFC 9112 §5.2", 0, "a field line that starts with whitespace")
		}
		// RFC 9112 §5.1: a server MUST answer 400 to whitespace before the
		// colon. Servers that trimmed it disagreed about which field this
		// was, and such disagreements are how requests get smuggled (§11.2).
		return protocolError(400, "RFC 9112 §5.1", i, "whitespace before the colon")
	case line[i] == ':':
		return protocolError(400, "RFC 9110 §5.1", 0, "a field without a name")
	}
	return protocolError(400, "RFC 9110 §5.1", i, fmt.Sprintf("byte %q in a field name", line[i]))
}

// trimOWS returns b without the spaces and tabs at its ends (RFC 9110 §5.6.3).
// bytes.TrimSpace would take CR and others along.
//
//starter:omit
func trimOWS(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// indexControl returns the offset of the first control byte in b but a tab, or
// -1. Most of a browser's head is field values, so they are looked at eight
// bytes at a time; only a group that might have a control (or has a tab) is
// looked at again.
//
//starter:omit
func indexControl(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ 0x7f*ones // zero where the byte is DEL
		if ((x-0x20*ones)&^x|(del-ones)&^del)&tops == 0 {
			continue
		}
		for j := i; j < i+8; j++ {
			if isControl(b[j]) {
				return j
			}
		}
	}
	for ; i < len(b); i++ {
		if isControl(b[i]) {
			return i
		}
	}
	return -1
}

// isControl says whether a field value may not have c.
//
//starter:omit
func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }
