package message

import (
	"encoding/json"
	"errors"
	"strings"

	"barewire/steps/02-request-line"
)

// ParseForm parses content as an HTML form sends it, as
// application/x-www-form-urlencoded, which is the format of a query.
//
// The errors are a 415 (RFC 9110 §15.5.16) where the Content-Type field in h says
// something else or is missing, with Offset 0, and what [reqline.ParseQuery] says.
func ParseForm(h *Header, content []byte) (reqline.Query, error) {
	if mediaType(h) != "application/x-www-form-urlencoded" {
		return nil, protocolError(415, "RFC 9110 §15.5.16", 0, "no form")
	}
	return reqline.ParseQuery(content)
}

// ParseJSON decodes content, which must be one JSON value and nothing else, into
// v, as [json.Unmarshal] does.
//
// The errors are a 415 where the Content-Type field in h is neither
// application/json nor ends in "+json", with Offset 0, and a 400 where content is
// not JSON or does not fit v. The Offset of that is how many bytes of content
// encoding/json had read when it gave up.
func ParseJSON(h *Header, content []byte, v any) error {
	t := mediaType(h)
	if t != "application/json" && !strings.HasSuffix(t, "+json") {
		return protocolError(415, "RFC 9110 §15.5.16", 0, "no JSON")
	}
	if err := json.Unmarshal(content, v); err != nil {
		offset := 0
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			offset = int(e.Offset)
		}
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			offset = int(e.Offset)
		}
		return protocolError(400, "RFC 8259", offset, err.Error())
	}
	return nil
}

// AppendJSON appends v as JSON to dst, with a line end behind it. The characters
// <, > and & are escaped, so that the result may stand in a page.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	dst = append(dst, b...)
	return append(dst, '\n'), nil
}

func mediaType(h *Header) string {
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.Trim(t, " \t"))
}
