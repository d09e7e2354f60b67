package reqline

import "net/netip"

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
	c := cursor{src: src}
	if c.maybe('[') {
		c.literal()
	} else {
		c.name()
	}
	host = src[:c.at]
	if c.done() || c.err != nil {
		return host, nil, c.err
	}
	if len(host) == 0 || !c.maybe(':') {
		c.fail("RFC 3986 §3.2", "neither a host nor a colon")
		return nil, nil, c.err
	}
	port = c.port()
	if c.err != nil {
		return nil, nil, c.err
	}
	return host, port, nil
}

// literal takes an IPv6 address and its closing bracket.
func (c *cursor) literal() {
	text := c.while(func(b byte) bool { return b != ']' })
	ip, err := netip.ParseAddr(string(text))
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		c.at = 1
		c.fail("RFC 3986 §3.2.2", "no IPv6 address")
	}
	if !c.maybe(']') {
		c.fail("RFC 3986 §3.2.2", "no closing bracket")
	}
}

// name takes a registered name, or an IPv4 address, which looks like one.
func (c *cursor) name() {
	start := c.at
	text := c.while(func(b byte) bool { return nameBytes[b] })
	for s := range symbols(text) {
		if s.unsafe() {
			c.at = start + s.at
			c.fail("RFC 3986 §2.1", "percent sign")
			return
		}
	}
}

// port takes all that is left: nothing, or a number from 1 to 65535.
func (c *cursor) port() []byte {
	start, n := c.at, 0
	text := c.while(func(b byte) bool {
		n = min(n*10+int(b-'0'), 1<<16)
		return isDigit(b)
	})
	if c.at < len(c.src) {
		c.fail("RFC 3986 §3.2.3", "no digit")
	} else if len(text) > 0 && (n == 0 || n > 65535) {
		c.at = start
		c.fail("RFC 3986 §3.2.3", "port out of range")
	}
	return text
}
