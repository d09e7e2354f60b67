package ratelimit_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

func TestTask7_CutLast(t *testing.T) {
	for _, test := range []struct{ name, list, rest, last, why string }{
		{"the last of three", "a, b, c", "a, b", "c", "the list is read from its end"},
		{"without spaces", "a,b", "a", "b", "a comma separates, spaces around it may be left out (RFC 9110 §5.6.1)"},
		{"spaces and tabs", "a ,\t b \t", "a ", "b", "whitespace at the ends of an element does not belong to it"},
		{"nothing behind the comma", "a,", "a", "", "an empty element"},
		{"a comma in a quoted string", `for="a,b", for="c,d;e"`, `for="a,b"`, `for="c,d;e"`, "commas in quotes do not separate (RFC 9110 §5.6.4)"},
		{"an escaped quote", `x, for="a\",b"`, `x`, `for="a\",b"`, "a quote behind a backslash does not end the string"},
		{"an escaped backslash before the quote", `x, a="b\\",c`, `x, a="b\\"`, `c`, "the backslash is the escaped one, so the quote ends the string"},
		{"a quoted string that ends in a backslash, at the end", `x, a="b\\"`, `x`, `a="b\\"`, "read from its end, the list begins with a quote: only within a string does a backslash before it count"},
		{"a comma in a string at the beginning", `"a,b", c`, `"a,b"`, "c", "the string begins with the first byte: nothing stands before it to be looked at"},
		{"an open quote before the last comma", `for="evil, for=192.0.2.1`, `for="evil`, `for=192.0.2.1`, "what a client sends stands before what the proxy appends: a quote that it leaves open must not swallow that"},
		{"an open quote and a quoted address", `", for="[2001:db8::1]:80"`, `"`, `for="[2001:db8::1]:80"`, "the quotes of the last element are told from its end"},
		{"a backslash before the last comma", `\, b`, `\`, "b", "outside of quotes it means nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rest, last := ratelimit.CutLast([]byte(test.list))
			if string(rest) != test.rest || string(last) != test.last {
				testkit.Report{Sent: test.list, Want: fmt.Sprintf("%q behind %q", test.last, test.rest), Got: fmt.Sprintf("%q behind %q", last, rest), Why: test.why}.Error(t)
			}
		})
	}
	t.Run("the only element is a string", func(t *testing.T) {
		const list = `"a,b"`
		if rest, last := ratelimit.CutLast([]byte(list)); rest != nil || string(last) != list {
			testkit.Report{Sent: list, Want: "all of it, and a rest that is nil", Got: fmt.Sprintf("%q behind %#v", last, rest), Why: "the string begins with the first byte: nothing stands before it to be looked at"}.Error(t)
		}
	})
	t.Run("the only element has no rest", func(t *testing.T) {
		only, last := ratelimit.CutLast([]byte("a"))
		empty, _ := ratelimit.CutLast([]byte(",a"))
		if only != nil || string(last) != "a" || empty == nil {
			testkit.Report{Sent: "a", Want: "a, and a rest that is nil; for \",a\" one that is empty and not nil", Got: fmt.Sprintf("%q, %#v, %#v", last, only, empty), Why: "nil says that the list has come to its beginning"}.Error(t)
		}
	})
}

// Whoever is behind a trusted proxy writes the list.
func TestTask7_Long(t *testing.T) {
	for _, test := range []struct{ name, repeat, end string }{
		{"backslashes", `\`, `"`},
		{"quotes", `"`, ``},
		{"escaped quotes", `\"`, `"`},
		{"commas in quotes", `,`, `"`},
	} {
		t.Run("time in proportion to the length: "+test.name, func(t *testing.T) {
			took := func(kib int) time.Duration {
				list := []byte(`"` + strings.Repeat(test.repeat, kib<<10/len(test.repeat)) + test.end)
				start := time.Now()
				ratelimit.CutLast(list)
				return max(time.Since(start), 10*time.Microsecond)
			}
			if _, last := ratelimit.CutLast([]byte("a, b")); string(last) != "b" {
				testkit.Report{Sent: "a, b", Want: "b", Got: fmt.Sprintf("%q", last), Why: "what does nothing is quick"}.Fatal(t)
			}
			const first, last = 4, 256 // KiB
			short := min(took(first), took(first), took(first))
			for n := first; n <= last; n *= 2 {
				long, times := took(n), n/first
				limit := max(300*time.Millisecond, 4*time.Duration(times)*short)
				for again := 0; again < 5 && limit <= long && long < 3*time.Second; again++ {
					long = min(long, took(n)) // another program may have had the processor
				}
				if long >= limit {
					testkit.Report{
						Sent: `"` + strings.Repeat(test.repeat, 20) + "..." + test.end,
						Want: fmt.Sprintf("a list like this of %d KiB takes about %d times as long as one of %d KiB", n, times, first),
						Got:  fmt.Sprintf("%d times as long: %v after %v", long/short, long, short),
						Why:  "clients write most of this list, and each request has one: where twice the length takes four times as long, a few of them keep a core busy. Look at each byte once, and not at all that stands before it",
					}.Fatal(t)
				}
			}
		})
	}
}

// An address is written as it should come out; "" stands for none.
func expectAddr(t *testing.T, sent, want string, got netip.Addr, ok bool, why string) {
	t.Helper()
	if have := addrOrNone(got, ok); have != addrOrNone(parseAddr(want), want != "") {
		testkit.Report{Sent: sent, Want: addrOrNone(parseAddr(want), want != ""), Got: have, Why: why}.Error(t)
	}
}

func parseAddr(s string) netip.Addr {
	addr, _ := netip.ParseAddr(s)
	return addr
}

func addrOrNone(addr netip.Addr, ok bool) string {
	if !ok {
		return "no address"
	}
	return addr.String()
}

func TestTask7_Node(t *testing.T) {
	for _, test := range []struct {
		name, node, want string
		bad              []string // nearly the same, and no address
		why              string
	}{
		{"an IPv4 address", "192.0.2.43", "192.0.2.43", []string{"192.0.2", "192.0.2.043", "192.0.2.256", "192.0.2.43.", " 192.0.2.43", "192.0.2.43 ", ""}, "anything that two programs could read as two addresses is none"},
		{"with a port", "192.0.2.43:47011", "192.0.2.43", []string{"192.0.2.43:", "192.0.2.43:http", "192.0.2.43:123456", "192.0.2.43:-1", ":80"}, "a port is 1 to 5 digits (RFC 7239 §6.3)"},
		{"with an obfuscated port", "192.0.2.43:_pOrt.1-x_", "192.0.2.43", []string{"192.0.2.43:_", "192.0.2.43:_a b", "192.0.2.43:x_"}, "or an underscore and a name (RFC 7239 §6.3)"},
		{"an IPv6 address in brackets", "[2001:db8:cafe::17]", "2001:db8:cafe::17", []string{"[2001:db8:cafe::17", "2001:db8:cafe::17]", "[2001:db8:cafe::17]x", "[192.0.2.43]", "[]", "["}, "brackets are a pair and hold an IPv6 address"},
		{"an IPv6 address in brackets with a port", "[2001:db8:cafe::17]:4711", "2001:db8:cafe::17", []string{"[2001:db8:cafe::17]:", "[2001:db8:cafe::17]4711", "[2001:db8:cafe::17]::", "[2001:db8:cafe::17]:x"}, "the port stands behind the bracket"},
		{"a bare IPv6 address", "2001:db8::1", "2001:db8::1", []string{"2001:db8::1::2", "2001:db8:::1", "2001:db8::g"}, "X-Forwarded-For has them without brackets, and then without a port"},
		{"the longest one that there is", "1111:2222:3333:4444:5555:6666:255.255.255.255", "1111:2222:3333:4444:5555:6666:ffff:ffff", []string{"1111:2222:3333:4444:5555:6666:255.255.255.2555"}, "six groups, and the last 32 bits as an IPv4 address (RFC 3986 §3.2.2)"},
		{"an IPv4 address in an IPv6 one", "::ffff:192.0.2.43", "192.0.2.43", []string{"::ffff:192.0.2"}, "one host must not have two names: ::ffff:192.0.2.43 is 192.0.2.43"},
		{"a zone is no part of an address", "fe80::1", "fe80::1", []string{"fe80::1%eth0", "[fe80::1%25eth0]"}, "a zone means something on one host only, and anybody can make up a million of them"},
		{"names are no addresses", "198.51.100.1", "198.51.100.1", []string{"unknown", "_hidden", "localhost", "example.org", strings.Repeat("1", 300)}, "they say that the address is not told (RFC 7239 §6)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr, ok := ratelimit.ParseNode([]byte(test.node))
			expectAddr(t, test.node, test.want, addr, ok, test.why)
			for _, bad := range test.bad {
				addr, ok := ratelimit.ParseNode([]byte(bad))
				expectAddr(t, bad, "", addr, ok, test.why)
			}
		})
	}
}

// Each byte that a port may have, and no other.
func TestTask7_Port(t *testing.T) {
	const why = "a port is digits, or an underscore and then letters, digits, dots, underscores and hyphens (RFC 7239 §6.3)"
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		for _, port := range []struct{ before, allowed string }{{":", digits}, {":_", digits + letters + "._-"}} {
			node, want := "192.0.2.43"+port.before+string([]byte{byte(c)}), ""
			if port.before == ":" && c == '_' {
				continue // an obfuscated port begins
			}
			if strings.IndexByte(port.allowed, byte(c)) >= 0 {
				want = "192.0.2.43"
			}
			addr, ok := ratelimit.ParseNode([]byte(node))
			if addrOrNone(addr, ok) != addrOrNone(parseAddr(want), want != "") {
				expectAddr(t, node, want, addr, ok, why)
				return
			}
		}
	}
}

func TestTask7_ForwardedFor(t *testing.T) {
	for _, test := range []struct {
		name, element, want string
		bad                 []string
		why                 string
	}{
		{"for alone", "for=192.0.2.60", "192.0.2.60", []string{"for=", "for", "for:192.0.2.60", "192.0.2.60", "=192.0.2.60", "=a;for=192.0.2.60", `="a";for=192.0.2.60`, ""}, "an element is name=value pairs (RFC 7239 §4)"},
		{"among others", "by=203.0.113.43;for=192.0.2.60;proto=http", "192.0.2.60", []string{"by=203.0.113.43;proto=http", "xfor=192.0.2.60", "forx=192.0.2.60"}, "parameters come in any order"},
		{"in any case of letters", "FOR=192.0.2.60", "192.0.2.60", []string{"fro=192.0.2.60"}, "parameter names are case-insensitive (RFC 7239 §4)"},
		{"a quoted string", `for="192.0.2.60"`, "192.0.2.60", []string{`for="192.0.2.60`, `for=192.0.2.60"`, `for="192.0.2.60"x`, `for='192.0.2.60'`, `for="`}, "a string ends with its quote, and a semicolon or the end follows"},
		{"an IPv6 address with a port in quotes", `For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17", []string{`for=[2001:db8:cafe::17]:4711`, `for=2001:db8:cafe::17`}, "colons and brackets are no token characters, so they need quotes (RFC 7239 §4)"},
		{"an IPv4 address with a port in quotes", `for="192.0.2.60:80"`, "192.0.2.60", []string{`for=192.0.2.60:80`}, "a colon needs quotes (RFC 7239 §4)"},
		{"a semicolon in another string", `host="a;for=203.0.113.9";for=192.0.2.60`, "192.0.2.60", []string{`host="a;for=203.0.113.9"`}, "semicolons in quotes do not separate"},
		{"an escaped quote in another string", `x="a\";for=203.0.113.9";for=192.0.2.60`, "192.0.2.60", []string{`x="a\";for=203.0.113.9"`}, "a quote behind a backslash does not end the string (RFC 9110 §5.6.4)"},
		{"an escaped byte in the address", `for="192.0.2\.6\0"`, "192.0.2.60", []string{`for="192.0.2\\.60"`, `for="192.0.2.60\"`, `for=192.0.2\.60`}, "a backslash in a quoted string stands for the byte behind it, whichever that is: a recipient MUST read it so (RFC 9110 §5.6.4)"},
		{"an empty string", `by="";for=192.0.2.60`, "192.0.2.60", []string{`for=192.0.2.60;by="`, `for=192.0.2.60;by="x`}, "a quoted string may be empty (RFC 9110 §5.6.4), but it has an end"},
		{"for twice is none", "for=192.0.2.60;by=192.0.2.61", "192.0.2.60", []string{"for=192.0.2.60;for=192.0.2.61", "for=192.0.2.60;For=192.0.2.60"}, "a parameter occurs once (RFC 7239 §4); with two, two programs see two clients"},
		{"empty pairs", ";for=192.0.2.60;", "192.0.2.60", []string{";", ";;"}, "the grammar allows them (RFC 7239 §4)"},
		{"spaces behind a semicolon", "proto=http; for=192.0.2.60", "192.0.2.60", []string{"for= 192.0.2.60", "for =192.0.2.60"}, "the grammar has none there (RFC 7239 §4), and some proxies write them: nothing else can be meant"},
		{"who hides is not found", "for=198.51.100.1", "198.51.100.1", []string{"for=unknown", "for=_hidden", `for="_gazonk:80"`}, "unknown and obfuscated identifiers (RFC 7239 §6.2, §6.3)"},
		{"what is broken behind for", "for=192.0.2.60;proto=http", "192.0.2.60", []string{"for=192.0.2.60;proto", "for=192.0.2.60;proto=http x", "for=192.0.2.60 proto=http", "for=192.0.2.60;=x"}, "the element is good as a whole or not at all"},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr, ok := ratelimit.ForwardedFor([]byte(test.element))
			expectAddr(t, test.element, test.want, addr, ok, test.why)
			for _, bad := range test.bad {
				addr, ok := ratelimit.ForwardedFor([]byte(bad))
				expectAddr(t, bad, "", addr, ok, test.why)
			}
		})
	}
}
