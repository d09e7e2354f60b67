package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Most frames are calls and what they return, whose value is JSON already. To write
// these by hand, and to find their value without reading it, spares a class of
// submissions a quarter of the processor time of its exam.

// appendTo appends a request that needs no quoting, or returns nil.
func (r *Request) appendTo(b []byte) []byte {
	if len(r.Arg) == 0 || !plain(r.Fn) {
		return nil
	}
	b = strconv.AppendUint(append(b, `{"id":`...), r.ID, 10)
	if r.Fn != "" {
		b = append(append(append(b, `,"fn":"`...), r.Fn...), '"')
	}
	return append(append(append(b, `,"arg":`...), r.Arg...), '}')
}

// appendTo appends a reply that needs no quoting, or returns nil. The key is not among its
// arguments: see greet.
func (r *Reply) appendTo(b []byte) []byte {
	if len(r.Value) == 0 || r.Event != "" || r.Panic != "" || r.Error != "" {
		return nil
	}
	b = strconv.AppendUint(append(b, `{"id":`...), r.ID, 10)
	if r.Key != 0 {
		b = strconv.AppendUint(append(b, `,"key":`...), r.Key, 10)
	}
	return append(append(append(b, `,"value":`...), r.Value...), '}')
}

// plain reports whether a name stands in JSON as it is.
func plain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// quick reads a request as appendTo has written it. Whether its argument is JSON is for
// who reads that.
func (r *Request) quick(data []byte) bool {
	rest, ok := quickNumber(data, `{"id":`, &r.ID)
	if !ok {
		return false
	}
	if name, ok := bytes.CutPrefix(rest, []byte(`,"fn":"`)); ok {
		end := bytes.IndexByte(name, '"')
		if end < 0 || !plain(string(name[:end])) {
			return false
		}
		r.Fn, rest = string(name[:end]), name[end+1:]
	}
	r.Arg, ok = last(rest, `,"arg":`)
	return ok
}

// QuickValue finds the value in a frame that a driver has written as it writes what a
// call with this ID has returned, with the connection's key. It is as it came: nobody has
// looked whether it is JSON, and what else there might be in it, so it is good for
// comparing with other such values and for nothing else.
func QuickValue(data []byte, id, key uint64) (value []byte, ok bool) {
	var gotID, gotKey uint64
	rest, ok := quickNumber(data, `{"id":`, &gotID)
	if ok {
		rest, ok = quickNumber(rest, `,"key":`, &gotKey)
	}
	if !ok || gotID != id || gotKey != key {
		return nil, false
	}
	return last(rest, `,"value":`)
}

// quickNumber reads a field that is a number.
func quickNumber(data []byte, name string, number *uint64) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(data, []byte(name))
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	if end > 1 && rest[0] == '0' {
		return nil, false
	}
	n, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	*number = n
	return rest[end:], ok && err == nil
}

// last returns the value of the last field.
func last(rest []byte, name string) (json.RawMessage, bool) {
	value, ok := bytes.CutPrefix(rest, []byte(name))
	if !ok {
		return nil, false
	}
	return bytes.CutSuffix(value, []byte("}"))
}
