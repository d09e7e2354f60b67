package ratelimit

import (
	"bytes"
	"net/netip"
	"regexp"
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
		switch {
		case list[i] == ',' && !quoted:
			return list[:i], bytes.Trim(list[i+1:], " \t")
		case list[i] == '"' && !quoted:
			quoted = true
		case list[i] == '"' && !isEscaped(list, i):
			quoted = false
		}
	}
	return nil, bytes.Trim(list, " \t")
}

// isEscaped says whether an odd number of backslashes stands before list[i].
func isEscaped(list []byte, i int) bool {
	n := 0
	for n < i && list[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
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
func ForwardedFor(element []byte) (netip.Addr, bool) {
	var found netip.Addr
	seen := false
	rest := string(element)
	for rest != "" {
		if rest[0] == ';' {
			rest = strings.TrimLeft(rest[1:], " \t")
			continue
		}
		name, value, behind, ok := cutParameter(rest)
		if !ok || behind != "" && behind[0] != ';' {
			return netip.Addr{}, false
		}
		rest = behind
		if strings.ToLower(name) == "for" {
			if seen {
				return netip.Addr{}, false
			}
			seen = true
			found, _ = ParseNode([]byte(value))
		}
	}
	return found, found.IsValid()
}

// cutParameter cuts a name and a value off the start of s.
func cutParameter(s string) (name, value, behind string, ok bool) {
	name, s = cutToken(s)
	s, found := strings.CutPrefix(s, "=")
	if name == "" || !found {
		return "", "", "", false
	}
	if !strings.HasPrefix(s, `"`) {
		value, behind = cutToken(s)
		return name, value, behind, value != ""
	}
	decoded := []byte{}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return name, string(decoded), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return "", "", "", false
		}
		decoded = append(decoded, s[i])
	}
	return "", "", "", false // the quote is not closed
}

func cutToken(s string) (token, behind string) {
	i := 0
	for i < len(s) && reqline.IsToken(s[i]) {
		i++
	}
	return s[:i], s[i:]
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
	text, port, hasPort := s, "", false
	bracket := strings.HasPrefix(s, "[")
	if bracket {
		inner, behind, closed := strings.Cut(s[1:], "]")
		if !closed {
			return netip.Addr{}, false
		}
		text = inner
		port, hasPort = strings.CutPrefix(behind, ":")
		if behind != "" && !hasPort {
			return netip.Addr{}, false
		}
	} else if strings.Count(s, ":") == 1 {
		text, port, hasPort = strings.Cut(s, ":")
	}

	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" || bracket && !addr.Is6() || hasPort && !portPattern.MatchString(port) {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

var portPattern = regexp.MustCompile(`^([0-9]{1,5}|_[A-Za-z0-9._-]+)$`)
