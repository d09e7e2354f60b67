package ratelimit

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"

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
	for i, c := range slices.Backward(list) {
		switch {
		case c == ',' && !quoted:
			return list[:i], bytes.Trim(list[i+1:], " \t")
		case c == '"' && (!quoted || !escaped(list[:i])):
			quoted = !quoted
		}
	}
	return nil, bytes.Trim(list, " \t")
}

// escaped says whether what stands behind before has a backslash of its own.
func escaped(before []byte) bool {
	return (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 1
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
	var node []byte
	found := 0
	for more := true; more; {
		element = bytes.TrimLeft(element, " \t")
		name, behind := run(element, reqline.IsToken)
		if len(name) > 0 {
			if len(behind) == 0 || behind[0] != '=' {
				return netip.Addr{}, false
			}
			value, after, ok := cutValue(behind[1:])
			if !ok {
				return netip.Addr{}, false
			}
			if bytes.EqualFold(name, []byte("for")) {
				node, found = value, found+1
			}
			behind = after
		}
		if len(behind) > 0 && behind[0] != ';' {
			return netip.Addr{}, false
		}
		if more = len(behind) > 0; more {
			element = behind[1:]
		}
	}
	if found != 1 {
		return netip.Addr{}, false
	}
	return ParseNode(node)
}

// run cuts off the bytes at the start of src that are in a set.
func run(src []byte, in func(byte) bool) (these, rest []byte) {
	n := bytes.IndexFunc(src, func(r rune) bool { return r > 127 || !in(byte(r)) })
	if n < 0 {
		n = len(src)
	}
	return src[:n], src[n:]
}

// cutValue cuts a token or a quoted string off src, and decodes it.
func cutValue(src []byte) (value, rest []byte, ok bool) {
	if len(src) == 0 || src[0] != '"' {
		value, rest = run(src, reqline.IsToken)
		return value, rest, len(value) > 0
	}
	plain := true
	for i, c := range src[1:] {
		switch {
		case c < ' ' && c != '\t' || c == 0x7f:
			return nil, nil, false
		case plain && c == '"':
			return value, src[i+2:], true
		case plain && c == '\\':
			plain = false
		default:
			value, plain = append(value, c), true
		}
	}
	return nil, nil, false
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
	m := nodeForm.FindSubmatch(src)
	if m == nil {
		return netip.Addr{}, false
	}
	// One of the three is there, and only the second has no colon.
	addr, err := netip.ParseAddr(string(slices.Concat(m[1], m[2], m[3])))
	if err != nil || addr.Is4() != (m[2] != nil) {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

var nodeForm = func() *regexp.Regexp {
	const v6, v4, port = `[0-9A-Fa-f:.]+`, `[0-9.]+`, `(?::(?:[0-9]{1,5}|_[0-9A-Za-z._-]+))?`
	return regexp.MustCompile(`\A(?:\[(` + v6 + `)\]` + port + `|(` + v4 + `)` + port + `|(` + v6 + `))\z`)
}()
