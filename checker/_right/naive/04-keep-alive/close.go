package keepalive

import "time"

// closeGently lets the client read everything before the connection is gone: were it
// closed with bytes unread, they would be answered with a reset.
func (c *conn) closeGently() {
	defer c.nc.Close()
	if c.flush() != nil {
		return
	}
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(time.Second))
	for {
		if _, err := c.nc.Read(make([]byte, 4096)); err != nil {
			return
		}
	}
}

// closeHard ends a response whose end is that of the connection so that the client
// notices that something is missing.
func (c *conn) closeHard() {
	c.flush()
	if tcp, ok := c.nc.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	c.nc.Close()
}
