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
	"net"
	"time"
)

// A Handler talks on one connection. It owns conn until it returns; the server
// closes conn afterwards. When ctx is done the server wants to stop: a handler
// should then finish what it is in the middle of, and begin nothing new.
type Handler func(ctx context.Context, conn net.Conn)

// bufferSize is how many bytes Echo takes from a client before it sends them
// back; io.Copy takes as many.
//
//starter:omit
const bufferSize = 32 << 10

// longAgo is a deadline that has passed: it wakes whoever waits.
//
//starter:omit
var longAgo = time.Unix(1, 0)

// Echo is the Handler of this step: it sends back every byte that it reads, in
// the same order, as soon as it can. It returns when the client has closed its
// sending side and everything is sent back, or when the connection fails.
// It reads no more than one buffer ahead of what it has sent, so that a client
// that does not read its answers is made to wait.
//
// When ctx is done Echo stops waiting for more: it sends back what it has read,
// and returns.
//
//starter:todo 1.1 Read into a buffer and write back what came, until Read or Write reports an error.
//starter:todo 1.2 At io.EOF return: the client still listens, and the caller closes the connection.
//starter:todo 1.6 When ctx is done, wake the Read that waits: a deadline that has passed does it.
func Echo(ctx context.Context, conn net.Conn) {
	// Only Read is woken: a Write that waits for a slow client still has bytes
	// to deliver.
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(longAgo) })
	defer stop()

	buf := make([]byte, bufferSize)
	for {
		// The bytes come before the error: a Read may return both.
		n, err := conn.Read(buf)
		if n > 0 {
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return // io.EOF is the usual one: the client has sent everything
		}
	}
}
