package keepalive

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

// A conn is one connection with its buffers.
type conn struct {
	srv  *Server
	nc   net.Conn
	ctx  context.Context
	buf  []byte
	r, w int    // buf[r:w] has arrived and is not used yet
	keep int    // buf[:keep] is a head that is borrowed
	out  []byte // is to be sent
	sent int    // how often something was sent
	werr error  // of the first write that failed
	used bool   // there has been a request
	req  Request
	res  response
	body body
}

// after returns the time in d, or in def if d is zero.
func after(d, def time.Duration) time.Time { return time.Now().Add(cmp.Or(d, def)) }

// serveOne serves one request and says whether there may be another one.
func (c *conn) serveOne() bool {
	err := c.readHead()
	if err != nil && len(bytes.Trim(c.buf[c.r:c.w], "\r\n")) == 0 { // nothing was asked
		c.flush()
		return false
	}
	c.used = true
	c.req.begin(c.ctx)
	c.req.RemoteAddr = c.nc.RemoteAddr()
	if err != nil {
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
		c.res.refuse(statusOf(err))
		if c.srv.Refused != nil {
			c.srv.Refused(&c.req, statusOf(err))
		}
	} else if !c.call(func() { c.srv.Handler.ServeHTTP(&c.res, &c.req) }) {
		c.res.last = true
		if !c.res.left() {
			c.res.refuse(500)
		} else if c.res.toEnd {
			c.reset()
			return false
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

// call calls f, and says whether it has returned without a panic.
func (c *conn) call(f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			c.logError("http: panic", "value", v, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

func (c *conn) logError(msg string, args ...any) {
	cmp.Or(c.srv.ErrorLog, slog.Default()).Error(msg, args...)
}

// parts gets what can be parsed of a head that is broken.
func (c *conn) parts() {
	c.req.Head = message.Head{}
	src := c.buf[c.r:c.w]
	if n, err := c.req.RequestLine.Parse(src, c.srv.Limits.RequestLine); err != nil {
		c.req.RequestLine = reqline.RequestLine{}
	} else if _, err := c.req.Header.Parse(src[n:], c.srv.Limits); err != nil {
		c.req.Header.Reset()
	}
}

// readHead reads until c.req has a head.
func (c *conn) readHead() error {
	// What is there goes to the front; nobody borrows from the buffer any more.
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r, c.keep = 0, 0
	var deadline time.Time
	for {
		n, err := c.req.Head.Parse(c.buf[:c.w], c.srv.Limits)
		if err == nil {
			c.r, c.keep = n, n
		}
		if err != reqline.ErrIncomplete {
			return err
		}
		if deadline.IsZero() && (c.w > 0 || !c.used) {
			deadline = after(c.srv.HeaderTimeout, DefaultHeaderTimeout)
		}
		if c.w > 0 {
			err = c.fill(deadline)
		} else {
			err = c.await(deadline)
		}
		if err != nil {
			return err
		}
	}
}

// await waits for the first byte of a request, not for long when c.ctx is done.
func (c *conn) await(until time.Time) error {
	if until.IsZero() {
		until = after(c.srv.IdleTimeout, DefaultIdleTimeout)
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.nc.SetReadDeadline(until)
	woken := make(chan struct{})
	forget := context.AfterFunc(c.ctx, func() {
		soon := time.Now().Add(20 * time.Millisecond)
		if !c.used {
			soon = time.Now().Add(time.Second)
		}
		if soon.Before(until) {
			c.nc.SetReadDeadline(soon)
		}
		close(woken)
	})
	err := c.read()
	if !forget() {
		<-woken // or it could end another wait
	}
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
	if c.w == len(c.buf) { // whoever borrows from the old buffer keeps it
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
	for out := c.out; c.werr == nil && len(out) > 0; c.sent++ {
		n := min(len(out), 256<<10)
		c.nc.SetWriteDeadline(after(c.srv.WriteTimeout, DefaultWriteTimeout))
		_, c.werr = c.nc.Write(out[:n])
		out = out[n:]
	}
	c.out = c.out[:0]
	return c.werr
}
