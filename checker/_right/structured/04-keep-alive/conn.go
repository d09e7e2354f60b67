package keepalive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A state is something that a connection can be doing. It returns what comes next,
// nil at the end.
type state func(c *conn) state

// A conn is one connection.
type conn struct {
	srv   *Server
	ctx   context.Context
	nc    net.Conn
	since time.Time

	in  input
	out output
	req Request
	res *response

	calm  func() bool // calls off what ctx would do
	mu    sync.Mutex
	idle  bool // waits for the first byte of a request
	fresh bool // has not had any request
}

const (
	lastLook     = 25 * time.Millisecond // for a request that may just have arrived
	newcomerLook = time.Second           // for one that was probably sent
	gentleEnd    = time.Second           // for the client to read its answer
)

func newConn(s *Server, ctx context.Context, nc net.Conn) *conn {
	c := &conn{srv: s, ctx: ctx, nc: nc, since: time.Now(), fresh: true}
	c.out = output{nc: nc, timeout: cmp.Or(s.WriteTimeout, DefaultWriteTimeout)}
	c.calm = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.idle {
			nc.SetReadDeadline(time.Now().Add(c.patience()))
		}
	})
	return c
}

func (c *conn) release() {
	c.calm()
	c.nc.Close()
}

// patience is how long a connection may be idle once the server stops.
func (c *conn) patience() time.Duration {
	if c.fresh {
		return newcomerLook
	}
	return lastLook
}

// read waits for more until the deadline, but first sends what somebody may be
// waiting for.
func (c *conn) read(p []byte, deadline time.Time) (int, error) {
	if err := c.out.flush(); err != nil {
		return 0, err
	}
	c.nc.SetReadDeadline(deadline)
	return c.nc.Read(p)
}

// fill reads into the input.
func (c *conn) fill(deadline time.Time) error {
	room := c.in.room()
	n, err := c.read(room, deadline)
	c.in.came(n)
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// headDeadline is for a head that begins now.
func (c *conn) headDeadline() time.Time {
	timeout := cmp.Or(c.srv.HeaderTimeout, DefaultHeaderTimeout)
	if c.fresh {
		return c.since.Add(timeout)
	}
	return time.Now().Add(timeout)
}

// awaitRequest is the state between two requests. The empty line that some clients
// send behind content is no beginning of one.
func awaitRequest(c *conn) state {
	if c.out.err != nil {
		return nil // nobody would read another answer
	}
	c.in.unpin()
	for strings.HasPrefix("\r\n", string(c.in.unread())) {
		if c.out.flush() != nil {
			return nil
		}
		deadline := c.headDeadline()
		if !c.fresh {
			deadline = time.Now().Add(cmp.Or(c.srv.IdleTimeout, DefaultIdleTimeout))
		}
		room := c.in.room()
		c.waits(true)
		c.mu.Lock()
		if c.ctx.Err() != nil {
			if soon := time.Now().Add(c.patience()); soon.Before(deadline) {
				deadline = soon
			}
		}
		c.nc.SetReadDeadline(deadline)
		c.idle = true
		c.mu.Unlock()

		n, err := c.nc.Read(room)

		c.mu.Lock()
		c.idle = false
		c.mu.Unlock()
		c.in.came(n)
		if n == 0 && err != nil {
			return nil
		}
	}
	return readHead
}

// waits tells a connection that wants to know whether a request has begun.
func (c *conn) waits(is bool) {
	if nc, ok := c.nc.(interface{ Waiting(is bool) }); ok {
		nc.Waiting(is)
	}
}

// readHead is the state from the first byte of a request to the end of its head.
func readHead(c *conn) state {
	deadline := c.headDeadline()
	lim := c.srv.Limits.OrDefaults()
	c.req = Request{Head: c.req.Head, values: c.req.values}
	c.req.begin(c.ctx)
	c.req.RemoteAddr = c.nc.RemoteAddr()
	c.req.Body = strings.NewReader("")
	c.fresh = false
	c.waits(false)
	for seen := 0; ; {
		src := c.in.unread()
		n, err := 0, error(reqline.ErrIncomplete)
		if bytes.IndexByte(src[seen:], '\n') >= 0 || len(src) >= verdictAt(src, lim) {
			n, err = c.req.Head.Parse(src, lim)
		}
		if err == nil {
			c.in.take(n)
			c.in.pin()
			return handle
		}
		if err != reqline.ErrIncomplete {
			return refuse(err)
		}
		seen = len(src)
		if err := c.fill(deadline); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return refuse(err)
		}
	}
}

// verdictAt is the size at which a head without a further line end is certainly
// too large. Below it, only a line end can make a difference.
func verdictAt(src []byte, lim message.Limits) int {
	skip := 0
	if bytes.HasPrefix(src, []byte("\r\n")) {
		skip = 2
	}
	if i := bytes.IndexByte(src[skip:], '\n'); i >= 0 {
		return skip + i + 1 + lim.HeaderSection
	}
	return skip + lim.RequestLine
}

// statusOf is the answer to a request that failed with err, or 0 for none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return e.Status
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 408
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 400
	}
	return 0
}

// refuse is the state in which a request that no handler sees is answered.
func refuse(fault error) state {
	return func(c *conn) state {
		status := statusOf(fault)
		if status == 0 {
			return nil // nobody is there
		}
		// What could be parsed stays, and nothing else.
		h, src, lim := &c.req.Head, c.in.unread(), c.srv.Limits.OrDefaults()
		if e, ok := errors.AsType[*reqline.ProtocolError](fault); !ok || e != errExpectation {
			*h = message.Head{}
			n, err := h.RequestLine.Parse(src, lim.RequestLine)
			if err != nil {
				h.RequestLine = reqline.RequestLine{}
			} else if _, err := h.Header.Parse(src[n:], lim); err != nil {
				h.Header.Reset()
			} else {
				h.Host, _ = message.Host(&h.RequestLine, &h.Header)
			}
		}
		c.req.Fault = fault
		if c.srv.Refused != nil {
			c.srv.Refused(&c.req, status)
		}
		c.begin()
		if c.req.Method == "" { // the line is broken, and may be one all the same
			c.res.bodiless = bytes.HasPrefix(bytes.TrimPrefix(src, []byte("\r\n")), []byte("HEAD "))
		}
		c.res.replace(status)
		return depart
	}
}

var errExpectation = &reqline.ProtocolError{Status: 417, Rule: "RFC 9110 §10.1.1", Msg: "an expectation that nobody has defined"}

func (c *conn) begin() {
	c.res = &response{c: c, length: -1, bodiless: c.req.Method == "HEAD"}
	c.res.mark = c.out.mark()
}

// handle is the state in which the handler runs.
func handle(c *conn) state {
	wants100 := false
	for m := range c.req.Header.Members("Expect") {
		if !strings.EqualFold(string(m), "100-continue") {
			return refuse(errExpectation)
		}
		wants100 = c.req.Version != reqline.HTTP10
	}
	b := newBody(c, c.req.Framing, wants100)
	c.req.Body, c.req.body = b, b
	c.begin()
	w := c.res
	panicked := c.protect("handler", func() { c.srv.Handler.ServeHTTP(w, &c.req) })
	switch {
	case panicked:
		return w.abort(500)
	case w.talk != nil:
		return takenOver
	case b.failed() && !w.touched && statusOf(b.err) != 0 && w.replace(statusOf(b.err)):
		return depart
	}
	return w.finish()
}

// protect calls f, and says whether it panicked.
func (c *conn) protect(what string, f func()) (panicked bool) {
	defer func() {
		if v := recover(); v != nil {
			panicked = true
			c.log().Error(what+" panicked", "panic", v, "remote", c.nc.RemoteAddr(), "stack", string(debug.Stack()))
		}
	}()
	f()
	return false
}

func (c *conn) log() *slog.Logger { return cmp.Or(c.srv.ErrorLog, slog.Default()) }

// drain is the state in which content that nobody has read goes away.
func drain(c *conn) state {
	if c.req.body.drain() {
		return awaitRequest
	}
	return depart
}

// takenOver is the state in which somebody else has the connection.
func takenOver(c *conn) state {
	if c.out.flush() != nil {
		return nil
	}
	c.calm()
	c.nc.SetDeadline(time.Time{})
	nc := &taken{c.nc, bytes.Clone(c.in.unread())}
	c.protect("hijacker", func() { c.res.talk(c.req.Context(), nc) })
	return nil
}

// taken is a connection whose first bytes are here already.
type taken struct {
	net.Conn
	first []byte
}

func (t *taken) Read(p []byte) (int, error) {
	if len(t.first) == 0 {
		return t.Conn.Read(p)
	}
	n := copy(p, t.first)
	t.first = t.first[n:]
	return n, nil
}

func (t *taken) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
