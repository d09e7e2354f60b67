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
	const word = "PROXY "
	begin := make([]byte, len(signature), maxProxyLine)
	n, err := io.ReadFull(r, begin)
	isWord := strings.HasPrefix(string(begin[:n]), word[:min(n, len(word))])
	isSignature := strings.HasPrefix(signature, string(begin[:n]))
	switch {
	case !isWord && !isSignature:
		return netip.AddrPort{}, ErrProxy
	case err != nil:
		return netip.AddrPort{}, cutOff(err)
	case isSignature:
		return readProxy2(r)
	}
	return readProxy1(r, begin)
}

func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readProxy1 reads the rest of a line, byte by byte: what follows is not ours.
func readProxy1(r io.Reader, line []byte) (none netip.AddrPort, err error) {
	for line[len(line)-1] != '\n' {
		if len(line) == maxProxyLine {
			return none, ErrProxy
		}
		line = line[:len(line)+1]
		if _, err := io.ReadFull(r, line[len(line)-1:]); err != nil {
			return none, cutOff(err)
		}
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok {
		return none, ErrProxy
	}
	if text == "PROXY UNKNOWN" || strings.HasPrefix(text, "PROXY UNKNOWN ") {
		return none, nil
	}
	parts := strings.Split(text, " ")
	if len(parts) != 6 {
		return none, ErrProxy
	}
	client, ok1 := proxyAddr(parts[1], parts[2], parts[4])
	_, ok2 := proxyAddr(parts[1], parts[3], parts[5])
	if !ok1 || !ok2 {
		return none, ErrProxy
	}
	return client, nil
}

func proxyAddr(family, addr, port string) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" || !(family == "TCP4" && a.Is4() || family == "TCP6" && a.Is6()) {
		return netip.AddrPort{}, false
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(p, 10) != port {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), true
}

// readProxy2 reads what follows the signature.
func readProxy2(r io.Reader) (none netip.AddrPort, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return none, cutOff(err)
	}
	n := int(binary.BigEndian.Uint16(head[2:]))
	local := head[0] == 0x20
	if !local && head[0] != 0x21 || n > maxProxyData {
		return none, ErrProxy
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return none, cutOff(err)
	}
	size := 0 // of an address
	switch {
	case local:
		return none, nil
	case head[1] == 0x11:
		size = 4
	case head[1] == 0x21:
		size = 16
	default:
		return none, nil
	}
	if n < 2*size+4 {
		return none, ErrProxy
	}
	addr, _ := netip.AddrFromSlice(data[:size])
	return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(data[2*size:])), nil
}
