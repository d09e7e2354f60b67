package keepalive

import (
	"io"
	"net"
	"time"
)

// lingering is how long a closing connection drops what the client still sends.
const lingering = time.Second

// close ends a connection whose client may still be sending, so that it can read
// what it was told: a reset would destroy that.
func (c *conn) close() {
	err := c.flush()
	c.watcher.stop()
	if err == nil {
		linger(c.nc)
	}
	c.nc.Close()
}

func linger(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	nc.SetReadDeadline(time.Now().Add(lingering))
	io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{nc})
}

// abort ends a connection in the middle of a response, so that the client notices.
func (c *conn) abort() {
	if !c.res.untilClose {
		c.close()
		return
	}
	c.watcher.stop()
	nc := c.nc
	for {
		outer, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		nc = outer.NetConn() // below TLS, which would say that all is well
	}
	if tcp, ok := nc.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	nc.Close()
}
