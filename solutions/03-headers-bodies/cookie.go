package message

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"barewire/solutions/02-request-line"
)

// Cookies yields the name and the value of every cookie in the Cookie fields of a
// request, in order (RFC 6265 §4.2). What is not name=value, or has bytes that no
// cookie has, is left out: anybody can send anything, and the others are still
// good. A value in quotes keeps them. The strings are yours.
//
// Nothing is kept, so that a request with a thousand cookies costs what a field
// of that length costs.
//
//starter:todo 3.14 Cut at semicolons, trim, cut at the first "=".
//starter:return func(func(string, string) bool) {}
func (h *Header) Cookies() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for line := range h.Values("Cookie") {
			for pair := range bytes.SplitSeq(line, []byte(";")) {
				name, value, ok := bytes.Cut(trimOWS(pair), []byte("="))
				if ok && validName(string(name)) && validCookieValue(string(value)) &&
					!yield(string(name), string(value)) {
					return
				}
			}
		}
	}
}

// Cookie returns the value of the first cookie called name, and whether there is
// one. Names are compared as they are.
//
//starter:todo 3.14 The first one that Cookies yields with this name.
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
//
//starter:todo 3.15 Check everything before you append anything.
func AppendSetCookie(dst []byte, c SetCookie) ([]byte, error) {
	if err := c.check(); err != nil {
		return dst, err
	}
	dst = append(dst, c.Name+"="+c.Value...)
	if c.Path != "" {
		dst = append(dst, "; Path="+c.Path...)
	}
	if c.Domain != "" {
		dst = append(dst, "; Domain="+c.Domain...)
	}
	if c.MaxAge != 0 {
		dst = append(dst, "; Max-Age="...)
		dst = strconv.AppendInt(dst, max(0, c.maxAgeSeconds()), 10)
	}
	if !c.Expires.IsZero() {
		dst = AppendDate(append(dst, "; Expires="...), c.Expires)
	}
	if c.Secure {
		dst = append(dst, "; Secure"...)
	}
	if c.HTTPOnly {
		dst = append(dst, "; HttpOnly"...)
	}
	if c.SameSite != "" {
		dst = append(dst, "; SameSite="+c.SameSite...)
	}
	return dst, nil
}

// maxAgeSeconds rounds up. Adding a second before the division could overflow.
//
//starter:omit
func (c *SetCookie) maxAgeSeconds() int64 {
	seconds := int64(c.MaxAge / time.Second)
	if c.MaxAge%time.Second > 0 {
		seconds++
	}
	return seconds
}

// check reports what AppendSetCookie cannot write.
//
//starter:omit
func (c *SetCookie) check() error {
	switch {
	case !validName(c.Name):
		return fmt.Errorf("http: cookie name %.80q is no token", c.Name)
	case !validCookieValue(c.Value):
		return fmt.Errorf("http: value of cookie %s has a byte that must be encoded", c.Name)
	case !validAttribute(c.Path) || !validAttribute(c.Domain):
		return fmt.Errorf("http: path or domain of cookie %s has a byte that it cannot have", c.Name)
	case c.SameSite == "None" && !c.Secure:
		return errors.New("http: a cookie with SameSite=None has to be Secure")
	}
	switch c.SameSite {
	case "", "Strict", "Lax", "None":
		return nil
	}
	return fmt.Errorf("http: %.80q is no value of SameSite", c.SameSite)
}

// validCookieValue says whether s is a cookie-value (RFC 6265 §4.1.1).
//
//starter:omit
func validCookieValue(s string) bool {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\' {
			return false
		}
	}
	return true
}

//starter:omit
func validAttribute(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == ';' {
			return false
		}
	}
	return true
}

// validName says whether name may be the name of a field or of a cookie: a token
// (RFC 9110 §5.6.2).
//
//starter:omit
func validName(name string) bool {
	for i := range len(name) {
		if !reqline.IsToken(name[i]) {
			return false
		}
	}
	return name != ""
}
