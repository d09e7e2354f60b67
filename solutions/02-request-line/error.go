package reqline

import (
	"errors"
	"fmt"
)

// ErrIncomplete says that the bytes so far are a good beginning, but that the
// end of the part being parsed has not arrived. Read more and parse again from
// the same place.
var ErrIncomplete = errors.New("http: incomplete: more bytes are needed")

// A ProtocolError reports bytes that break HTTP/1.1. The whole course uses it:
// whatever finds the fault picks the status, and only the connection writes it.
type ProtocolError struct {
	Status int    // what to answer, such as 400
	Rule   string // what was broken, such as "RFC 9112 §3"
	Offset int    // where, in bytes from the start of what was parsed
	Msg    string // what was found, for a log; never sent to the client
}

// Error says what was found and where, for a log.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("http: at byte %d: %s (%s, answer %d)", e.Offset, e.Msg, e.Rule, e.Status)
}

// Shift returns err with its offset moved by n bytes, if it is a ProtocolError
// and as it is if not. A parser that hands a part of its input to another one
// shifts what comes back, so that offsets count from the start of the message.
func Shift(err error, n int) error {
	e, ok := errors.AsType[*ProtocolError](err)
	if !ok {
		return err
	}
	moved := *e
	moved.Offset += n
	return &moved
}

// badRequest is the error of nearly every rule here: a 400.
func badRequest(rule string, offset int, format string, args ...any) error {
	return &ProtocolError{Status: 400, Rule: rule, Offset: offset, Msg: fmt.Sprintf(format, args...)}
}
