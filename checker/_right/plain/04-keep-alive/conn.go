package keepalive

import (
	"barewire/steps/03-headers-bodies"
	"bytes"
	"cmp"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"context"
	"errors"
	"net"

	"barewire/steps/02-request-line"
)

// A conn is one connection with its buffers.
type conn struct {
	srv  *Server
	nc   net.Conn
	buf  []byte
	r, w int    // buf[r:w] has arrived and is not used yet
	keep int    // buf[:keep] is a head that is borrowed
	out  []byte // is to be sent
	werr error  // of the first write that failed
	req  Request
	res  response
	body body

	ctx   context.Context
	start time.Time
	sent  int  // how often something was sent
	first bool // there has been a request

	mu      sync.Mutex
	stop    bool      // ctx is done
	waiting time.Time // the deadline, while the first byte of a request is waited for
}

// serve serves one request after another.
func (c *conn) serve() {
	forget := context.AfterFunc(c.ctx, c.wake)
	defer forget()
	for c.serveOne() {
	}
}

// wake ends the wait for a request when the server is to stop.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop = true
	if !c.waiting.IsZero() {
		c.nc.SetReadDeadline(c.soon(c.waiting))
	}
}

// soon is how long to wait for a request when the server is to stop.
func (c *conn) soon(deadline time.Time) time.Time {
	d := 20 * time.Millisecond
	if !c.first {
		d = time.Second
	}
	if t := time.Now().Add(d); t.Before(deadline) {
		return t
	}
	return deadline
}

// serveOne serves one request and says whether there may be another one.
func (c *conn) serveOne() bool {
	err := c.readHead()
	c.first = true
	c.req.begin(c.ctx)
	c.req.RemoteAddr = c.nc.RemoteAddr()
	if err != nil {
		if c.nothing() {
			c.flush()
			return false
		}
		c.parts()
	} else {
		for m := range c.req.Header.Members("Expect") {
			if !strings.EqualFold(string(m), "100-continue") {
				err = &reqline.ProtocolError{Status: 417, Rule: "RFC 9110 §10.1.1", Msg: "an unknown expectation"}
			}
		}
	}
	c.body.begin(c)
	c.req.Body = &c.body
	c.res.begin(c)
	if err != nil {
		c.req.Fault = err
		status := statusOf(err)
		c.res.refuse(status)
		if c.srv.Refused != nil {
			c.srv.Refused(&c.req, status)
		}
		c.end()
		return false
	}
	if !c.handle() {
		c.res.last = true
		if !c.res.left() {
			c.res.refuse(500)
		}
	} else if c.res.talk != nil {
		c.talk()
		return false
	} else {
		c.res.finish()
	}
	if c.res.last || c.werr != nil || !c.body.drain() {
		c.end()
		return false
	}
	return true
}

// handle calls the handler, and says whether it has returned without a panic.
func (c *conn) handle() (ok bool) {
	defer func() {
		if !ok {
			if v := recover(); v != nil {
				c.log().Error("http: panic in a handler", "value", v, "stack", string(debug.Stack()))
			}
		}
	}()
	c.srv.Handler.ServeHTTP(&c.res, &c.req)
	return true
}

func (c *conn) log() *slog.Logger {
	if c.srv.ErrorLog != nil {
		return c.srv.ErrorLog
	}
	return slog.Default()
}

// nothing says whether nothing was asked.
func (c *conn) nothing() bool {
	return len(bytes.Trim(c.buf[c.r:c.w], "\r\n")) == 0
}

// parts gets what can be parsed of a head that is broken.
func (c *conn) parts() {
	c.req.Head = message.Head{}
	var l reqline.RequestLine
	lim := c.srv.Limits.OrDefaults()
	n, err := l.Parse(c.buf[c.r:c.w], lim.RequestLine)
	if err != nil {
		return
	}
	c.req.RequestLine = l
	var h message.Header
	if _, err := h.Parse(c.buf[c.r+n:c.w], lim); err == nil {
		c.req.Header = h
	}
}

// readHead reads until c.req has a head.
func (c *conn) readHead() error {
	// What is there goes to the front; nobody borrows from the buffer any more.
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r, c.keep = 0, 0
	var deadline time.Time
	for {
		n, err := c.req.Head.Parse(c.buf[c.r:c.w], c.srv.Limits)
		if err == nil {
			c.r += n
			c.keep = c.r
			return nil
		}
		if !errors.Is(err, reqline.ErrIncomplete) {
			return err
		}
		if c.r == c.w {
			if err := c.firstByte(); err != nil {
				return err
			}
			continue
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(cmp.Or(c.srv.HeaderTimeout, DefaultHeaderTimeout))
			if !c.first {
				deadline = c.start.Add(cmp.Or(c.srv.HeaderTimeout, DefaultHeaderTimeout))
			}
		}
		if err := c.fill(deadline); err != nil {
			return err
		}
	}
}

// firstByte waits for a request.
func (c *conn) firstByte() error {
	if err := c.flush(); err != nil {
		return err
	}
	deadline := time.Now().Add(cmp.Or(c.srv.IdleTimeout, DefaultIdleTimeout))
	if !c.first {
		deadline = c.start.Add(cmp.Or(c.srv.HeaderTimeout, DefaultHeaderTimeout))
	}
	c.mu.Lock()
	c.waiting = deadline
	if c.stop {
		deadline = c.soon(deadline)
	}
	c.nc.SetReadDeadline(deadline)
	c.mu.Unlock()
	err := c.read()
	c.mu.Lock()
	c.waiting = time.Time{}
	c.mu.Unlock()
	return err
}

// fill reads more bytes behind those that are there, after everything that the client
// may wait for was sent. The first c.keep bytes of the buffer stay as they are.
func (c *conn) fill(until time.Time) error {
	if err := c.flush(); err != nil {
		return err
	}
	c.nc.SetReadDeadline(until)
	return c.read()
}

// read reads once.
func (c *conn) read() error {
	if c.r == c.w {
		c.r, c.w = c.keep, c.keep
	}
	if c.w == len(c.buf) {
		// Whoever borrows from the old buffer keeps it.
		buf := make([]byte, max(4096, 2*(c.w-c.r)))
		c.w = copy(buf, c.buf[c.r:c.w])
		c.buf, c.r, c.keep = buf, 0, 0
	}
	n, err := c.nc.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	return err
}

// flush sends what is to be sent.
func (c *conn) flush() error {
	out := c.out
	for c.werr == nil && len(out) > 0 {
		n := min(len(out), 256<<10)
		c.nc.SetWriteDeadline(time.Now().Add(cmp.Or(c.srv.WriteTimeout, DefaultWriteTimeout)))
		_, c.werr = c.nc.Write(out[:n])
		out = out[n:]
		c.sent++
	}
	c.out = c.out[:0]
	return c.werr
}
