package keepalive

// This file is for connections that go on as something else than HTTP.

import (
	"context"
	"errors"
	"net"
	"runtime/debug"
	"time"

	"barewire/steps/02-request-line"
)

// What Hijack and Upgrade say where the connection cannot be taken over. The
// handler can still answer.
var (
	// ErrNotHijacker is for a ResponseWriter that no connection is behind.
	ErrNotHijacker = errors.New("http: the connection cannot be taken over")

	// ErrHijackTooLate is for a response that has begun, and for a connection
	// that has been taken over already.
	ErrHijackTooLate = errors.New("http: too late to take the connection over")

	// ErrNoUpgrade is for a request that does not ask for this protocol.
	ErrNoUpgrade = errors.New("http: the request does not offer this protocol")
)

// A Hijacker is a ResponseWriter that can give its connection away. That of
// [Server.ServeConn] is one.
type Hijacker interface {
	// Hijack says that talk takes the connection over: the server writes no
	// response and reads no further request. When the handler has returned,
	// talk is called with the handler's context and the connection, which has
	// no deadlines, and whose Read begins with the bytes that the client has
	// sent behind the head of the request: content that the handler has not
	// read is among them. When talk returns, the connection is closed.
	//
	// From then on Write and Flush return an error (such as ErrHijackTooLate),
	// and WriteHeader does nothing. If the handler panics, talk is not called,
	// and the client gets the 500 of every panic.
	//
	// The error is ErrHijackTooLate.
	Hijack(talk func(ctx context.Context, nc net.Conn)) error
}

// Hijack calls the Hijack of w, or of the ResponseWriter that it wraps: see
// [Middleware].
func Hijack(w ResponseWriter, talk func(ctx context.Context, nc net.Conn)) error {
	for {
		switch v := w.(type) {
		case Hijacker:
			return v.Hijack(talk)
		case interface{ Unwrap() ResponseWriter }:
			w = v.Unwrap()
		default:
			return ErrNotHijacker
		}
	}
}

// Upgrade switches the connection to another protocol (RFC 9110 §7.8), if the
// request offers it: it answers 101 with the fields in w.Header, then calls talk as
// Hijack does.
//
// The error is ErrNoUpgrade for a request that does not name protocol in Upgrade
// and "upgrade" in Connection, for HTTP/1.0, and for one with content, and that of
// Hijack. A server may ignore an offer, so the handler may answer as if it had not
// been made.
func Upgrade(w ResponseWriter, r *Request, protocol string, talk func(ctx context.Context, nc net.Conn)) error {
	switch {
	case r.Version == reqline.HTTP10, r.Framing.Chunked, r.Framing.Length > 0,
		!r.Header.HasMember("Connection", "upgrade"), !r.Header.HasMember("Upgrade", protocol):
		return ErrNoUpgrade
	}
	head := append([]byte(nil), "HTTP/1.1 101 Switching Protocols\r\n"...)
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", protocol)
	head = append(w.Header().AppendTo(head), "\r\n"...)
	err := Hijack(w, func(ctx context.Context, nc net.Conn) {
		nc.SetWriteDeadline(time.Now().Add(DefaultWriteTimeout))
		if _, err := nc.Write(head); err != nil {
			return
		}
		nc.SetWriteDeadline(time.Time{})
		talk(ctx, nc)
	})
	if err != nil {
		w.Header().Del("Connection")
		w.Header().Del("Upgrade")
	}
	return err
}

type talk func(ctx context.Context, nc net.Conn)

// Hijack implements [Hijacker].
func (w *response) Hijack(t func(ctx context.Context, nc net.Conn)) error {
	if w.fixed || w.talk != nil {
		return ErrHijackTooLate
	}
	w.talk = t
	return nil
}

// A hijackedConn is a connection of which some bytes have been read already.
type hijackedConn struct {
	net.Conn
	early []byte
}

func (h *hijackedConn) Read(p []byte) (int, error) {
	if len(h.early) > 0 {
		n := copy(p, h.early)
		h.early = h.early[n:]
		return n, nil
	}
	return h.Conn.Read(p)
}

// CloseWrite ends our half of the connection, if it has halves.
func (h *hijackedConn) CloseWrite() error {
	if half, ok := h.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// hand gives the connection to t, with the handler's context.
func (c *conn) hand(ctx context.Context, t talk) {
	defer func() {
		if v := recover(); v != nil {
			c.log().Error("talk panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	if c.flush() != nil {
		return
	}
	c.nc.SetDeadline(time.Time{})
	t(ctx, &hijackedConn{Conn: c.nc, early: c.in})
}
