package ratelimit_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

// proxies trusts 10.0.0.0/8 and 2001:db8:1::/48.
func proxies(field ratelimit.Field) ratelimit.Proxies {
	return ratelimit.Proxies{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")},
		Field:   field,
	}
}

func TestTask8_Client(t *testing.T) {
	const none, fwd, xff = ratelimit.NoField, ratelimit.Forwarded, ratelimit.XForwardedFor
	for _, test := range []struct {
		name  string
		field ratelimit.Field
		peer  string
		lines []string
		want  string
		why   string
	}{
		{"no proxy", xff, "198.51.100.7", nil, "198.51.100.7", "the client is whoever opened the connection"},
		{"a client that says it is somebody else", xff, "198.51.100.7", []string{"X-Forwarded-For: 203.0.113.9"}, "198.51.100.7", "the peer is no trusted proxy, so its fields are what it says of itself (GO-2026-5774, GO-2026-5775, GO-2026-5777)"},
		{"a client behind a proxy", xff, "10.0.0.1", []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9", "the proxy is trusted and says who called it"},
		{"a client behind a proxy that lies", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, 203.0.113.9"}, "203.0.113.9", "proxies append: what stands before the client's own address is what the client has sent"},
		{"two proxies", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, 203.0.113.9, 10.9.9.9"}, "203.0.113.9", "the last address that is not trusted is the client"},
		{"trusted proxies only", xff, "10.0.0.1", []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3", "at the beginning of the list its first address is the last good one"},
		{"a proxy that says nothing", xff, "10.0.0.1", nil, "10.0.0.1", "without the field the peer is all that is known"},
		{"lines are read from the last", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 203.0.113.9"}, "203.0.113.9", "several lines are one list, in order (RFC 9110 §5.3); a client can send a line of its own"},
		{"a last line of trusted proxies only", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, 203.0.113.9", "X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "203.0.113.9", "the search goes on in the line before"},
		{"three lines, the one in the middle broken", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 203.0.113.9, oops", "X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3", "nothing before the broken element is believed, not in the line before either"},
		{"a broken element in the last line", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: oops, 10.0.0.2"}, "10.0.0.2", "the search ends at the last good address"},
		{"a broken last element", xff, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, 203.0.113.9, oops"}, "10.0.0.1", "nothing before it can be believed: who has appended it?"},
		{"a broken element in front of the client", xff, "10.0.0.1", []string{"X-Forwarded-For: oops, 203.0.113.9"}, "203.0.113.9", "what the client sends cannot hide the address that the proxy appends"},
		{"empty elements", xff, "10.0.0.1", []string{"X-Forwarded-For: , 203.0.113.9,, ,"}, "203.0.113.9", "a recipient passes over empty elements (RFC 9110 §5.6.1.2)"},
		{"an empty last line", xff, "10.0.0.1", []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For:"}, "203.0.113.9", "it has no elements, and those of the line before follow"},
		{"a peer on an IPv6 socket", xff, "::ffff:10.0.0.1", []string{"X-Forwarded-For: ::ffff:203.0.113.9"}, "203.0.113.9", "a socket for both gives IPv4 addresses in IPv6 ones; they are the same hosts"},
		{"a peer with a zone", xff, "2001:db8:1::5%eth0", []string{"X-Forwarded-For: 2001:db8:2::5"}, "2001:db8:2::5", "no prefix contains an address with a zone; it is cut off"},
		{"IPv6 with a port", xff, "10.0.0.1", []string{"X-Forwarded-For: [2001:db8:2::5]:443, 10.0.0.2:80"}, "2001:db8:2::5", "some proxies append a port"},
		{"the other field", xff, "10.0.0.1", []string{"Forwarded: for=192.0.2.1"}, "10.0.0.1", "a proxy that sets one field passes the other one on as the client sent it"},
		{"the other field as well", xff, "10.0.0.1", []string{"Forwarded: for=192.0.2.1", "X-Forwarded-For: 203.0.113.9"}, "203.0.113.9", "a proxy that sets one field passes the other one on as the client sent it"},
		{"no field that is believed", none, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"}, "10.0.0.1", "NoField believes nobody"},
		{"a field with another name", "X-Real-IP", "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 203.0.113.9"}, "203.0.113.9", "some proxies have one of their own, and it is read as X-Forwarded-For is"},
		{"Forwarded", fwd, "10.0.0.1", []string{`Forwarded: for=192.0.2.1, for="[2001:db8:2::5]:4711";proto=https, for=10.0.0.2`}, "2001:db8:2::5", "the same search with another grammar (RFC 7239)"},
		{"Forwarded, with a quote left open", fwd, "10.0.0.1", []string{`Forwarded: for="192.0.2.1, for=203.0.113.9`}, "203.0.113.9", "the client opened a quote and the proxy appended the rest: the list is read from its end"},
		{"Forwarded, from an unknown client", fwd, "10.0.0.1", []string{"Forwarded: for=192.0.2.1, for=unknown, for=10.0.0.2"}, "10.0.0.2", "who is unknown cannot be believed: the proxy that says so is the last good address (RFC 7239 §6.2)"},
		{"Forwarded, the other field as well", fwd, "10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "Forwarded: for=203.0.113.9"}, "203.0.113.9", "a proxy that sets one field passes the other one on as the client sent it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := ask(t, nil, test.lines...)
			got := proxies(test.field).Client(netip.MustParseAddr(test.peer), &r.Header)
			if got.String() != test.want {
				testkit.Report{Sent: strings.Join(append(test.lines, ""), "\r\n"), Want: test.want, Got: got.String() + fmt.Sprintf(" (peer %s, field %q, trusted 10.0.0.0/8 and 2001:db8:1::/48)", test.peer, test.field), Why: test.why}.Error(t)
			}
		})
	}
}

func TestTask8_Key(t *testing.T) {
	for _, test := range []struct{ name, addr, want, why string }{
		{"an IPv4 address", "203.0.113.9", "203.0.113.9/32", "it is one client, as far as anybody can tell"},
		{"an IPv6 network", "2001:db8:2:3:4:5:6:7", "2001:db8:2:3::/64", "who has one IPv6 address most often has 2^64 of them"},
		{"an IPv4 address in an IPv6 one", "::ffff:203.0.113.9", "203.0.113.9/32", "as IPv6 all of IPv4 would be one network"},
		{"a zone", "fe80::1:2%eth0", "fe80::/64", "a prefix has no zone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ratelimit.ClientKey(netip.MustParseAddr(test.addr))
			if got.String() != test.want {
				testkit.Report{Want: test.want, Got: got.String(), Why: test.why}.Error(t)
			}
		})
	}
	t.Run("addresses of one network have one key, others have not", func(t *testing.T) {
		key := func(s string) netip.Prefix { return ratelimit.ClientKey(netip.MustParseAddr(s)) }
		if key("2001:db8::1") != key("2001:db8::ffff:1") || key("2001:db8::1") == key("2001:db8:0:1::1") || key("192.0.2.1") == key("192.0.2.2") {
			testkit.Report{Doing: "2001:db8::1, 2001:db8::ffff:1, 2001:db8:0:1::1, 192.0.2.1 and 192.0.2.2 are asked for their keys", Want: "equal in one /64, and different otherwise", Got: fmt.Sprint(key("2001:db8::1"), key("2001:db8::ffff:1"), key("2001:db8:0:1::1"), key("192.0.2.1"), key("192.0.2.2")), Why: "the bits behind the prefix are zero in a key"}.Error(t)
		}
		if bad := ratelimit.ClientKey(netip.Addr{}); bad != (netip.Prefix{}) {
			testkit.Report{Want: "invalid Prefix", Got: bad.String(), Why: "an invalid address has an invalid key"}.Error(t)
		}
	})
}

// A pipe is the address of something that is no TCP connection.
type pipe string

func (pipe) Network() string  { return "pipe" }
func (p pipe) String() string { return string(p) }

func TestTask8_Request(t *testing.T) {
	p := proxies(ratelimit.XForwardedFor)
	for _, test := range []struct {
		name string
		from net.Addr
		want string
		key  string
		why  string
	}{
		{"a TCP connection", &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 4711}, "198.51.100.7", "198.51.100.7/32", "the port is not part of who it is"},
		{"a TCP connection of a proxy", &net.TCPAddr{IP: net.ParseIP("10.0.0.1"), Port: 4711}, "2001:db8:2:3::9", "2001:db8:2:3::/64", "the proxy says who called it"},
		{"an address that is only text", pipe("198.51.100.7:80"), "198.51.100.7", "198.51.100.7/32", "a connection that is wrapped may have an address of another type"},
		{"an address of a proxy that is only text", pipe("[2001:db8:1::1]:80"), "2001:db8:2:3::9", "2001:db8:2:3::/64", "a connection that is wrapped may have an address of another type"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := ask(t, test.from, "X-Forwarded-For: 2001:db8:2:3::9")
			addr := p.ClientAddr(r)
			key, ok := p.Key(r)
			if addr.String() != test.want || key.String() != test.key || !ok {
				testkit.Report{Want: test.want + ", key " + test.key, Got: fmt.Sprintf("%v, key %v, %v", addr, key, ok), Why: test.why}.Error(t)
			}
		})
	}
	t.Run("what is no address is no client", func(t *testing.T) {
		for _, from := range []net.Addr{nil, pipe("pipe"), pipe("@"), &net.UnixAddr{Name: "/tmp/x", Net: "unix"}} {
			r := ask(t, from, "X-Forwarded-For: 203.0.113.9")
			if addr, key := p.ClientAddr(r), func() netip.Prefix { k, _ := p.Key(r); return k }(); addr.IsValid() || key.IsValid() {
				testkit.Report{Want: "an invalid address and key", Got: fmt.Sprint(addr, key), Why: "a Unix socket has no IP address that could be trusted"}.Error(t)
			}
		}
		if _, ok := p.Key(ask(t, pipe("pipe"))); !ok {
			testkit.Report{Doing: "a request comes over a pipe, which has no address", Want: "limited", Got: "not limited", Why: "clients without an address share one key: they are not exempt"}.Error(t)
		}
	})
}
