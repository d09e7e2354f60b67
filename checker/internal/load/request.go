package load

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Request is the one request of a run, as it is sent.
type Request struct {
	bytes      []byte
	content    int  // how many of them are content
	head       bool // the method is HEAD: no content comes back
	idempotent bool // it may be sent twice (RFC 9110 §9.2.2)
}

// NewRequest returns a request. Fields are written "Name: value"; a Host or
// Content-Length among them takes the place of the one that would be sent. Without
// keepAlive it asks the server to close the connection.
func NewRequest(method string, target *url.URL, fields []string, content []byte, keepAlive bool) (Request, error) {
	if !isToken(method) {
		return Request{}, fmt.Errorf("load: %q is no method", method)
	}
	var names []string
	for _, f := range fields {
		name, value, ok := strings.Cut(f, ":")
		if !ok || !isToken(name) || strings.ContainsAny(value, "\r\n\x00") {
			return Request{}, fmt.Errorf("load: %q is no field; one is written as in -H 'Accept: */*'", f)
		}
		names = append(names, strings.ToLower(name))
	}
	if slices.Contains(names, "transfer-encoding") {
		return Request{}, errors.New("load: the content is sent with its length, so there can be no Transfer-Encoding")
	}
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\n", method, target.RequestURI())
	if !slices.Contains(names, "host") {
		b = fmt.Appendf(b, "Host: %s\r\n", target.Host)
	}
	for i, f := range fields {
		_, value, _ := strings.Cut(f, ":")
		b = fmt.Appendf(b, "%s: %s\r\n", f[:len(names[i])], strings.Trim(value, " \t"))
	}
	if len(content) > 0 || method == "POST" || method == "PUT" || method == "PATCH" {
		if !slices.Contains(names, "content-length") {
			b = fmt.Appendf(b, "Content-Length: %d\r\n", len(content))
		}
	}
	if !keepAlive && !slices.Contains(names, "connection") {
		b = append(b, "Connection: close\r\n"...)
	}
	b = append(append(b, "\r\n"...), content...)
	return Request{
		bytes:      b,
		content:    len(content),
		head:       method == "HEAD",
		idempotent: slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}, method),
	}, nil
}

// isToken reports whether s is a token (RFC 9110 §5.6.2).
func isToken(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c)) {
			return false
		}
	}
	return s != ""
}
