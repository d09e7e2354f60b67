package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"barewire/steps/02-request-line"
)

// ParseForm parses content as an HTML form sends it, as
// application/x-www-form-urlencoded, which is the format of a query.
//
// The errors are a 415 (RFC 9110 §15.5.16) where the Content-Type field in h says
// something else or is missing, with Offset 0, and what [reqline.ParseQuery] says.
func ParseForm(h *Header, content []byte) (reqline.Query, error) {
	if !isType(h, func(t string) bool { return t == "application/x-www-form-urlencoded" }) {
		return nil, protocolError(415, "RFC 9110 §15.5.16", 0, "not a form")
	}
	return reqline.ParseQuery(content)
}

// isType asks about the media type of what h describes, without its parameters
// and in lower case. Two fields are no type.
func isType(h *Header, is func(string) bool) bool {
	values := slices.Collect(h.Values("Content-Type"))
	if len(values) != 1 {
		return false
	}
	t, _, _ := strings.Cut(string(values[0]), ";")
	return is(strings.ToLower(strings.TrimRight(t, " \t")))
}

// ParseJSON decodes content, which must be one JSON value and nothing else, into
// v, as [json.Unmarshal] does.
//
// The errors are a 415 where the Content-Type field in h is neither
// application/json nor ends in "+json", with Offset 0, and a 400 where content is
// not JSON or does not fit v. The Offset of that is how many bytes of content
// encoding/json had read when it gave up.
func ParseJSON(h *Header, content []byte, v any) error {
	if !isType(h, func(t string) bool { return t == "application/json" || strings.HasSuffix(t, "+json") }) {
		return protocolError(415, "RFC 9110 §15.5.16", 0, "not JSON")
	}
	err := json.Unmarshal(content, v)
	if err == nil {
		return nil
	}
	at := 0
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(e.Offset)
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = int(e.Offset)
	}
	return protocolError(400, "RFC 8259 §2", at, err.Error())
}

// AppendJSON appends v as JSON to dst, with a line end behind it. The characters
// <, > and & are escaped, so that the result may stand in a page.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	if err := json.NewEncoder(b).Encode(v); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}
