package message

import (
	"bytes"
	"slices"
	"strings"

	"barewire/steps/02-request-line"
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
func ParseField(line []byte) (Field, error) {
	n := skip(line, 0, reqline.IsToken)
	if n == 0 || n == len(line) || line[n] != ':' {
		return Field{}, protocolError(400, "RFC 9112 §5", n, "no name and colon")
	}
	start := skip(line, n+1, isBlank)
	value := bytes.TrimRight(line[start:], " \t")
	if i := slices.IndexFunc(value, isControl); i >= 0 {
		return Field{}, protocolError(400, "RFC 9110 §5.5", start+i, "a control in a value")
	}
	return Field{line[:n], value}, nil
}

// skip returns the index of the first byte in line[n:] that is not in the set.
func skip(line []byte, n int, set func(byte) bool) int {
	for n < len(line) && set(line[n]) {
		n++
	}
	return n
}

func isToken(s string) bool { return s != "" && skip([]byte(s), 0, reqline.IsToken) == len(s) }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// equalFold is bytes.EqualFold for an ASCII s: no other letter equals one of s.
func equalFold(b []byte, s string) bool {
	return len(b) == len(s) && strings.EqualFold(string(b), s)
}
