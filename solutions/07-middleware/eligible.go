//starter:omit
package middleware

// This file is for which responses Compress compresses, and their fields.

import (
	"bytes"
	"strconv"

	"barewire/solutions/03-headers-bodies"
)

// eligible says whether a response could be compressed if it is not too short.
func eligible(status int, h *message.Header) bool {
	return message.HasContent("GET", status) && status != 205 && status != 206 &&
		!h.Has("Content-Range") && !h.Has("Content-Encoding") &&
		!h.HasMember("Cache-Control", "no-transform") && shrinks(h.Value("Content-Type"))
}

// otherTypes are those that shrink although their names do not say so.
var otherTypes = [...]string{
	"application/json", "application/javascript", "application/xml", "application/wasm",
	"application/x-javascript", "application/x-ndjson", "application/vnd.ms-fontobject",
	"font/ttf", "font/otf", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
}

// shrinks says whether content of this type usually does.
func shrinks(contentType []byte) bool {
	t, _, _ := bytes.Cut(contentType, []byte(";"))
	t = bytes.TrimRight(t, " \t")
	if hasPrefixFold(t, "text/") || hasSuffixFold(t, "+json") || hasSuffixFold(t, "+xml") {
		return true
	}
	for _, o := range otherTypes {
		if len(t) == len(o) && hasPrefixFold(t, o) {
			return true
		}
	}
	return false
}

func hasPrefixFold(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && bytes.EqualFold(s[:len(prefix)], []byte(prefix))
}

func hasSuffixFold(s []byte, suffix string) bool {
	return len(s) >= len(suffix) && bytes.EqualFold(s[len(s)-len(suffix):], []byte(suffix))
}

// declaredLength returns the Content-Length that a handler has set, or -1.
func declaredLength(h *message.Header) int64 {
	value := h.Value("Content-Length")
	if value == nil {
		return -1
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// restore makes h what it was when its field lines were fixed, if those are kept, and
// returns memory for the next ones. That is hardly ever needed, so it is only made to
// cost little where nothing has changed.
func restore(h *message.Header, fixed []byte) []byte {
	if len(fixed) == 0 {
		return fixed
	}
	both := h.AppendTo(fixed)
	if bytes.Equal(both[len(fixed):], fixed) {
		return both[:0]
	}
	h.Reset()
	for line := range bytes.SplitSeq(bytes.TrimSuffix(fixed, []byte("\r\n")), []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(": "))
		h.Add(string(name), string(value))
	}
	return both[:0]
}

// addVary adds Accept-Encoding to Vary, unless the handler has said so itself.
func addVary(h *message.Header) {
	if !h.HasMember("Vary", "Accept-Encoding") && !h.HasMember("Vary", "*") {
		h.Add("Vary", "Accept-Encoding")
	}
}

// weaken makes the ETag a weak one: it stands for what the content says, and no
// longer for its bytes.
func weaken(h *message.Header) {
	if tag := h.Value("ETag"); len(tag) > 0 && !bytes.HasPrefix(tag, []byte("W/")) {
		h.Set("ETag", "W/"+string(tag))
	}
}
