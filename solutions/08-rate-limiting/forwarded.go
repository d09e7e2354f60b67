package ratelimit

import (
	"bytes"
	"net/netip"
	"strings"

	"barewire/solutions/02-request-line"
)

// CutLast cuts the last element off a list such as the value of Forwarded or
// X-Forwarded-For, and returns what stands before it, without the comma, and the
// element, without spaces and tabs at its ends; both borrowed. The last element is
// empty if nothing stands behind the last comma; rest is nil if there is no comma.
//
// Only what follows the comma decides where it is: commas in quoted strings do not
// separate (RFC 9110 §5.6.4), and the list is read from its end. For what a trusted
// proxy has appended is at the end, and what stands before it may be anything: a
// quote that is opened there must not swallow what the proxy has said.
//
//starter:todo 8.7 Go from the right, in a quoted string or not.
func CutLast(list []byte) (rest, last []byte) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == ',' && !quoted:
			return list[:i], bytes.Trim(list[i+1:], " \t")
		case list[i] == '"' && !(quoted && i > 0 && list[i-1] == '\\'):
			// A quote behind a backslash is a character of the string. Even
			// one behind two of them is: the end of a string is met from
			// outside, and in front of its start stands no backslash.
			quoted = !quoted
		}
	}
	return nil, bytes.Trim(list, " \t")
}

// ForwardedFor returns the address in an element of a Forwarded field (RFC 7239
// §4), which is what the parameter "for" has to say:
//
//	for=192.0.2.60;proto=http;by=203.0.113.43
//	For="[2001:db8:cafe::17]:4711"
//
// Parameter names are compared without regard to case. A value is a token or a
// quoted string; in a token there can be no colon or bracket, so IPv6 addresses and
// ports need quotes. A backslash in a quoted string stands for the byte behind it
// (RFC 9110 §5.6.4).
//
// Empty parameters, and spaces behind a ";", change nothing.
//
// It returns false if there is no address: no "for" or more than one, something
// that is not name=value, "unknown", an obfuscated identifier such as "_hidden"
// (§6.3), and whatever [ParseNode] does not accept.
//
//starter:todo 8.7 Semicolons in quotes do not separate either.
func ForwardedFor(element []byte) (netip.Addr, bool) {
	var node []byte
	seen := false
	for more := true; more; {
		name, value, rest, ok := cutPair(element)
		if !ok {
			return netip.Addr{}, false
		}
		if strings.EqualFold(string(name), "for") {
			if seen {
				return netip.Addr{}, false
			}
			node, seen = value, true
		}
		element, more = rest, rest != nil
	}
	return ParseNode(unescaped(node))
}

// unescaped returns what stands between the quotes of a quoted string, without the
// backslashes: borrowed if there are none, as in all that proxies write.
//
//starter:omit
func unescaped(s []byte) []byte {
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	plain := bytes.Clone(s[:i])
	for ; i < len(s); i++ {
		if s[i] == '\\' {
			i++ // what is behind it may be another one
		}
		plain = append(plain, s[i])
	}
	return plain
}

// cutPair cuts name=value and the semicolon behind it off an element. Empty pairs
// are allowed, and have no name. The value is without quotes, and with its
// backslashes: behind each is another byte. rest is nil if there is no semicolon.
//
//starter:omit
func cutPair(element []byte) (name, value, rest []byte, ok bool) {
	element = bytes.TrimLeft(element, " \t")
	n := tokenLen(element)
	name, element = element[:n], element[n:]
	switch {
	case n > 0 && (len(element) == 0 || element[0] != '='):
		return nil, nil, nil, false
	case n > 0 && len(element) > 1 && element[1] == '"':
		end := 2
		for end < len(element) && element[end] != '"' {
			if element[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(element) {
			return nil, nil, nil, false
		}
		value, element = element[2:end], element[end+1:]
	case n > 0:
		n = tokenLen(element[1:])
		value, element = element[1:1+n], element[1+n:]
	}
	element = bytes.TrimLeft(element, " \t")
	if len(element) == 0 {
		return name, value, nil, true
	}
	return name, value, element[1:], element[0] == ';'
}

//starter:omit
func tokenLen(s []byte) int {
	n := 0
	for n < len(s) && reqline.IsToken(s[n]) {
		n++
	}
	return n
}

// ParseNode parses the address of a node as proxies write it: an IPv4 address, an
// IPv6 address with or without brackets, and, except behind a bare IPv6 address,
// perhaps a colon and a port, which is thrown away:
//
//	192.0.2.43  192.0.2.43:47011  2001:db8::1  [2001:db8::1]  [2001:db8::1]:47011
//
// A port is 1 to 5 digits or an obfuscated one (RFC 7239 §6.3: an underscore, then
// letters, digits, dots, underscores, hyphens). An IPv4 address in an IPv6 one
// (::ffff:192.0.2.43) becomes the IPv4 address. Everything else is false: names, "unknown",
// zones (fe80::1%eth0), spaces, leading zeros.
//
//starter:todo 8.7 Brackets, then a port, then netip.ParseAddr.
func ParseNode(src []byte) (netip.Addr, bool) {
	host, bracketed := src, false
	if len(src) > 0 && src[0] == '[' {
		end := bytes.IndexByte(src, ']')
		if end < 0 || !isPort(src[end+1:]) {
			return netip.Addr{}, false
		}
		host, bracketed = src[1:end], true
	} else if i := bytes.IndexByte(src, ':'); i >= 0 && bytes.IndexByte(src[i+1:], ':') < 0 {
		if !isPort(src[i:]) {
			return netip.Addr{}, false
		}
		host = src[:i]
	}
	if len(host) > len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255") {
		return netip.Addr{}, false // ParseAddr would quote all of it in its error
	}
	addr, err := netip.ParseAddr(string(host))
	if err != nil || addr.Zone() != "" || bracketed && !addr.Is6() {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// isPort says whether s is a colon and a port, or nothing.
//
//starter:omit
func isPort(s []byte) bool {
	if len(s) == 0 {
		return true
	}
	if len(s) < 2 || s[0] != ':' {
		return false
	}
	s = s[1:]
	obfuscated := s[0] == '_'
	if obfuscated {
		s = s[1:]
	}
	for _, c := range s {
		digit := '0' <= c && c <= '9'
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '_' || c == '-'
		if !digit && !(obfuscated && letter) {
			return false
		}
	}
	return len(s) > 0 && (obfuscated || len(s) <= 5)
}
