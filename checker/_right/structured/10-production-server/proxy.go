package server

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"regexp"
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
func ReadProxy(r io.Reader) (netip.AddrPort, error) {
	header, err := grow(r, nil, len(signature))
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch {
	case string(header) == signature:
		return readBinary(r)
	case strings.HasPrefix(string(header), "PROXY "):
		return readLine(r, header)
	}
	return netip.AddrPort{}, ErrProxy
}

// grow reads n bytes more, all of them or none.
func grow(r io.Reader, header []byte, n int) ([]byte, error) {
	more := make([]byte, n)
	_, err := io.ReadFull(r, more)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return append(header, more...), err
}

var proxyLine = regexp.MustCompile(`\APROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP[46]) ([^ ]+) ([^ ]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4}))\r\n\z`)

// readLine reads the rest of a header of version 1.
func readLine(r io.Reader, line []byte) (_ netip.AddrPort, err error) {
	for line[len(line)-1] != '\n' {
		if len(line) == maxProxyLine {
			return netip.AddrPort{}, ErrProxy
		}
		if line, err = grow(r, line, 1); err != nil {
			return netip.AddrPort{}, err
		}
	}
	m := proxyLine.FindSubmatch(line)
	switch {
	case m == nil:
		return netip.AddrPort{}, ErrProxy
	case m[1] == nil:
		return netip.AddrPort{}, nil
	}
	var ends [2]netip.AddrPort
	for i := range ends {
		addr, err := netip.ParseAddr(string(m[2+i]))
		port, tooLarge := strconv.ParseUint(string(m[4+i]), 10, 16)
		if err != nil || tooLarge != nil || addr.Zone() != "" || addr.Is4() != (string(m[1]) == "TCP4") {
			return netip.AddrPort{}, ErrProxy
		}
		ends[i] = netip.AddrPortFrom(addr, uint16(port))
	}
	return ends[0], nil
}

// readBinary reads what stands behind the signature of version 2.
func readBinary(r io.Reader) (netip.AddrPort, error) {
	head, err := grow(r, nil, 4)
	if err != nil {
		return netip.AddrPort{}, err
	}
	length := int(binary.BigEndian.Uint16(head[2:]))
	if head[0]&^1 != 0x20 || length > maxProxyData {
		return netip.AddrPort{}, ErrProxy
	}
	data, err := grow(r, nil, length)
	// The families that have an address of this size, the client's first, then the
	// server's, then both ports.
	size := map[byte]int{0x11: 4, 0x21: 16}[head[1]]
	if err != nil || size == 0 || head[0] == 0x20 {
		return netip.AddrPort{}, err
	}
	if len(data) < 2*size+4 {
		return netip.AddrPort{}, ErrProxy
	}
	addr, _ := netip.AddrFromSlice(data[:size])
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(data[2*size:])), nil
}
