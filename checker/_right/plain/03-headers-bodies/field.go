package message

import (
	"bytes"

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
	i := 0
	for i < len(line) && reqline.IsToken(line[i]) {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ':' {
		return Field{}, protocolError(400, "RFC 9112 §5.1", i, "bad field name")
	}
	start := i + 1
	for start < len(line) && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	value := bytes.Trim(line[start:], " \t")
	for j, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return Field{}, protocolError(400, "RFC 9110 §5.5", start+j, "control in value")
		}
	}
	if value == nil {
		value = []byte{}
	}
	return Field{line[:i], value}, nil
}
