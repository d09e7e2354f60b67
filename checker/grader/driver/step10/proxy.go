package step10

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing/iotest"

	server "barewire/solutions/10-production-server"
)

// A Proxied is the beginning of a connection.
type Proxied struct {
	In     []byte
	Slow   bool // it comes one byte at a time
	Breaks bool // behind In the connection breaks; otherwise it ends
}

// A Client is what ReadProxy says of it.
type Client struct {
	Err  string // "", "ErrProxy", "io.ErrUnexpectedEOF", "that of the reader", "another"
	Addr string // "none" if it is not valid
	Rest []byte // what is left for HTTP
}

var errBreaks = errors.New("the connection breaks")

// ReadProxy calls ReadProxy.
func ReadProxy(a Proxied) Client {
	var in io.Reader = bytes.NewReader(a.In)
	if a.Breaks {
		in = io.MultiReader(in, iotest.ErrReader(errBreaks))
	}
	if a.Slow {
		in = iotest.OneByteReader(in)
	}
	addr, err := server.ReadProxy(in)
	switch {
	case errors.Is(err, server.ErrProxy):
		return Client{Err: "ErrProxy"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Client{Err: "io.ErrUnexpectedEOF"}
	case errors.Is(err, errBreaks):
		return Client{Err: "that of the reader"}
	case err != nil:
		return Client{Err: "another"}
	}
	c := Client{Addr: "none"}
	if addr.IsValid() {
		c.Addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()).String()
	}
	c.Rest, _ = io.ReadAll(in)
	return c
}
