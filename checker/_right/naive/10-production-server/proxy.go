package server

import (
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
func ReadProxy(r io.Reader) (netip.AddrPort, error) {
	start := []byte{}
	for len(start) < len(signature) {
		b, err := readBytes(r, 1)
		if err != nil {
			return netip.AddrPort{}, err
		}
		start = append(start, b...)
		if strings.HasPrefix("PROXY ", string(start)) && len(start) == len("PROXY ") {
			return readProxyLine(r)
		}
		if !strings.HasPrefix("PROXY ", string(start)) && !strings.HasPrefix(signature, string(start)) {
			return netip.AddrPort{}, ErrProxy
		}
	}
	return readProxyBinary(r)
}

// readBytes reads n bytes, and nothing more.
func readBytes(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// readProxyLine reads what stands behind "PROXY " in a header of version 1.
func readProxyLine(r io.Reader) (netip.AddrPort, error) {
	line := "PROXY "
	for !strings.HasSuffix(line, "\n") {
		if len(line) == maxProxyLine {
			return netip.AddrPort{}, ErrProxy
		}
		b, err := readBytes(r, 1)
		if err != nil {
			return netip.AddrPort{}, err
		}
		line += string(b)
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return netip.AddrPort{}, ErrProxy
	}

	parts := strings.Split(line, " ")
	if parts[1] == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(parts) != 6 || parts[1] != "TCP4" && parts[1] != "TCP6" {
		return netip.AddrPort{}, ErrProxy
	}
	var addresses [2]netip.AddrPort
	for i := range addresses {
		addr, err := netip.ParseAddr(parts[2+i])
		if err != nil || addr.Zone() != "" || addr.Is4() != (parts[1] == "TCP4") {
			return netip.AddrPort{}, ErrProxy
		}
		port, err := strconv.ParseUint(parts[4+i], 10, 16)
		if err != nil || strconv.FormatUint(port, 10) != parts[4+i] {
			return netip.AddrPort{}, ErrProxy
		}
		addresses[i] = netip.AddrPortFrom(addr, uint16(port))
	}
	return addresses[0], nil
}

// readProxyBinary reads what stands behind the signature of version 2.
func readProxyBinary(r io.Reader) (netip.AddrPort, error) {
	head, err := readBytes(r, 4)
	if err != nil {
		return netip.AddrPort{}, err
	}
	length := int(binary.BigEndian.Uint16(head[2:]))
	if head[0] != 0x20 && head[0] != 0x21 || length > maxProxyData {
		return netip.AddrPort{}, ErrProxy
	}
	data, err := readBytes(r, length)
	if err != nil {
		return netip.AddrPort{}, err
	}
	size := map[byte]int{0x11: 4, 0x21: 16}[head[1]]
	if head[0] == 0x20 || size == 0 {
		return netip.AddrPort{}, nil
	}
	if length < 2*size+4 {
		return netip.AddrPort{}, ErrProxy
	}
	addr, _ := netip.AddrFromSlice(data[:size])
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(data[2*size:])), nil
}
