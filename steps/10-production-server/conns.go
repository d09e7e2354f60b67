package server

import (
	"net"
	"net/netip"
	"time"
)

// Conns are the connections that are open: no more than Max of them, and none that
// makes the others wait. The zero value has no bounds.
type Conns struct {
	// Max is how many may be open at once; 0 for any number.
	Max int

	// MaxPerClient is how many of them one client may have; 0 for any number. A
	// client is what ratelimit.ClientKey makes of its address. Nobody counts the
	// connections of Trusted, which are proxies and bring those of many clients,
	// nor those from this machine and those without an IP address.
	MaxPerClient int
	Trusted      []netip.Prefix

	// MinRate is how many bytes a second a client has to send while the server
	// waits for the rest of a request, on the average and after Grace; 0 for
	// any number. A deadline for each read would let one byte a read hold the
	// connection for ever.
	MinRate int
	Grace   time.Duration
}

// ConnStats are the figures of Conns at one moment.
type ConnStats struct {
	Open     int   // connections
	Idle     int   // those among them that wait for a request
	Accepted int64 // connections ever
	Dropped  int64 // those that were closed while idle, to make room for others
	Refused  int64 // those that were closed because their client had MaxPerClient
}

// Stats returns the figures of this moment.
func (t *Conns) Stats() ConnStats {
	// TODO 10.4: Count under the lock that guards the list.
	return ConnStats{}
}

// A Conn is a connection of Conns.
type Conn interface {
	net.Conn

	// SetBusy says that a request of this connection is being handled, or no
	// longer is. Between two requests, and before the first, a connection that
	// waits in Read is idle.
	SetBusy(busy bool)

	// SetRemoteAddr sets what RemoteAddr returns from now on: the client's
	// address, where a proxy has told it. The connection then counts as that
	// client's; if there is no room for it, it is closed.
	SetRemoteAddr(addr net.Addr)
}

// MinIdle is how long a connection is left alone that has just been opened, or has
// just had a response: its request may be on its way, and a client that has opened a
// connection for it will not try again.
const MinIdle = 500 * time.Millisecond

// Listener returns a listener whose connections, which are all a [Conn], belong to
// t. When Max of them are open, Accept closes the one that has been idle for
// longest, to make room; while none has been idle for MinIdle, it waits until one has
// or is closed. Clients who come meanwhile wait in the queue of the kernel: nobody is
// taken out of it while no connection could go, and none goes before a client has come.
//
// When a client has MaxPerClient and opens another one, that which has been idle for
// longest among its own makes room in the same manner. If there is none, the new one
// is closed at once, and Accept does not return it: nothing that was accepted is lost,
// and nobody else waits.
//
// Read of a connection that is closed like that returns [net.ErrClosed]. A request
// that arrives at that very moment is lost to this server, and a client may send it
// again (RFC 9112 §9.3.1). Bytes that come before the first request, such as a TLS
// handshake, make a connection not idle until SetBusy(false) is called. Read of a
// client that is slower than MinRate returns [os.ErrDeadlineExceeded].
//
// A connection without a deadline for reading has been taken over by another
// protocol (see keepalive.Hijack): it is never idle, and there is no rate for it.
//
// One over TCP still has CloseWrite and SetLinger, which step 4 looks for: without them
// a client that is refused may not be able to read why, and one whose response is cut
// off does not notice. With ReadFrom, files are sent by the kernel. Nothing is kept of
// a client that has no connection.
func (t *Conns) Listener(ln net.Listener) net.Listener {
	// TODO 10.4: Accept, wrap, count, also by client; Close takes it off the lists.
	// TODO 10.5: Whose Read is too slow?
	return ln
}
