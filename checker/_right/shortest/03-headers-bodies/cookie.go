package message

import (
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
			for pair := range strings.SplitSeq(string(field), ";") {
				name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
				bare := value
				if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
					bare = value[1 : len(value)-1]
				}
				if ok && isToken(name) && isCookieValue(bare) && !yield(name, value) {
					return
				}
			}
		}
	}
}

func isCookieValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`",;\`, r) })
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
	badAttribute := func(r rune) bool { return r < ' ' || r == ';' || r == 0x7f }
	if !isToken(c.Name) || !isCookieValue(c.Value) || strings.ContainsFunc(c.Path+c.Domain, badAttribute) ||
		!slices.Contains([]string{"", "Strict", "Lax", "None"}, c.SameSite) || c.SameSite == "None" && !c.Secure {
		return dst, fmt.Errorf("http: cookie %q cannot be written", c.Name)
	}
	add := func(set bool, format string, args ...any) {
		if set {
			dst = fmt.Appendf(dst, format, args...)
		}
	}
	add(true, "%s=%s", c.Name, c.Value)
	add(c.Path != "", "; Path=%s", c.Path)
	add(c.Domain != "", "; Domain=%s", c.Domain)
	add(c.MaxAge < 0, "; Max-Age=0")
	add(c.MaxAge > 0, "; Max-Age=%d", (c.MaxAge-1)/time.Second+1)
	add(!c.Expires.IsZero(), "; Expires=%s", AppendDate(nil, c.Expires))
	add(c.Secure, "; Secure")
	add(c.HTTPOnly, "; HttpOnly")
	add(c.SameSite != "", "; SameSite=%s", c.SameSite)
	return dst, nil
}
