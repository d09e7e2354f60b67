package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"strconv"
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
//
//starter:todo 10.2 The first 12 bytes tell which version it is.
//starter:return netip.AddrPort{}, errors.New("task 10.2 is not written yet")
func ReadProxy(r io.Reader) (netip.AddrPort, error) {
	var buf [maxProxyLine]byte
	if err := readFull(r, buf[:len(signature)]); err != nil {
		return netip.AddrPort{}, err
	}
	if string(buf[:len(signature)]) == signature {
		return readProxy2(r)
	}
	if string(buf[:6]) != "PROXY " {
		return netip.AddrPort{}, ErrProxy
	}
	n := len(signature)
	for !bytes.HasSuffix(buf[:n], []byte("\r\n")) {
		if n == len(buf) {
			return netip.AddrPort{}, ErrProxy
		}
		// One byte at a time, for what follows is the client's.
		if err := readFull(r, buf[n:n+1]); err != nil {
			return netip.AddrPort{}, err
		}
		n++
	}
	return parseProxy1(buf[:n-2])
}

// readFull is io.ReadFull, for which an end at the first byte is a cut as well.
//
//starter:omit
func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// parseProxy1 parses a line of version 1, which begins with "PROXY ", without its CRLF.
//
//starter:omit
func parseProxy1(line []byte) (netip.AddrPort, error) {
	parts := bytes.Split(line, []byte(" "))
	if string(parts[1]) == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(parts) != 6 || string(parts[1]) != "TCP4" && string(parts[1]) != "TCP6" {
		return netip.AddrPort{}, ErrProxy
	}
	var addrs [2]netip.AddrPort
	for i := range addrs {
		addr, err := netip.ParseAddr(string(parts[2+i]))
		if err != nil || addr.Is4() != (string(parts[1]) == "TCP4") || addr.Zone() != "" {
			return netip.AddrPort{}, ErrProxy
		}
		port, ok := parsePort(parts[4+i])
		if !ok {
			return netip.AddrPort{}, ErrProxy
		}
		addrs[i] = netip.AddrPortFrom(addr.Unmap(), port)
	}
	return addrs[0], nil
}

// parsePort parses a port as version 1 writes it: decimal digits without a leading
// zero.
//
//starter:omit
func parsePort(s []byte) (uint16, bool) {
	n, _ := strconv.ParseUint(string(s), 10, 16) // of what is none, it is another one
	return uint16(n), strconv.FormatUint(n, 10) == string(s)
}

// readProxy2 reads what follows the signature of version 2: a byte for version and
// command, one for family and protocol, the length of the rest, and the rest.
//
//starter:omit
func readProxy2(r io.Reader) (netip.AddrPort, error) {
	var head [4]byte
	if err := readFull(r, head[:]); err != nil {
		return netip.AddrPort{}, err
	}
	length := int(binary.BigEndian.Uint16(head[2:]))
	if head[0]>>4 != 2 || length > maxProxyData {
		return netip.AddrPort{}, ErrProxy
	}
	data := make([]byte, length)
	if err := readFull(r, data); err != nil {
		return netip.AddrPort{}, err
	}
	switch head[0] & 0xf {
	case 0: // LOCAL
		return netip.AddrPort{}, nil
	case 1: // PROXY
	default:
		return netip.AddrPort{}, ErrProxy
	}
	switch {
	case head[1] == 0x11 && length >= 12: // TCP over IPv4
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(data)), binary.BigEndian.Uint16(data[8:])), nil
	case head[1] == 0x21 && length >= 36: // TCP over IPv6
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(data)).Unmap(), binary.BigEndian.Uint16(data[32:])), nil
	case head[1] == 0x11 || head[1] == 0x21:
		return netip.AddrPort{}, ErrProxy // too short for its family
	}
	return netip.AddrPort{}, nil
}
