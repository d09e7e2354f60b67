package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// ErrProxy says that a connection does not begin with a PROXY header.
var ErrProxy = errors.New("server: no PROXY header")

// maxProxyLine is the longest header of version 1, in bytes and with its CRLF.
const maxProxyLine = 107

// maxProxyData is the longest of version 2 that is read, behind its first 16 bytes.
// The addresses take 36 of them (216 for those of unix sockets), the rest is
// extensions.
const maxProxyData = 4 << 10

// signature begins a header of version 2. No HTTP request begins like this.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// ReadProxy reads the header of the PROXY protocol at the start of a connection, of
// version 1 or 2, and returns the address that the client has connected from. It
// reads from r what belongs to the header and not one byte more.
//
//	PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n
//
// The address is not valid where the proxy does not tell (UNKNOWN in version 1,
// LOCAL in version 2, which it uses for its own health checks, and families other
// than TCP over IPv4 and IPv6): then the connection's own address counts.
//
// The error is ErrProxy for anything that is no such header, io.ErrUnexpectedEOF
// where it is cut off, and otherwise that of r.
func ReadProxy(r io.Reader) (addr netip.AddrPort, err error) {
	head, err := read(r, nil, len(signature))
	if v2 := strings.HasPrefix(signature, string(head)); !v2 && !strings.HasPrefix(string(head), proxyV1[:min(len(head), len(proxyV1))]) {
		return addr, ErrProxy
	} else if err != nil {
		return addr, err
	} else if v2 {
		return readProxy2(r)
	}
	for !bytes.Contains(head, []byte("\n")) && len(head) < maxProxyLine {
		if head, err = read(r, head, 1); err != nil {
			return addr, err
		}
	}
	line, ok := strings.CutSuffix(string(head), "\r\n")
	f := strings.Split(line, " ")
	if ok && f[1] == "UNKNOWN" {
		return addr, nil
	}
	if !ok || len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return addr, ErrProxy
	}
	for i := 3; i >= 2; i-- { // the server's, and last the client's
		ip, err := netip.ParseAddr(f[i])
		port, err2 := strconv.ParseUint(f[i+2], 10, 16)
		if err != nil || err2 != nil || ip.Is4() != (f[1] == "TCP4") || ip.Zone() != "" || strconv.FormatUint(port, 10) != f[i+2] {
			return netip.AddrPort{}, ErrProxy
		}
		addr = netip.AddrPortFrom(ip, uint16(port))
	}
	return addr, nil
}

const proxyV1 = "PROXY "

// readProxy2 reads what stands behind the signature.
func readProxy2(r io.Reader) (addr netip.AddrPort, err error) {
	h, err := read(r, nil, 4)
	if err != nil {
		return addr, err
	}
	n := int(binary.BigEndian.Uint16(h[2:]))
	if h[0] != 0x20 && h[0] != 0x21 || n > maxProxyData {
		return addr, ErrProxy
	}
	data, err := read(r, nil, n)
	size := map[byte]int{0x11: 4, 0x21: 16}[h[1]] // of an address
	if err != nil || h[0] == 0x20 || size == 0 {
		return addr, err
	}
	if n < 2*size+4 {
		return addr, ErrProxy
	}
	ip, _ := netip.AddrFromSlice(data[:size])
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(data[2*size:])), nil
}

// read appends n bytes to dst, or those that there are.
func read(r io.Reader, dst []byte, n int) ([]byte, error) {
	buf := make([]byte, n)
	n, err := io.ReadFull(r, buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return append(dst, buf[:n]...), err
}
