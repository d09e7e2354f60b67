package keepalive

import (
	"bytes"
	"io"
	"net"
	"time"
)

// end sends what is left and ends the connection so that the client can read it.
func (c *conn) end() {
	cw, ok := c.nc.(interface{ CloseWrite() error })
	if c.flush() != nil || !ok || cw.CloseWrite() != nil {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(time.Second))
	io.Copy(io.Discard, struct{ io.Reader }{c.nc})
}

// reset ends the connection so that the client notices that something is missing.
func (c *conn) reset() {
	nc := c.nc
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok { // TLS would say that this was all
		nc = t.NetConn()
	}
	if l, ok := nc.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0)
	}
	nc.Close()
}

// talk gives the connection to the handler's function.
func (c *conn) talk() {
	if c.flush() != nil {
		return
	}
	rest := append(bytes.Clone(c.body.data), c.buf[c.r:c.w]...)
	c.nc.SetDeadline(time.Time{})
	c.call(func() {
		c.res.talk(c.req.Context(), talkConn{c.nc, io.MultiReader(bytes.NewReader(rest), c.nc)})
	})
}

// A talkConn is a connection of which something has been read already.
type talkConn struct {
	net.Conn
	r io.Reader
}

func (t talkConn) Read(p []byte) (int, error) { return t.r.Read(p) }
