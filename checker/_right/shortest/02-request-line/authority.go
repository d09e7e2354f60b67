package reqline

import (
	"bytes"
	"net/netip"
	"strconv"
)

// ParseAuthority cuts the authority that src consists of, such as
// "example.org:8080" or "[::1]:80", into its host and its port (RFC 9110 §7.2,
// RFC 3986 §3.2). The host keeps the brackets of an IPv6 address. Both are
// borrowed from src. The host is empty only if src is; the port may be missing
// or, as RFC 3986 §3.2.3 has it, empty behind its colon.
//
// A host name is made of letters, digits, percent-encoded bytes other than NUL,
// and the bytes -._~!$&'()*+;= (RFC 3986 §3.2.2 has the comma as well; here it is
// the sign of two hosts that somebody joined). Every error is a 400: any other
// byte, userinfo ("user@host"), brackets that hold something else than an IPv6
// address without a zone, a port that is not a number from 1 to 65535.
func ParseAuthority(src []byte) (host, port []byte, err error) {
	const rule = "RFC 3986 §3.2"
	n := 0
	if bytes.HasPrefix(src, []byte("[")) {
		n = bytes.IndexByte(src, ']') + 1
		addr, err := netip.ParseAddr(string(src[1:max(n-1, 1)]))
		if err != nil || addr.Is4() || addr.Zone() != "" {
			return nil, nil, badRequest(rule, 0, "no IPv6 address in brackets")
		}
	}
	for ; n < len(src) && src[0] != '[' && nameBytes[src[n]]; n++ {
		if c, ok := percentByte(src[n:]); src[n] == '%' && (!ok || c == 0) {
			return nil, nil, badRequest(rule, n, "no percent-encoded byte, or NUL")
		}
	}
	if n == len(src) {
		return src, nil, nil
	}
	if n == 0 || src[n] != ':' {
		return nil, nil, badRequest(rule, n, "no byte of a host")
	}
	port = src[n+1:]
	if v, err := strconv.ParseUint(string(port), 10, 16); len(port) > 0 && (err != nil || v == 0) {
		digits := len(port) - len(bytes.TrimLeft(port, "0123456789"))
		return nil, nil, badRequest(rule, n+1+digits%len(port), "no port")
	}
	return src[:n], port, nil
}
