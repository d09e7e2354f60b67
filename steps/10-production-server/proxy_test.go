package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"barewire/checker/testkit"
	server "barewire/steps/10-production-server"
)

const v2 = "\r\n\r\n\x00\r\nQUIT\n"

var proxyHeaders = []struct {
	name, why string
	in        string
	want      string // the address, "none", or the error
	rest      string // what must be left for HTTP
}{
	{"version 1 over IPv4", "the line that HAProxy sends", "PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nGET / HTTP/1.1\r\n", "192.0.2.7:56324", "GET / HTTP/1.1\r\n"},
	{"version 1 over IPv6", "the address of the client comes first", "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\nGET", "[2001:db8::7]:56324", "GET"},
	{"version 1 that does not tell", "UNKNOWN is what a proxy says of its own health checks", "PROXY UNKNOWN\r\nGET", "none", "GET"},
	{"version 1, as long as it may be", "107 bytes, with the two of the line end", "PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\nGET", "none", "GET"},
	{"version 1 that does not tell, with a rest", "what stands behind UNKNOWN is to be ignored", "PROXY UNKNOWN ffff::1 ffff::1 1 2\r\nGET", "none", "GET"},
	{"version 2 over IPv4", "twelve bytes of addresses in network order", v2 + "\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\xdc\x04\x01\xbbGET", "192.0.2.7:56324", "GET"},
	{"version 2 over IPv6", "36 bytes", v2 + "\x21\x21\x00\x24" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" + strings.Repeat("\x01", 16) + "\xdc\x04\x01\xbbGET", "[2001:db8::7]:56324", "GET"},
	{"version 2 with extensions behind the addresses", "the length says where the header ends, and not the family", v2 + "\x21\x11\x00\x10\xc0\x00\x02\x07\xc0\x00\x02\x01\xdc\x04\x01\xbb\x04\x00\x01xGET", "192.0.2.7:56324", "GET"},
	{"version 2, LOCAL", "the proxy speaks for itself: its own address counts", v2 + "\x20\x00\x00\x00GET", "none", "GET"},
	{"version 2, LOCAL with addresses", "they are to be skipped", v2 + "\x20\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\xdc\x04\x01\xbbGET", "none", "GET"},
	{"version 2 over a unix socket", "there is no address that would mean anything here", v2 + "\x21\x31\x00\xd8" + strings.Repeat("u", 216) + "GET", "none", "GET"},

	{"no header", "a client that reaches the server directly could claim any address", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "ErrProxy", ""},
	{"a word that only begins like it", "PROXY and a space, nothing less", "PROXYING TCP4 192.0.2.7 192.0.2.1 1 2\r\n", "ErrProxy", ""},
	{"an IPv6 address in TCP4", "the family says what kind of address comes", "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n", "ErrProxy", ""},
	{"an IPv4 address in TCP6", "likewise", "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n", "ErrProxy", ""},
	{"a family that nobody knows", "version 1 has TCP4, TCP6 and UNKNOWN", "PROXY TCP5 2001:db8::7 2001:db8::1 1 2\r\n", "ErrProxy", ""},
	{"an address that is none", "it would be logged, and limited, as if it were one", "PROXY TCP4 192.0.2.777 192.0.2.1 1 2\r\n", "ErrProxy", ""},
	{"an address over IPv6 that is none", "likewise", "PROXY TCP6 2001:db8::g 2001:db8::1 1 2\r\n", "ErrProxy", ""},
	{"a port that is none", "ports go to 65535", "PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n", "ErrProxy", ""},
	{"a port with a leading zero", "the specification has none", "PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n", "ErrProxy", ""},
	{"two spaces", "exactly one separates", "PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n", "ErrProxy", ""},
	{"a part too many", "six parts, no more", "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n", "ErrProxy", ""},
	{"a family that there is not", "UDP does not come over a stream", "PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n", "ErrProxy", ""},
	{"a line without an end", "107 bytes are the longest line of version 1", "PROXY UNKNOWN " + strings.Repeat("x", 200) + "\r\n", "ErrProxy", ""},
	{"a line that is one byte too long", "likewise", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "ErrProxy", ""},
	{"version 3", "nobody knows what it will look like", v2 + "\x31\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\xdc\x04\x01\xbb", "ErrProxy", ""},
	{"a command that there is not", "only LOCAL and PROXY are defined", v2 + "\x22\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\xdc\x04\x01\xbb", "ErrProxy", ""},
	{"version 2, too short for its family", "a length that lies about what follows", v2 + "\x21\x11\x00\x04\xc0\x00\x02\x07GET", "ErrProxy", ""},
	{"version 2 with 64 KiB of extensions", "a bound on what one client costs before it has said anything", v2 + "\x21\x11\xff\xff" + strings.Repeat("x", 65535), "ErrProxy", ""},

	{"cut off in version 1", "the proxy has gone", "PROXY TCP4 192.0.2.7", "io.ErrUnexpectedEOF", ""},
	{"cut off in version 2", "likewise", v2 + "\x21\x11\x00\x0c\xc0\x00", "io.ErrUnexpectedEOF", ""},
	{"cut off behind the signature of version 2", "likewise", v2, "io.ErrUnexpectedEOF", ""},
	{"cut off in the length of version 2", "half a length is none, and nothing has been told yet", v2 + "\x20\x00\x00", "io.ErrUnexpectedEOF", ""},
	{"nothing at all", "a connection that is opened and closed", "", "io.ErrUnexpectedEOF", ""},
}

// readProxy describes what ReadProxy makes of in, and returns what it left.
func readProxy(in io.Reader) (what, rest string) {
	addr, err := server.ReadProxy(in)
	left, _ := io.ReadAll(in)
	switch {
	case errors.Is(err, server.ErrProxy):
		return "ErrProxy", ""
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "io.ErrUnexpectedEOF", ""
	case err != nil:
		return "another error: " + err.Error(), ""
	case !addr.IsValid():
		return "none", string(left)
	}
	return addr.String(), string(left)
}

func TestTask2_ReadProxy(t *testing.T) {
	for _, r := range proxyHeaders {
		t.Run(r.name, func(t *testing.T) {
			for _, way := range []struct {
				name string
				in   io.Reader
			}{{"whole", strings.NewReader(r.in)}, {"one byte at a time", iotest.OneByteReader(strings.NewReader(r.in))}} {
				if got, rest := readProxy(way.in); got != r.want || rest != r.rest {
					testkit.Report{Doing: "a connection begins with " + r.name, Sent: r.in[:min(len(r.in), 300)], Want: fmt.Sprintf("%s, and %q left", r.want, r.rest),
						Got: fmt.Sprintf("%s, and %q left (%s)", got, rest, way.name), Why: r.why}.Fatal(t)
				}
			}
		})
	}
}

// FuzzTask2_ReadProxy: no panic; an address only from bytes that begin as a header
// does; and one byte at a time makes no difference.
func FuzzTask2_ReadProxy(f *testing.F) {
	for _, r := range proxyHeaders {
		f.Add([]byte(r.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, rest := readProxy(bytes.NewReader(in))
		slow, slowRest := readProxy(iotest.OneByteReader(bytes.NewReader(in)))
		if whole != slow || rest != slowRest {
			t.Fatalf("%q: whole %s with %q left, one byte at a time %s with %q left", in, whole, rest, slow, slowRest)
		}
		if strings.HasPrefix(whole, "another") {
			t.Fatalf("%q: %s, want ErrProxy or io.ErrUnexpectedEOF", in, whole)
		}
		header := bytes.HasPrefix(in, []byte(v2)) || bytes.HasPrefix(in, []byte("PROXY "))
		if whole != "ErrProxy" && whole != "io.ErrUnexpectedEOF" && !header {
			t.Fatalf("%q: %s, and it is no header", in, whole)
		}
		if !bytes.HasSuffix(in, []byte(rest)) {
			t.Fatalf("%q: %q is left, which is not its end", in, rest)
		}
	})
}
