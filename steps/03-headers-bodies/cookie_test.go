package message_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
)

func TestTask14_Cookies(t *testing.T) {
	cookies := func(lines ...string) act {
		sent := ""
		for _, l := range lines {
			sent += "Cookie: " + l + "\r\n"
		}
		return act{sent, "the test asks for all Cookies", func() string {
			var h message.Header
			for _, l := range lines {
				h.Add("Cookie", l)
			}
			var all []string
			for name, value := range h.Cookies() {
				all = append(all, name+"="+value)
			}
			return strings.Join(all, " ")
		}}
	}
	check(t, []fact{
		{"two cookies", cookies("a=1; b=2"), is("a=1 b=2"), "pairs, separated by a semicolon and a space (RFC 6265 §4.2.1)"},
		{"without the space", cookies("a=1;b=2"), is("a=1 b=2"), "a recipient does well to take it (RFC 6265 §4.2.1)"},
		{"two lines", cookies("a=1", "b=2"), is("a=1 b=2"), "several field lines are taken one after another"},
		{"a value with = in it", cookies("a=b=c="), is("a=b=c="), "the name ends at the first = (RFC 6265 §4.1.1)"},
		{"no comma separates", cookies("a=1, b=2; c=3"), is("c=3"), "a comma is no character of a value, and no separator (RFC 6265 §4.1.1)"},
		{"an empty value", cookies("a=; b=2"), is("a= b=2"), "a value may be empty (RFC 6265 §4.1.1)"},
		{"a quoted value keeps its quotes", cookies(`a="x"; b=2`), is(`a="x" b=2`), "the quotes are part of the value (RFC 6265 §4.1.1)"},
		{"what is no pair is left out", cookies("a; =b; c d=e; f=g h; i=\"; j=k"), is("j=k"), "the others are still good"},
		{"bytes that no value has", cookies("a=b\\c; d=\xc3\xa4; e=f\"g; h=\"; i=\"\"; j=\"k"), is(`i=""`), "what cannot have been set has not been set by this server (RFC 6265 §4.1.1)"},
		{"both values of a name", cookies("a=1; a=2"), is("a=1 a=2"), "a client may have two of a name (RFC 6265 §4.2.2)"},
		{"the first of a name", does(`of a header with Cookie: A=0; a=1; a=2, Cookie("a") and Cookie("b") are asked for: each a value and whether it is there`, func() string {
			h := header("Cookie", "A=0; a=1; a=2")
			one, ok1 := h.Cookie("a")
			none, ok2 := h.Cookie("b")
			return fmt.Sprintf("%q %v %q %v", one, ok1, none, ok2)
		}), is(`"1" true "" false`), "names are compared as they are (RFC 6265 §5.3)"},
	})
}

func TestTask15_SetCookie(t *testing.T) {
	set := func(c message.SetCookie) act {
		return does(literal(c)+" is appended to an x", func() string {
			dst, err := message.AppendSetCookie([]byte("x"), c)
			if err == nil {
				return string(dst)
			}
			// The starter refuses everything.
			if dst, err := message.AppendSetCookie(nil, message.SetCookie{Name: "a", Value: "b"}); err != nil || string(dst) != "a=b" {
				return fmt.Sprintf("refused, but a=b is %q, %v", dst, err)
			}
			if string(dst) != "x" {
				return fmt.Sprintf("refused, but the slice has become %q: nothing may be written before all is known to be good", dst)
			}
			return "refused"
		})
	}
	cookie := func(change func(*message.SetCookie)) message.SetCookie {
		c := message.SetCookie{Name: "id", Value: "a3"}
		change(&c)
		return c
	}
	check(t, []fact{
		{"name and value", set(message.SetCookie{Name: "id", Value: "a3"}), is("xid=a3"), "name, sign, value, behind what is there already (RFC 6265 §4.1.1)"},
		{"all attributes", set(message.SetCookie{Name: "id", Value: "a3", Path: "/a", Domain: "a.example", MaxAge: time.Hour,
			Expires: time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC), Secure: true, HTTPOnly: true, SameSite: "Lax"}),
			is("xid=a3; Path=/a; Domain=a.example; Max-Age=3600; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=Lax"), "in the order of the struct, as the comment has it; RFC 6265 §4.1.1 has the syntax of each"},
		{"a cookie that is deleted", set(cookie(func(c *message.SetCookie) { c.MaxAge = -1 })), is("xid=a3; Max-Age=0"), "zero or less deletes; 0 is what all clients understand (RFC 6265 §5.2.2)"},
		{"a lifetime of minus one second", set(cookie(func(c *message.SetCookie) { c.MaxAge = -time.Second })), is("xid=a3; Max-Age=0"), "a number below zero is no non-zero-digit *DIGIT (RFC 6265 §4.1.1)"},
		{"a cookie for half a second", set(cookie(func(c *message.SetCookie) { c.MaxAge = 500 * time.Millisecond })), is("xid=a3; Max-Age=1"), "rounded down it would be 0, which deletes the cookie (RFC 6265 §5.2.2)"},
		{"an empty value", set(cookie(func(c *message.SetCookie) { c.Value = "" })), is("xid="), "a value may be empty (RFC 6265 §4.1.1)"},
		{"a semicolon in the value", set(cookie(func(c *message.SetCookie) { c.Value = "a; Domain=evil" })), is("refused"), "whoever controls the value would set attributes (RFC 6265 §4.1.1)"},
		{"every byte in the value, for what it is", does(`AppendSetCookie is called with each of the 256 bytes in the value, between a and b`, func() string {
			const good = "!#$%&'()*+-./0123456789:<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
			for c := range 256 {
				value := string([]byte{'a', byte(c), 'b'})
				want := "refused"
				if strings.IndexByte(good, byte(c)) >= 0 {
					want = "xid=" + value
				}
				if got := set(cookie(func(s *message.SetCookie) { s.Value = value })).do(); got != want {
					return fmt.Sprintf("for the value %q: %s, and not %s", value, testkit.Visible(got), testkit.Visible(want))
				}
			}
			return "as it should be"
		}), is("as it should be"), "visible ASCII, but for \" , ; and \\ (RFC 6265 §4.1.1)"},
		{"a value with a quote behind it only", set(cookie(func(c *message.SetCookie) { c.Value = `a3"` })), is("refused"), "quotes stand at both ends of a value or at none (RFC 6265 §4.1.1)"},
		{"a line end in the path", set(cookie(func(c *message.SetCookie) { c.Path = "/\r\nX: y" })), is("refused"), "no control is part of a path (RFC 6265 §4.1.1)"},
		{"a NUL in the path", set(cookie(func(c *message.SetCookie) { c.Path = "/\x00" })), is("refused"), "no control is part of a path (RFC 6265 §4.1.1)"},
		{"a unit separator in the domain", set(cookie(func(c *message.SetCookie) { c.Domain = "a.example\x1f" })), is("refused"), "no control is part of a domain (RFC 6265 §4.1.1)"},
		{"a DEL in the domain", set(cookie(func(c *message.SetCookie) { c.Domain = "a.example\x7f" })), is("refused"), "no control is part of a domain (RFC 6265 §4.1.1)"},
		{"a space in the path", set(cookie(func(c *message.SetCookie) { c.Path = "/a b~" })), is("xid=a3; Path=/a b~"), "a path has any character but controls and the semicolon (RFC 6265 §4.1.1)"},
		{"SameSite in its strictest form", set(cookie(func(c *message.SetCookie) { c.SameSite = "Strict" })), is("xid=a3; SameSite=Strict"), "it does not need Secure"},
		{"SameSite=None with Secure", set(cookie(func(c *message.SetCookie) { c.SameSite, c.Secure = "None", true })), is("xid=a3; Secure; SameSite=None"), "what browsers ask of it is there"},
		{"a line end in the value", set(cookie(func(c *message.SetCookie) { c.Value = "a\r\nX: y" })), is("refused"), "no control is part of a value (RFC 6265 §4.1.1)"},
		{"a comma in the value", set(cookie(func(c *message.SetCookie) { c.Value = "a,b" })), is("refused"), "no comma is part of a value, for some servers take it for a separator (RFC 6265 §4.1.1)"},
		{"a letter outside ASCII", set(cookie(func(c *message.SetCookie) { c.Value = "ä" })), is("refused"), "a value is visible ASCII (RFC 6265 §4.1.1)"},
		{"a name that is no token", set(cookie(func(c *message.SetCookie) { c.Name = "a b" })), is("refused"), "a name is a token (RFC 6265 §4.1.1)"},
		{"an empty name", set(cookie(func(c *message.SetCookie) { c.Name = "" })), is("refused"), "a name is a token, which has at least one character (RFC 6265 §4.1.1)"},
		{"a semicolon in the path", set(cookie(func(c *message.SetCookie) { c.Path = "/; Secure" })), is("refused"), "a semicolon ends the path, and whoever controls it would set attributes (RFC 6265 §4.1.1)"},
		{"a semicolon in the domain", set(cookie(func(c *message.SetCookie) { c.Domain = "a; b" })), is("refused"), "a semicolon ends the domain, and whoever controls it would set attributes (RFC 6265 §4.1.1)"},
		{"an unknown SameSite", set(cookie(func(c *message.SetCookie) { c.SameSite = "Sometimes" })), is("refused"), "browsers take it for none at all"},
		{"SameSite=None without Secure", set(cookie(func(c *message.SetCookie) { c.SameSite = "None" })), is("refused"), "browsers refuse such a cookie without a word"},
	})
}

// literal writes a SetCookie as Go does, without the fields that are not set.
func literal(c message.SetCookie) string {
	var set []string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		switch f := v.Field(i).Interface().(type) {
		case string:
			if f != "" {
				set = append(set, fmt.Sprintf("%s: %q", v.Type().Field(i).Name, f))
			}
		default:
			if !v.Field(i).IsZero() {
				set = append(set, fmt.Sprintf("%s: %v", v.Type().Field(i).Name, f))
			}
		}
	}
	return "SetCookie{" + strings.Join(set, ", ") + "}"
}
