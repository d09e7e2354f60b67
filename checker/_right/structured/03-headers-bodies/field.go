package message

import "barewire/steps/02-request-line"

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
	const (
		start = iota
		name
		blank // between the colon and the value
		value // and end is behind the last byte that is not blank
	)
	state, colon, from, end := start, 0, 0, 0
	for i, c := range line {
		switch {
		case state <= name && reqline.IsToken(c):
			state = name
		case state == name && c == ':':
			state, colon, from, end = blank, i, i+1, i+1
		case state <= name:
			return Field{}, protocolError(400, "RFC 9112 §5.1", i, "field name")
		case isBlank(c):
			if state == blank {
				from, end = i+1, i+1
			}
		case isControl(c):
			return Field{}, protocolError(400, "RFC 9110 §5.5", i, "control in a field value")
		default:
			state, end = value, i+1
		}
	}
	if state <= name {
		return Field{}, protocolError(400, "RFC 9112 §5.1", len(line), "no colon")
	}
	return Field{line[:colon], line[from:end:end]}, nil
}
