package ratelimit_test

import (
	"bytes"
	"net/netip"
	"testing"

	ratelimit "barewire/steps/08-rate-limiting"
)

// Whatever stands in a list: taken apart from its end it comes to its beginning, in
// as many elements as it has commas at most, and each element is a part of it.
func FuzzTask7_CutLast(f *testing.F) {
	for _, seed := range []string{"a, b", `for="a,b", for=c`, `"`, `\",`, ",,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		rest, n := []byte(list+", end"), 0
		for rest != nil {
			before := rest
			var last []byte
			rest, last = ratelimit.CutLast(rest)
			if rest != nil && len(rest) >= len(before) || !bytes.Contains(before, last) {
				t.Fatalf("%q: cut into %q and %q", before, rest, last)
			}
			if n++; n == 1 && string(last) != "end" {
				t.Fatalf("%q: the last element is %q, whatever stands before it", before, last)
			}
		}
		if n < 2 || n > bytes.Count([]byte(list), []byte(","))+2 {
			t.Fatalf("%q, end: %d elements", list, n)
		}
	})
}

// A node that is accepted is written as an address again, and that is the same node.
func FuzzTask7_Node(f *testing.F) {
	for _, seed := range []string{"192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1", "::ffff:192.0.2.1", "[::1", "fe80::1%a", "_x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, node string) {
		if addr, ok := ratelimit.ParseNode([]byte("192.0.2.1")); !ok || addr.String() != "192.0.2.1" {
			t.Fatal("192.0.2.1 is an address")
		}
		addr, ok := ratelimit.ParseNode([]byte(node))
		if !ok {
			return
		}
		if !addr.IsValid() || addr.Zone() != "" || addr.Is4In6() {
			t.Fatalf("%q: %v is no address to compare with", node, addr)
		}
		if again, ok := ratelimit.ParseNode([]byte(addr.String())); !ok || again != addr {
			t.Fatalf("%q: %v, which is %v when it is parsed again", node, addr, again)
		}
	})
}

// An element that is accepted is accepted with one more parameter in front and
// behind, and with another "for" it is not.
func FuzzTask7_ForwardedFor(f *testing.F) {
	for _, seed := range []string{"for=192.0.2.1", `for="[2001:db8::1]:80"`, `host="a;b";for=192.0.2.1`, `x="\"";for=192.0.2.1;`, "for=_x", "="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, element string) {
		if _, ok := ratelimit.ForwardedFor([]byte("for=192.0.2.1")); !ok {
			t.Fatal("for=192.0.2.1 has an address")
		}
		addr, ok := ratelimit.ForwardedFor([]byte(element))
		if !ok {
			return
		}
		more, ok := ratelimit.ForwardedFor([]byte(`by="a;b";` + element + ";proto=http"))
		if !ok || more != addr {
			t.Fatalf("%q: %v, and %v between other parameters", element, addr, more)
		}
		if twice, ok := ratelimit.ForwardedFor([]byte(element + ";for=192.0.2.1")); ok {
			t.Fatalf("%q: %v, and %v with another for", element, addr, twice)
		}
	})
}

// What a client sends in front of what a trusted proxy has appended changes nothing,
// on the same line and on lines of its own.
func FuzzTask8_Client(f *testing.F) {
	for _, seed := range []string{"192.0.2.1", "192.0.2.1, 10.0.0.5", `for="`, `for=192.0.2.1, "`, `\`, ",", "for=10.0.0.1", "unknown"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		for _, b := range []byte(sent) {
			if b < ' ' || b == 0x7f {
				return // not a field value: step 3 refuses it
			}
		}
		for field, own := range map[ratelimit.Field]string{
			ratelimit.XForwardedFor: "203.0.113.9, 10.0.0.2",
			ratelimit.Forwarded:     `for="203.0.113.9:80";proto="a,b", for=10.0.0.2`,
		} {
			name, p := string(field), proxies(field)
			for _, lines := range [][]string{{name + ": " + sent + ", " + own}, {name + ": " + sent, name + ": " + own}} {
				r := ask(t, nil, lines...)
				if got := p.Client(netip.MustParseAddr("10.0.0.1"), &r.Header); got.String() != "203.0.113.9" {
					t.Fatalf("%q: %v, although the proxy was called from 203.0.113.9", lines, got)
				}
			}
		}
	})
}
