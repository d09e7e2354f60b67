package server

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// The scheme is compared without its case, and there is something behind it.
func TestIsHTTPS(t *testing.T) {
	for _, r := range []struct {
		uri  string
		want bool
	}{
		{"https://a/", true}, {"HTTPS://a/", true}, {"https:a", true},
		{"https:", false}, {"https", false}, {"http://a/", false}, {"", false}, {"httpsx//a/", false},
	} {
		if got := isHTTPS([]byte(r.uri)); got != r.want {
			t.Errorf("%q: %t", r.uri, got)
		}
	}
}

// A header of version 2 may have as many bytes of extensions as there is room for, and
// addresses of as many as they have.
func TestReadProxy_Lengths(t *testing.T) {
	for _, r := range []struct {
		name    string
		family  byte
		length  int
		want    string
		nothing int // bytes that are left behind it
	}{
		{"IPv4", 0x11, 12, "1.1.1.1:257", 1},
		{"IPv4 that is a byte short", 0x11, 11, "error", 1},
		{"IPv6", 0x21, 36, "[101:101:101:101:101:101:101:101]:257", 1},
		{"IPv6 that is a byte short", 0x21, 35, "error", 1},
		{"another family", 0x31, 216, "invalid AddrPort", 1},
		{"no addresses", 0x00, 0, "invalid AddrPort", 1},
		{"all extensions", 0x11, maxProxyData, "1.1.1.1:257", 1},
		{"a byte more", 0x11, maxProxyData + 1, "error", maxProxyData + 2},
	} {
		header := signature + "\x21" + string(r.family) + string(binary.BigEndian.AppendUint16(nil, uint16(r.length)))
		src := strings.NewReader(header + strings.Repeat("\x01", r.length) + "G")
		addr, err := ReadProxy(src)
		got := addr.String()
		if err != nil {
			got = "error"
		}
		if rest, _ := io.ReadAll(src); got != r.want || len(rest) != r.nothing {
			t.Errorf("%s: %s, %v, and %d bytes are left; want %s and %d", r.name, got, err, len(rest), r.want, r.nothing)
		}
	}
}

// The addresses of version 1 are written as they are on the wire: without a zone, which is
// known to one machine only.
func TestReadProxy_Zone(t *testing.T) {
	if addr, err := ReadProxy(strings.NewReader("PROXY TCP6 fe80::7%1 fe80::1 1 2\r\n")); err != ErrProxy {
		t.Errorf("%v, %v", addr, err)
	}
}

// Only a method is answered as one: what TLS and SSL 2 begin with is not.
func TestBeginsHTTP(t *testing.T) {
	for _, r := range []struct {
		header string
		want   bool
	}{
		{"GET /", true}, {"HEAD ", true}, {"AZA /", true}, {"PUT \x00", true},
		{"@ET /", false}, {"[ET /", false}, {"G@T /", false}, {"GE[ /", false}, {"get /", false}, {"\x16\x03\x01\x00\x05", false}, {"\x80\x2e\x01\x00\x02", false},
	} {
		if got := beginsHTTP([5]byte([]byte(r.header))); got != r.want {
			t.Errorf("%q: %t", r.header, got)
		}
	}
}

// A below is the connection under TLS.
type below struct {
	Conn
	calls string
	err   error // of all of them
}

func (b *below) SetLinger(sec int) error { b.calls += fmt.Sprintf("linger %d ", sec); return b.err }
func (b *below) Close() error            { b.calls += "close "; return b.err }

// A TLS connection that is cut off is closed below, without a farewell.
func TestTLSConn_Linger(t *testing.T) {
	for _, r := range []struct {
		sec          int
		want, closed string
	}{{0, "linger 0 close ", "<nil>"}, {1, "linger 1 ", "io: read/write on closed pipe"}, {-1, "linger -1 ", "io: read/write on closed pipe"}} {
		here, _ := net.Pipe()
		b := new(below)
		c := &tlsConn{tls.Server(here, new(tls.Config)), b, false}
		if err := c.SetLinger(r.sec); err != nil {
			t.Error(err)
		}
		c.Close()
		if closed := fmt.Sprint(here.SetDeadline(time.Time{})); b.calls != r.want || closed != r.closed {
			t.Errorf("SetLinger(%d) and Close: %q, and what TLS writes to is closed: %v; want %q and %s", r.sec, b.calls, closed, r.want, r.closed)
		}
	}
	here, _ := net.Pipe()
	if err := (&tlsConn{tls.Server(here, new(tls.Config)), &otherConn{Conn: here}, false}).SetLinger(0); err != nil {
		t.Error(err)
	}
}
