package ratelimit

import (
	"net/netip"
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
	// TODO 8.7: Go from the right, in a quoted string or not.
	return nil, nil
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
func ForwardedFor(element []byte) (netip.Addr, bool) {
	// TODO 8.7: Semicolons in quotes do not separate either.
	return netip.Addr{}, false
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
	// TODO 8.7: Brackets, then a port, then netip.ParseAddr.
	return netip.Addr{}, false
}
