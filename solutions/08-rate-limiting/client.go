package ratelimit

import (
	"net"
	"net/netip"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
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
//
//starter:todo 8.8 While the address is trusted, take the next.
func (p Proxies) Client(peer netip.Addr, h *message.Header) netip.Addr {
	peer = peer.Unmap().WithZone("")
	if p.Field == NoField || !p.trusts(peer) {
		return peer
	}
	// Header goes from the first line to the last, so each line may overrule the
	// ones before it. It does unless all of its addresses are trusted: then it is
	// up to them, and its first address is the answer only if they have none.
	var found netip.Addr
	for list := range h.Values(string(p.Field)) {
		last, goOn := p.search(list)
		if !goOn || !found.IsValid() {
			found = last
		}
	}
	if !found.IsValid() {
		return peer
	}
	return found
}

// search reads one line from its end. It returns the last good address, invalid if
// there is none, and whether the search may go on in the line before.
//
//starter:omit
func (p Proxies) search(list []byte) (last netip.Addr, goOn bool) {
	for list != nil {
		var element []byte
		list, element = CutLast(list)
		if len(element) == 0 {
			continue
		}
		addr, ok := ParseNode(element)
		if p.Field == Forwarded {
			addr, ok = ForwardedFor(element)
		}
		if !ok {
			return last, false
		}
		last = addr
		if !p.trusts(addr) {
			return last, false
		}
	}
	return last, true
}

//starter:omit
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
//
//starter:todo 8.8 RemoteAddr is most often a *net.TCPAddr.
func (p Proxies) ClientAddr(r *keepalive.Request) netip.Addr {
	if tcp, ok := r.RemoteAddr.(*net.TCPAddr); ok {
		return p.Client(tcp.AddrPort().Addr(), &r.Header)
	}
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
//
//starter:todo 8.8 netip.Addr has a method for it.
func ClientKey(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.WithZone("").Prefix(bits) // the error is the invalid address
	return prefix
}

// Key returns the ClientKey of ClientAddr, and true. It is for [Limiter.Middleware].
//
//starter:todo 8.8 Two functions that you have.
func (p Proxies) Key(r *keepalive.Request) (netip.Prefix, bool) {
	return ClientKey(p.ClientAddr(r)), true
}
