package ratelimit

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
)

// A Field is the name of the field in which proxies say for whom they forward a
// request. Other names than these may be used, such as X-Real-IP: they are read as
// X-Forwarded-For is.
type Field string

const (
	NoField       Field = ""                // proxies are not believed
	Forwarded     Field = "Forwarded"       // RFC 7239
	XForwardedFor Field = "X-Forwarded-For" // older, without a standard, and in wide use
)

// Proxies says which proxies stand in front of the server and where they write down
// the address that a request came to them from. The zero value believes nobody: the
// client is whoever opened the connection.
//
// There is one Field and not a choice by what a request has, since a proxy sets one
// of them and passes the other on as the client sent it.
type Proxies struct {
	Trusted []netip.Prefix // addresses of the proxies
	Field   Field          // the field that all of them append to
}

// Client returns the address of the client whose request came from peer with these
// fields. Each proxy appends the address that it was called from, so the list is
// read from its end: the last line, the last element. As long as an address is
// trusted, what it says is believed; the first one that is not trusted is the
// client, and what stands before it is what the client says of itself.
//
// Where the search cannot go on, its last good address is the answer: at the
// beginning of the list, at an element without an address ("unknown", "_hidden"),
// and at one that is malformed. The first good address is peer. Empty elements of
// the list are passed over (RFC 9110 §5.6.1.2).
//
// An IPv4 address in an IPv6 one becomes the IPv4 address, also for peer, before it
// is compared with Trusted. Zones are cut off.
func (p Proxies) Client(peer netip.Addr, h *message.Header) netip.Addr {
	addr := peer.Unmap().WithZone("")
	if p.Field == NoField {
		return addr
	}
	parse := ParseNode
	if strings.EqualFold(string(p.Field), string(Forwarded)) {
		parse = ForwardedFor
	}
	for _, list := range slices.Backward(slices.Collect(h.Values(string(p.Field)))) {
		for list != nil {
			var last []byte
			if list, last = CutLast(list); len(last) == 0 {
				continue
			}
			if !p.trusts(addr) {
				return addr
			}
			before, ok := parse(last)
			if !ok {
				return addr
			}
			addr = before
		}
	}
	return addr
}

func (p Proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(of netip.Prefix) bool { return of.Contains(addr) })
}

// ClientAddr returns the address of the client that sent r: what Client says of the
// address that its connection comes from. It is invalid if that is no IP address,
// as with a Unix socket.
func (p Proxies) ClientAddr(r *keepalive.Request) netip.Addr {
	switch from := r.RemoteAddr.(type) {
	case nil:
		return netip.Addr{}
	case *net.TCPAddr:
		return p.Client(from.AddrPort().Addr(), &r.Header)
	}
	text := r.RemoteAddr.String()
	if peer, err := netip.ParseAddrPort(text); err == nil {
		return p.Client(peer.Addr(), &r.Header)
	}
	peer, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return p.Client(peer, &r.Header)
}

// ClientKey returns what to limit a client under: an IPv4 address alone, and of an
// IPv6 address the first 64 bits. A network of that size is what one household or
// one server is given, and who has it can send from 2^64 addresses. An invalid
// address has an invalid key, which such clients share.
func ClientKey(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	key, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return key
}

// Key returns the ClientKey of ClientAddr, and true. It is for [Limiter.Middleware].
func (p Proxies) Key(r *keepalive.Request) (netip.Prefix, bool) {
	return ClientKey(p.ClientAddr(r)), true
}
