package ratelimit

import (
	"bytes"
	"net/netip"
	"strings"

	"barewire/steps/02-request-line"
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
func CutLast(list []byte) (rest, last []byte) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch c := list[i]; {
		case c == '"' && !(quoted && escaped(list, i)):
			quoted = !quoted
		case c == ',' && !quoted:
			return list[:i], bytes.Trim(list[i+1:], " \t")
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
// ports need quotes.
//
// Empty parameters, and spaces behind a ";", change nothing.
//
// It returns false if there is no address: no "for" or more than one, something
// that is not name=value, "unknown", an obfuscated identifier such as "_hidden"
// (§6.3), and whatever [ParseNode] does not accept.
func ForwardedFor(element []byte) (addr netip.Addr, ok bool) {
	found := false
	for first := true; len(element) > 0; first = false {
		if !first {
			if element[0] != ';' {
				return netip.Addr{}, false
			}
			element = bytes.TrimLeft(element[1:], " \t")
		}
		if len(element) == 0 || element[0] == ';' {
			continue // an empty one
		}
		name, value, n, ok := parsePair(element)
		if !ok {
			return netip.Addr{}, false
		}
		element = element[n:]
		if !strings.EqualFold(string(name), "for") {
			continue
		}
		if found {
			return netip.Addr{}, false
		}
		if addr, found = ParseNode(value); !found {
			return netip.Addr{}, false
		}
	}
	return addr, found
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
func ParseNode(src []byte) (netip.Addr, bool) {
	s := string(src)
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Unmap(), addr.Zone() == ""
	}
	var host, port string
	hasPort := true
	if bracketed, ok := strings.CutPrefix(s, "["); ok {
		if host, port, ok = strings.Cut(bracketed, "]"); !ok {
			return netip.Addr{}, false
		}
		if hasPort = port != ""; hasPort {
			if port, ok = strings.CutPrefix(port, ":"); !ok {
				return netip.Addr{}, false
			}
		}
	} else {
		host, port, _ = strings.Cut(s, ":")
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || addr.Is6() != (s[0] == '[') || hasPort && !isPort(port) {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// isPort says whether s is a port, or an obfuscated one.
func isPort(s string) bool {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if name, ok := strings.CutPrefix(s, "_"); ok {
		return name != "" && strings.Trim(name, digits+letters+"._-") == ""
	}
	return 1 <= len(s) && len(s) <= 5 && strings.Trim(s, digits) == ""
}

// escaped says whether the byte at i has a backslash before it that is not escaped
// itself.
func escaped(s []byte, i int) bool {
	n := i
	for n > 0 && s[n-1] == '\\' {
		n--
	}
	return (i-n)%2 == 1
}

// parsePair parses name=value at the start of s, and returns how many bytes that is.
// A value that was quoted comes without its quotes and backslashes.
func parsePair(s []byte) (name, value []byte, n int, ok bool) {
	n = tokenLen(s)
	if n == 0 || n == len(s) || s[n] != '=' {
		return nil, nil, 0, false
	}
	name = s[:n]
	n++
	if n == len(s) || s[n] != '"' {
		length := tokenLen(s[n:])
		return name, s[n : n+length], n + length, length > 0
	}
	for n++; n < len(s); n++ {
		c := s[n]
		switch {
		case c == '"':
			return name, value, n + 1, true
		case c == '\\' && n+1 < len(s):
			n++
			c = s[n]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			break
		}
		value = append(value, c)
	}
	return nil, nil, 0, false
}

func tokenLen(s []byte) int {
	n := 0
	for n < len(s) && reqline.IsToken(s[n]) {
		n++
	}
	return n
}
