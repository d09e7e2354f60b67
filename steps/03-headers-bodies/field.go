package message

import "errors"

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
	// TODO 3.1: Walk over the name; what stops you must be the colon. Then trim, then look for controls.
	return Field{}, errors.New("task 3.1 is not written yet")
}
