package message

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
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
		for field := range h.Values("Cookie") {
			for _, pair := range strings.Split(string(field), ";") {
				name, value, found := strings.Cut(strings.Trim(pair, " \t"), "=")
				bare := value
				if len(value) >= 2 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
					bare = value[1 : len(value)-1]
				}
				if found && isToken(name) && isCookieValue(bare) && !yield(name, value) {
					return
				}
			}
		}
	}
}

func isCookieValue(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte("\",;\\", s[i]) >= 0 {
			return false
		}
	}
	return true
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
	if !isToken(c.Name) {
		return dst, fmt.Errorf("message: %q is no name of a cookie", c.Name)
	}
	if !isCookieValue(c.Value) {
		return dst, fmt.Errorf("message: %q is no value of a cookie", c.Value)
	}
	for _, s := range []string{c.Path, c.Domain} {
		for i := range len(s) {
			if s[i] == ';' || isControl(s[i]) {
				return dst, fmt.Errorf("message: %q is no path or domain of a cookie", s)
			}
		}
	}
	if !slices.Contains([]string{"", "Strict", "Lax", "None"}, c.SameSite) {
		return dst, fmt.Errorf("message: unknown SameSite %q", c.SameSite)
	}
	if c.SameSite == "None" && !c.Secure {
		return dst, errors.New("message: SameSite=None without Secure")
	}

	text := c.Name + "=" + c.Value
	if c.Path != "" {
		text += "; Path=" + c.Path
	}
	if c.Domain != "" {
		text += "; Domain=" + c.Domain
	}
	if c.MaxAge != 0 {
		seconds := max(c.MaxAge, 0) / time.Second
		if c.MaxAge > 0 && c.MaxAge%time.Second != 0 {
			seconds++
		}
		text += fmt.Sprintf("; Max-Age=%d", seconds)
	}
	if !c.Expires.IsZero() {
		text += "; Expires=" + string(AppendDate(nil, c.Expires))
	}
	if c.Secure {
		text += "; Secure"
	}
	if c.HTTPOnly {
		text += "; HttpOnly"
	}
	if c.SameSite != "" {
		text += "; SameSite=" + c.SameSite
	}
	return append(dst, text...), nil
}
