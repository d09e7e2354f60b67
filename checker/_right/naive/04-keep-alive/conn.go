package keepalive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
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

// A conn is one connection and what is known about it.
type conn struct {
	srv   *Server
	ctx   context.Context
	nc    net.Conn
	start time.Time

	in      []byte // what has arrived and is not used up; only ever appended to, never written over
	out     []byte // what is to be sent
	flushes int    // how often something was sent
	err     error  // why sending has failed

	requests int // how many have come

	mu       sync.Mutex
	idle     bool      // somebody waits for the first byte of a request
	deadline time.Time // of that wait
}

// How long a wait for a first byte goes on when the server stops.
const (
	lastLook      = 20 * time.Millisecond
	newcomerGrace = time.Second
)

func (c *conn) log() *slog.Logger {
	if c.srv.ErrorLog != nil {
		return c.srv.ErrorLog
	}
	return slog.Default()
}

// send puts b behind what is to be sent, and sends when that is much.
func (c *conn) send(b []byte) {
	for len(b) > 0 && c.err == nil {
		n := min(len(b), 32<<10)
		c.out = append(c.out, b[:n]...)
		b = b[n:]
		if len(c.out) >= 32<<10 {
			c.flush()
		}
	}
}

func (c *conn) flush() error {
	if len(c.out) == 0 || c.err != nil {
		return c.err
	}
	c.nc.SetWriteDeadline(time.Now().Add(cmp.Or(c.srv.WriteTimeout, DefaultWriteTimeout)))
	_, c.err = c.nc.Write(c.out)
	c.out = nil
	c.flushes++
	return c.err
}

// read waits for more bytes and puts them behind c.in.
func (c *conn) read(deadline time.Time) error {
	if err := c.flush(); err != nil {
		return err
	}
	c.nc.SetReadDeadline(deadline)
	return c.readOnce()
}

func (c *conn) readOnce() error {
	for {
		buf := make([]byte, 4096)
		n, err := c.nc.Read(buf)
		c.in = append(c.in, buf[:n]...)
		if n > 0 {
			return nil // an error comes again
		}
		if err != nil {
			return err
		}
	}
}

// awaitRequest waits for the first byte of a request.
func (c *conn) awaitRequest() error {
	for len(bytes.TrimPrefix(c.in, []byte("\r\n"))) == 0 {
		if err := c.flush(); err != nil {
			return err
		}
		c.mu.Lock()
		c.idle = true
		c.deadline = time.Now().Add(cmp.Or(c.srv.IdleTimeout, DefaultIdleTimeout))
		if c.requests == 0 {
			c.deadline = c.start.Add(c.headerTimeout())
		}
		c.nc.SetReadDeadline(c.deadline)
		c.mu.Unlock()
		if c.ctx.Err() != nil {
			c.wake()
		}

		err := c.readOnce()

		c.mu.Lock()
		c.idle = false
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// wake ends the wait for a first byte soon, as the server stops.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.idle {
		return
	}
	grace := lastLook
	if c.requests == 0 {
		grace = newcomerGrace
	}
	if end := time.Now().Add(grace); end.Before(c.deadline) {
		c.deadline = end
		c.nc.SetReadDeadline(end)
	}
}

func (c *conn) headerTimeout() time.Duration {
	return cmp.Or(c.srv.HeaderTimeout, DefaultHeaderTimeout)
}

// readHead reads the head of a request, of which the first byte is there. The status
// of a fault is 0 where nobody is left to be told.
func (c *conn) readHead() (head *message.Head, status int, err error) {
	deadline := time.Now().Add(c.headerTimeout())
	if c.requests == 0 {
		deadline = c.start.Add(c.headerTimeout())
	}
	for {
		head := new(message.Head)
		n, err := head.Parse(c.in, c.srv.Limits)
		if err == nil {
			c.in = c.in[n:]
			return head, 0, nil
		}
		if fault, ok := errors.AsType[*reqline.ProtocolError](err); ok {
			return nil, fault.Status, err
		}
		if err != reqline.ErrIncomplete {
			return nil, 500, err
		}
		err = c.read(deadline)
		switch {
		case err == io.EOF:
			return nil, 400, io.ErrUnexpectedEOF
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, 408, os.ErrDeadlineExceeded
		case err != nil:
			return nil, 0, err
		}
	}
}

// partialHead returns what can be understood of a head that was refused.
func (c *conn) partialHead() message.Head {
	head := message.Head{}
	n, err := head.RequestLine.Parse(c.in, c.srv.Limits.RequestLine)
	if err != nil {
		return message.Head{}
	}
	if _, err := head.Header.Parse(c.in[n:], c.srv.Limits); err != nil {
		head.Header = message.Header{}
		return head
	}
	head.Host, _ = message.Host(&head.RequestLine, &head.Header)
	head.Framing, _ = message.RequestFraming(head.Version, &head.Header)
	return head
}

// refuse answers a request that no handler sees.
func (c *conn) refuse(head message.Head, status int, fault error) {
	r := &Request{Head: head, Body: strings.NewReader(""), RemoteAddr: c.nc.RemoteAddr(), Fault: fault}
	r.begin(c.ctx)
	if c.srv.Refused != nil {
		c.srv.Refused(r, status)
	}
	answered := *r
	if r.Method == "" { // that it is a HEAD, say, may be clear all the same
		answered.Method, _, _ = reqline.ParseMethod(bytes.TrimPrefix(c.in, []byte("\r\n")))
	}
	c.answerError(&answered, status)
}

// answerError writes a whole response, which is the last one.
func (c *conn) answerError(r *Request, status int) {
	w := newResponse(c, r)
	w.last = true
	Error(w, status)
	w.commit(true)
}

// serveRequest serves the next request, and returns whether there may be another one.
func (c *conn) serveRequest() bool {
	if err := c.awaitRequest(); err != nil {
		return false
	}
	head, status, err := c.readHead()
	if status != 0 {
		c.refuse(c.partialHead(), status, err)
		c.closeGently()
		return false
	}
	if err != nil {
		return false
	}
	c.requests++

	for expectation := range head.Header.Members("Expect") {
		if strings.ToLower(string(expectation)) != "100-continue" {
			fault := &reqline.ProtocolError{Status: 417, Rule: "RFC 9110 §10.1.1", Msg: fmt.Sprintf("expectation %q", expectation)}
			c.refuse(*head, 417, fault)
			c.closeGently()
			return false
		}
	}

	r := &Request{Head: *head, RemoteAddr: c.nc.RemoteAddr()}
	r.begin(c.ctx)
	w := newResponse(c, r)
	body := newBody(c, w, head)
	w.body = body
	r.Body = body
	r.body = body

	if c.callHandler(w, r) {
		if w.talk != nil {
			c.hand(r.Context(), w.talk)
			return false
		}
		w.finish()
	}
	if w.reset {
		c.closeHard()
		return false
	}
	if !w.last && body.drain(true) {
		return c.err == nil
	}
	if c.flush() != nil {
		return false
	}
	if KeepAlive(head) || !body.ended() || len(c.in) > 0 {
		c.closeGently()
	}
	return false
}

// callHandler calls the handler, and returns whether it has returned.
func (c *conn) callHandler(w *response, r *Request) (returned bool) {
	defer func() {
		if returned {
			return
		}
		v := recover()
		c.log().Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
		w.last = true
		if w.takeBack() {
			c.answerError(w.req, 500)
		} else {
			w.reset = w.toTheEnd // otherwise the missing end shows
		}
	}()
	c.srv.Handler.ServeHTTP(w, r)
	return true
}
