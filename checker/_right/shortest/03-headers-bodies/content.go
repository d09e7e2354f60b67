package message

import (
	"encoding/json"
	"strings"

	"barewire/steps/02-request-line"
)

// ParseForm parses content as an HTML form sends it, as
// application/x-www-form-urlencoded, which is the format of a query.
//
// The errors are a 415 (RFC 9110 §15.5.16) where the Content-Type field in h says
// something else or is missing, with Offset 0, and what [reqline.ParseQuery] says.
func ParseForm(h *Header, content []byte) (reqline.Query, error) {
	if t := mediaType(h); t != "application/x-www-form-urlencoded" {
		return nil, protocolError(415, "RFC 9110 §15.5.16", 0, "no form, but "+t)
	}
	return reqline.ParseQuery(content)
}

// mediaType returns the type that Content-Type says, without its parameters.
func mediaType(h *Header) string {
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.Trim(t, " \t"))
}

// ParseJSON decodes content, which must be one JSON value and nothing else, into
// v, as [json.Unmarshal] does.
//
// The errors are a 415 where the Content-Type field in h is neither
// application/json nor ends in "+json", with Offset 0, and a 400 where content is
// not JSON or does not fit v. The Offset of that is how many bytes of content
// encoding/json had read when it gave up.
func ParseJSON(h *Header, content []byte, v any) error {
	if t := mediaType(h); t != "application/json" && !strings.HasSuffix(t, "+json") {
		return protocolError(415, "RFC 9110 §15.5.16", 0, "no JSON, but "+t)
	}
	err := json.Unmarshal(content, v)
	offset := int64(len(content))
	switch e := err.(type) {
	case nil, *json.InvalidUnmarshalError: // the second is the program's fault
		return err
	case *json.SyntaxError:
		offset = e.Offset
	case *json.UnmarshalTypeError:
		offset = e.Offset
	}
	return protocolError(400, "RFC 8259", int(offset), err.Error())
}

// AppendJSON appends v as JSON to dst, with a line end behind it. The characters
// <, > and & are escaped, so that the result may stand in a page.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	return append(append(dst, b...), '\n'), nil
}
