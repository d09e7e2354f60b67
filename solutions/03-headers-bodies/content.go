package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"

	"barewire/solutions/02-request-line"
)

// ParseForm parses content as an HTML form sends it, as
// application/x-www-form-urlencoded, which is the format of a query.
//
// The errors are a 415 (RFC 9110 §15.5.16) where the Content-Type field in h says
// something else or is missing, with Offset 0, and what [reqline.ParseQuery] says.
//
//starter:todo 3.16 Check the type, then leave the rest to the step before.
func ParseForm(h *Header, content []byte) (reqline.Query, error) {
	if t := mediaType(h); t != "application/x-www-form-urlencoded" {
		return nil, protocolError(415, "RFC 9110 §15.5.16", 0, fmt.Sprintf("%.80q is no form", t))
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
//
//starter:todo 3.16 encoding/json does the work; turn its errors into ProtocolErrors.
func ParseJSON(h *Header, content []byte, v any) error {
	if t := mediaType(h); t != "application/json" && !strings.HasSuffix(t, "+json") {
		return protocolError(415, "RFC 9110 §15.5.16", 0, fmt.Sprintf("%.80q is no JSON", t))
	}
	err := json.Unmarshal(content, v)
	if err == nil {
		return nil
	}
	offset := len(content)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = int(e.Offset)
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = int(e.Offset)
	}
	return protocolError(400, "RFC 8259", offset, err.Error())
}

// AppendJSON appends v as JSON to dst, with a line end behind it. The characters
// <, > and & are escaped, so that the result may stand in a page.
//
//starter:todo 3.16 encoding/json again; on an error, dst is returned as it was.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	if err := json.NewEncoder(b).Encode(v); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}

// mediaType returns the media type in the Content-Type field, in lower case and
// without parameters, or "" if there is none.
//
//starter:omit
func mediaType(h *Header) string {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type")) // its error may be about a parameter
	return t
}
