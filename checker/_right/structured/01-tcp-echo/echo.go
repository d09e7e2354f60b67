// Package echo is a TCP server: it accepts connections, gives each to a handler
// in a goroutine of its own, survives what goes wrong on the way, and stops
// without cutting anybody off. Its handler sends back whatever arrives.
//
// It leaves out what the bytes mean, which is the rest of the course, and every
// limit: a client may stay for ever and there may be any number of them, until
// step 10.
//
// Read Echo first, then Server.
package echo

import (
	"context"
	"io"
	"net"
	"time"
)

// A Handler talks on one connection. It owns conn until it returns; the server
// closes conn afterwards. When ctx is done the server wants to stop: a handler
// should then finish what it is in the middle of, and begin nothing new.
type Handler func(ctx context.Context, conn net.Conn)

// Echo is the Handler of this step: it sends back every byte that it reads, in
// the same order, as soon as it can. It returns when the client has closed its
// sending side and everything is sent back, or when the connection fails.
// It reads no more than one buffer ahead of what it has sent, so that a client
// that does not read its answers is made to wait.
//
// When ctx is done Echo stops waiting for more: it sends back what it has read,
// and returns.
func Echo(ctx context.Context, conn net.Conn) {
	wake := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer wake()
	// Wrapped, so that io.CopyBuffer uses this buffer and not a way of its own.
	io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, make([]byte, 32<<10))
}
