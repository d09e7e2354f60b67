package keepalive

import (
	"net"
	"time"
)

// An output gathers what leaves together.
type output struct {
	nc      net.Conn
	timeout time.Duration
	held    []byte
	sent    int64 // bytes that have left
	err     error // after which nothing leaves any more
}

const (
	gather    = 32 << 10  // more than this leaves by itself
	sendPiece = 256 << 10 // what the write timeout is for
)

// A position is a place in all that was ever written to an output.
type position int64

func (o *output) mark() position { return position(o.sent) + position(len(o.held)) }

// rewind forgets what was written behind p, if none of it has left.
func (o *output) rewind(p position) bool {
	keep := int64(p) - o.sent
	if keep < 0 {
		return false
	}
	o.held = o.held[:keep]
	return true
}

func (o *output) write(p []byte) {
	if len(o.held)+len(p) > gather {
		o.flush()
	}
	if len(p) > gather {
		o.send(p)
		return
	}
	o.held = append(o.held, p...)
}

func (o *output) flush() error {
	o.send(o.held)
	o.held = o.held[:0]
	return o.err
}

func (o *output) send(p []byte) {
	for len(p) > 0 && o.err == nil {
		o.nc.SetWriteDeadline(time.Now().Add(o.timeout))
		n, err := o.nc.Write(p[:min(len(p), sendPiece)])
		o.sent += int64(n)
		o.err = err
		p = p[n:]
	}
}
