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
	if len(src) == 0 {
		return nil, nil, nil
	}

	end := 0 // of the host
	if src[0] == '[' {
		closing := bytes.IndexByte(src, ']')
		if closing < 0 {
			return nil, nil, badRequest("RFC 3986 §3.2.2", 0, "a bracket without its partner in %q", src)
		}
		addr, err := netip.ParseAddr(string(src[1:closing]))
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return nil, nil, badRequest("RFC 3986 §3.2.2", 1, "no IPv6 address in the brackets of %q", src)
		}
		end = closing + 1
		if end < len(src) && src[end] != ':' {
			return nil, nil, badRequest("RFC 3986 §3.2", end, "something stands behind the bracket of %q", src)
		}
	} else {
		for end < len(src) && src[end] != ':' {
			if !nameBytes[src[end]] {
				return nil, nil, badRequest("RFC 3986 §3.2.2", end, "byte %q in the host %q", src[end], src)
			}
			if src[end] == '%' {
				c, ok := percentByte(src[end:])
				if !ok || c == 0 {
					return nil, nil, badRequest("RFC 3986 §2.1", end, "bad percent-encoding in the host %q", src)
				}
			}
			end++
		}
		if end == 0 {
			return nil, nil, badRequest("RFC 9110 §4.2.1", 0, "no host in %q", src)
		}
	}

	host = src[:end]
	if end == len(src) {
		return host, nil, nil
	}
	port = src[end+1:]
	for i, c := range port {
		if !isDigit(c) {
			return nil, nil, badRequest("RFC 3986 §3.2.3", end+1+i, "byte %q in the port of %q", c, src)
		}
	}
	if len(port) > 0 {
		number, err := strconv.ParseUint(string(port), 10, 16)
		if err != nil || number == 0 {
			return nil, nil, badRequest("RFC 3986 §3.2.3", end+1, "port %s is not from 1 to 65535", port)
		}
	}
	return host, port, nil
}
