package keepalive

import (
	"io"
	"net"
	"time"
)

// depart is the state of a connection whose client has to read its last answer.
func depart(c *conn) state {
	if c.out.flush() != nil {
		return nil
	}
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return nil
	}
	c.nc.SetReadDeadline(time.Now().Add(gentleEnd))
	io.Copy(io.Discard, struct{ io.Reader }{c.nc})
	return nil
}

// reset is the state of a connection whose end must not look like an end.
func reset(c *conn) state {
	c.out.flush()
	for nc := c.nc; ; {
		if tcp, ok := nc.(interface{ SetLinger(int) error }); ok {
			tcp.SetLinger(0)
			nc.Close()
			return nil
		}
		behind, ok := nc.(interface{ NetConn() net.Conn }) // TLS would say goodbye
		if !ok {
			return nil
		}
		nc = behind.NetConn()
	}
}
