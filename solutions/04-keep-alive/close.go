package keepalive

// This file is for how a connection ends.

import (
	"io"
	"time"
)

//starter:omit
const (
	lingerTime  = time.Second // how long a client may take to read its last response
	lingerBytes = 1 << 20     // how much it may go on sending meanwhile
)

// close ends the connection. If the client may be sending what nobody will read,
// it does so in two steps (RFC 9112 §9.6): it closes the server's side, and reads
// and drops until the client has closed its own. Closed at once, the connection
// would be reset, and the client would lose the response it is about to read.
//
//starter:omit
func (c *conn) close() {
	defer c.nc.Close()
	tcp, isTCP := c.nc.(interface{ SetLinger(sec int) error })
	if c.abort && isTCP {
		// No length and no last chunk tells the client that an HTTP/1.0
		// response is too short: only a reset does.
		c.flush()
		if c.res.framing == untilClose {
			tcp.SetLinger(0)
		}
		return
	}
	gentle := c.unread && !c.peerEnded
	// The last bytes and the end of a parker are one packet. Close after WriteMore would
	// not do: where something is unread, it throws away what is held back.
	together := c.parker != nil && len(c.out) > 0
	if c.flushMore() != nil || !gentle && !together {
		return
	}
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || !gentle {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	if _, err := io.CopyN(io.Discard, onlyReader{c.nc}, lingerBytes); err == nil {
		// It goes on sending, and has not looked for a response yet: a proxy
		// does not as long as it can send. What nobody reads makes it stop.
		time.Sleep(lingerTime / 2)
	}
}

// onlyReader hides that a connection can write itself to others, which would
// splice the client's bytes through the kernel to nowhere.
//
//starter:omit
type onlyReader struct{ io.Reader }
