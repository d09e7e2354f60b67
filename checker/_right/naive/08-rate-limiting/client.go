package ratelimit

import (
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
	lines := slices.Collect(h.Values(string(p.Field)))
	for p.Field != NoField && p.trusts(addr) && len(lines) > 0 {
		rest, element := CutLast(lines[len(lines)-1])
		lines[len(lines)-1] = rest
		if rest == nil {
			lines = lines[:len(lines)-1]
		}
		if len(element) == 0 {
			continue
		}
		parse := ParseNode
		if strings.ToLower(string(p.Field)) == "forwarded" {
			parse = ForwardedFor
		}
		next, ok := parse(element)
		if !ok {
			break
		}
		addr = next
	}
	return addr
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p.Trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// ClientAddr returns the address of the client that sent r: what Client says of the
// address that its connection comes from. It is invalid if that is no IP address,
// as with a Unix socket.
func (p Proxies) ClientAddr(r *keepalive.Request) netip.Addr {
	if r.RemoteAddr == nil {
		return netip.Addr{}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Client(peer.Addr(), &r.Header)
}

// ClientKey returns what to limit a client under: an IPv4 address alone, and of an
// IPv6 address the first 64 bits. A network of that size is what one household or
// one server is given, and who has it can send from 2^64 addresses. An invalid
// address has an invalid key, which such clients share.
func ClientKey(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		key, _ := addr.Prefix(64)
		return key
	}
	key, _ := addr.Prefix(addr.BitLen())
	return key
}

// Key returns the ClientKey of ClientAddr, and true. It is for [Limiter.Middleware].
func (p Proxies) Key(r *keepalive.Request) (netip.Prefix, bool) {
	return ClientKey(p.ClientAddr(r)), true
}
