package message

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"barewire/steps/02-request-line"
)

// Cookies yields the name and the value of every cookie in the Cookie fields of a
// request, in order (RFC 6265 §4.2). What is not name=value, or has bytes that no
// cookie has, is left out: anybody can send anything, and the others are still
// good. A value in quotes keeps them. The strings are yours.
//
// Nothing is kept, so that a request with a thousand cookies costs what a field
// of that length costs.
func (h *Header) Cookies() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for v := range h.Values("Cookie") {
			for pair := range strings.SplitSeq(string(v), ";") {
				name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
				if !ok || !isToken(name) || !cookieValue(value) {
					continue
				}
				if !yield(name, value) {
					return
				}
			}
		}
	}
}

// Cookie returns the value of the first cookie called name, and whether there is
// one. Names are compared as they are.
func (h *Header) Cookie(name string) (value string, ok bool) {
	for n, v := range h.Cookies() {
		if n == name {
			return v, true
		}
	}
	return "", false
}

// A SetCookie is a cookie that a response sets (RFC 6265 §4.1). Attributes with
// zero values are left out.
type SetCookie struct {
	Name, Value string
	Path        string
	Domain      string        // without it, the cookie goes to this host only
	MaxAge      time.Duration // rounded up to whole seconds; below zero deletes the cookie
	Expires     time.Time     // for clients that do not know Max-Age
	Secure      bool          // over TLS only
	HTTPOnly    bool          // not for scripts
	SameSite    string        // "Strict", "Lax" or "None"
}

// AppendSetCookie appends the value of a Set-Cookie field to dst:
//
//	id=a3; Path=/; Domain=a.example; Max-Age=3600; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=Lax
//
// The attributes stand in this order, which is that of the struct; to a client the
// order means nothing. A MaxAge below zero is written as Max-Age=0, which is how a
// cookie is deleted; so a positive one must never become 0.
//
// A cookie that cannot be written is an error, and dst is returned as it was: a
// name that is no token, a value with anything but visible ASCII or with one of
// ", ; \" in it (encode it, for example in base64), a path or domain with a
// semicolon or a control, an unknown SameSite, or SameSite=None without Secure,
// which browsers refuse.
func AppendSetCookie(dst []byte, c SetCookie) ([]byte, error) {
	out := dst
	bad := func(c byte) bool { return c == ';' || c < ' ' || c == 0x7f }
	switch {
	case !isToken(c.Name):
		return dst, errors.New("cookie: bad name")
	case !cookieValue(c.Value) || strings.Contains(c.Value, `"`):
		return dst, errors.New("cookie: bad value")
	case c.SameSite != "" && c.SameSite != "Strict" && c.SameSite != "Lax" && c.SameSite != "None":
		return dst, errors.New("cookie: bad SameSite")
	case c.SameSite == "None" && !c.Secure:
		return dst, errors.New("cookie: None without Secure")
	}
	for i := range len(c.Path) {
		if bad(c.Path[i]) {
			return dst, errors.New("cookie: bad path")
		}
	}
	for i := range len(c.Domain) {
		if bad(c.Domain[i]) {
			return dst, errors.New("cookie: bad domain")
		}
	}
	out = fmt.Appendf(out, "%s=%s", c.Name, c.Value)
	if c.Path != "" {
		out = append(out, "; Path="+c.Path...)
	}
	if c.Domain != "" {
		out = append(out, "; Domain="+c.Domain...)
	}
	if c.MaxAge > 0 {
		out = fmt.Appendf(out, "; Max-Age=%d", (c.MaxAge+time.Second-1)/time.Second)
	}
	if c.MaxAge < 0 {
		out = append(out, "; Max-Age=0"...)
	}
	if !c.Expires.IsZero() {
		out = append(out, "; Expires="...)
		out = AppendDate(out, c.Expires)
	}
	if c.Secure {
		out = append(out, "; Secure"...)
	}
	if c.HTTPOnly {
		out = append(out, "; HttpOnly"...)
	}
	if c.SameSite != "" {
		out = append(out, "; SameSite="+c.SameSite...)
	}
	return out, nil
}

func isToken(s string) bool {
	for i := range len(s) {
		if !reqline.IsToken(s[i]) {
			return false
		}
	}
	return s != ""
}

// cookieValue allows quotes around the value.
func cookieValue(s string) bool {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == ',' || c == ';' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}
