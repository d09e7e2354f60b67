package message

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strconv"
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
			for pair := range bytes.SplitSeq(field, []byte(";")) {
				name, value, ok := bytes.Cut(bytes.Trim(pair, " \t"), []byte("="))
				if !ok || !isToken(name) || !every(unquote(value), isCookieByte) {
					continue
				}
				if !yield(string(name), string(value)) {
					return
				}
			}
		}
	}
}

// unquote takes off one pair of quotes, if there is one.
func unquote(s []byte) []byte {
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' {
		return s[1 : n-1]
	}
	return s
}

// isCookieByte says whether c is a cookie-octet (RFC 6265 §4.1.1).
func isCookieByte(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte("\",;\\", c) < 0
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
	out := append(dst, c.Name...)
	out = append(out, '=')
	out = append(out, c.Value...)
	bad := !isToken(c.Name) || !every(c.Value, isCookieByte)
	for _, a := range attributes {
		value, there, ok := a.of(c)
		bad = bad || !ok
		if there {
			out = append(append(out, "; "...), a.name...)
			out = append(out, value...)
		}
	}
	if bad {
		return dst, fmt.Errorf("message: the cookie %q cannot be written", c.Name)
	}
	return out, nil
}

// attributes are written in this order. Each of them says what stands behind its
// name, whether the cookie has it, and whether it can be written.
var attributes = []struct {
	name string
	of   func(SetCookie) (value string, there, ok bool)
}{
	{"Path", func(c SetCookie) (string, bool, bool) { return text(c.Path) }},
	{"Domain", func(c SetCookie) (string, bool, bool) { return text(c.Domain) }},
	{"Max-Age", func(c SetCookie) (string, bool, bool) {
		seconds := int64(max(c.MaxAge, 0) / time.Second)
		if c.MaxAge > 0 && c.MaxAge%time.Second != 0 {
			seconds++
		}
		return "=" + strconv.FormatInt(seconds, 10), c.MaxAge != 0, true
	}},
	{"Expires", func(c SetCookie) (string, bool, bool) {
		return "=" + string(AppendDate(nil, c.Expires)), !c.Expires.IsZero(), true
	}},
	{"Secure", func(c SetCookie) (string, bool, bool) { return "", c.Secure, true }},
	{"HttpOnly", func(c SetCookie) (string, bool, bool) { return "", c.HTTPOnly, true }},
	{"SameSite", func(c SetCookie) (string, bool, bool) {
		known := slices.Contains([]string{"", "Strict", "Lax", "None"}, c.SameSite)
		return "=" + c.SameSite, c.SameSite != "", known && (c.SameSite != "None" || c.Secure)
	}},
}

func text(s string) (string, bool, bool) {
	return "=" + s, s != "", every(s, func(c byte) bool { return c != ';' && !isControl(c) })
}
