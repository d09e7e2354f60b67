package ratelimit

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
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
		if list[i] == ',' && !quoted {
			return list[:i], bytes.Trim(list[i+1:], " \t")
		}
		if list[i] == '"' { // in a string, one behind an odd number of backslashes belongs to it
			slashes := i - len(bytes.TrimRight(list[:i], `\`))
			quoted = !quoted || slashes%2 == 1
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
	found := 0
	for len(element) > 0 {
		m := pair.FindSubmatch(element)
		if m == nil {
			return netip.Addr{}, false
		}
		element = element[len(m[0]):]
		if bytes.EqualFold(m[1], []byte("for")) {
			found++
			addr, ok = ParseNode(quotedPair.ReplaceAll(bytes.Trim(m[2], `"`), []byte("$1")))
		}
	}
	if !ok || found != 1 {
		return netip.Addr{}, false
	}
	return addr, true
}

var (
	pair = func() *regexp.Regexp {
		const token = "[\\w!#$%&'*+.^`|~-]+"
		return regexp.MustCompile(`^[ \t]*(?:(` + token + `)=(` + token + `|"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*"))?(?:;|$)`)
	}()
	quotedPair = regexp.MustCompile(`\\(.)`)
	node       = regexp.MustCompile(`^(?:(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::(?:\d{1,5}|_[\w.-]+))?|([0-9A-Fa-f:.]+))$`)
)

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
	m := node.FindSubmatch(src)
	if m == nil {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(string(slices.Concat(m[1:]...)))
	if err != nil || addr.Is4() && len(m[1]) == 0 {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}
