package reqline

import (
	"bytes"
	"net"
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
	end := 0
	if src[0] == '[' {
		end = bytes.IndexByte(src, ']')
		if end < 0 {
			return nil, nil, badRequest("RFC 3986 §3.2.2", 0, "no closing bracket")
		}
		ip := src[1:end]
		if net.ParseIP(string(ip)) == nil || !bytes.Contains(ip, []byte(":")) {
			return nil, nil, badRequest("RFC 3986 §3.2.2", 1, "no IPv6 address")
		}
		end++
	} else {
		for end < len(src) && src[end] != ':' {
			c := src[end]
			if !nameBytes[c] {
				return nil, nil, badRequest("RFC 3986 §3.2.2", end, "bad byte in host")
			}
			if c == '%' {
				d, ok := percentByte(src[end:])
				if !ok || d == 0 {
					return nil, nil, badRequest("RFC 3986 §2.1", end, "bad percent-encoding")
				}
				end += 2
			}
			end++
		}
	}
	host = src[:end]
	if end == len(src) {
		return host, nil, nil
	}
	if len(host) == 0 || src[end] != ':' {
		return nil, nil, badRequest("RFC 3986 §3.2", end, "bad authority")
	}
	port = src[end+1:]
	if len(port) == 0 {
		return host, nil, nil
	}
	for i, c := range port {
		if !isDigit(c) {
			return nil, nil, badRequest("RFC 3986 §3.2.3", end+1+i, "port is no number")
		}
	}
	p, err := strconv.Atoi(string(port))
	if err != nil || p < 1 || p > 65535 {
		return nil, nil, badRequest("RFC 3986 §3.2.3", end+1, "bad port")
	}
	return host, port, nil
}
