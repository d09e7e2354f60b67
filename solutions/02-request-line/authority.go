package reqline

import (
	"bytes"
	"net/netip"
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
//
//starter:todo 2.3 An IPv6 address has colons of its own: look for its closing bracket before you look for the port.
func ParseAuthority(src []byte) (host, port []byte, err error) {
	const rule = "RFC 9110 §7.2"
	end := bytes.IndexByte(src, ':')
	if len(src) > 0 && src[0] == '[' {
		end = bytes.IndexByte(src, ']') + 1
		addr, err := netip.ParseAddr(string(src[min(1, end):max(end-1, 0)]))
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return nil, nil, badRequest(rule, 0, "%.50q is no IPv6 address in brackets", src)
		}
	} else {
		if end < 0 {
			end = len(src)
		}
		if err := checkName(src[:end]); err != nil {
			return nil, nil, err
		}
	}
	host, port = src[:end], src[end:]
	if len(port) == 0 {
		return host, nil, nil
	}
	if len(host) == 0 || port[0] != ':' || !validPort(port[1:]) {
		return nil, nil, badRequest(rule, end, "%.20q is no port behind a host", port)
	}
	return host, port[1:], nil
}

// checkName reports the first byte of name that no registered name has.
//
//starter:omit
func checkName(name []byte) error {
	for i, c := range name {
		if !nameBytes[c] {
			return badRequest("RFC 9110 §7.2", i, "%q in a host name", name[i:i+1])
		}
		if c == '%' {
			if c, ok := percentByte(name[i:]); !ok || c == 0 {
				return badRequest("RFC 3986 §2.1", i, "%.3q in a host name", name[i:])
			}
		}
	}
	return nil
}

// validPort says whether port is empty or a number from 1 to 65535.
//
//starter:omit
func validPort(port []byte) bool {
	n := 0
	for _, c := range port {
		if n = n*10 + int(c-'0'); !isDigit(c) || n > 65535 {
			return false
		}
	}
	return n > 0 || len(port) == 0
}
