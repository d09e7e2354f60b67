package keepalive

import (
	"bytes"
	"net"
	"runtime/debug"
	"time"
)

// end sends what is left and ends the connection so that the client can read it.
func (c *conn) end() {
	if c.flush() != nil {
		return
	}
	cw, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || cw.CloseWrite() != nil {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(time.Second))
	for {
		if _, err := c.nc.Read(c.buf); err != nil {
			return
		}
	}
}

// talk gives the connection to the handler's function.
func (c *conn) talk() {
	defer func() {
		if v := recover(); v != nil {
			c.log().Error("http: panic in a talk", "value", v, "stack", string(debug.Stack()))
		}
	}()
	if c.flush() != nil {
		return
	}
	rest := bytes.Clone(c.buf[c.r:c.w])
	if !c.body.chunked {
		rest = append(bytes.Clone(c.body.data), rest...)
	}
	c.nc.SetDeadline(time.Time{})
	c.res.talk(c.req.Context(), &talkConn{c.nc, rest})
}

// A talkConn is a connection of which something has been read already.
type talkConn struct {
	net.Conn
	rest []byte
}

func (t *talkConn) Read(p []byte) (int, error) {
	if len(t.rest) > 0 {
		n := copy(p, t.rest)
		t.rest = t.rest[n:]
		return n, nil
	}
	return t.Conn.Read(p)
}

// CloseWrite closes the sending side.
func (t *talkConn) CloseWrite() error {
	if cw, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return t.Conn.Close()
}
