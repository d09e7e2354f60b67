package message

import (
	"fmt"

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
	colon := 0
	for colon < len(line) && reqline.IsToken(line[colon]) {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return Field{}, protocolError(400, "RFC 9112 §5.1", colon, fmt.Sprintf("no name and colon at the start of %q", line))
	}

	start, end := colon+1, len(line)
	for start < end && isBlank(line[start]) {
		start++
	}
	for start < end && isBlank(line[end-1]) {
		end--
	}
	for i := start; i < end; i++ {
		if isControl(line[i]) && line[i] != '\t' {
			return Field{}, protocolError(400, "RFC 9110 §5.5", i, fmt.Sprintf("control %q in a value", line[i]))
		}
	}
	return Field{Name: line[:colon], Value: line[start:end]}, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
