package keepalive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
)

const (
	firstBuffer = 4 << 10
	keptBuffer  = 16 << 10  // a buffer that has grown above this is given back
	sendAt      = 32 << 10  // so much may gather before it is sent
	maxPiece    = 256 << 10 // one write, and one WriteTimeout
)

// A conn is one connection. All of it belongs to the goroutine that serves it, but
// for the read deadline, which is the watcher's.
type conn struct {
	srv     *Server
	ctx     context.Context
	nc      net.Conn
	watcher *watcher
	begun   time.Time
	served  bool // there has been a request

	buf  []byte // buf[r:w] has arrived and is not parsed; nothing in buf[:w] is ever moved or overwritten while a request may borrow it
	r, w int

	out  []byte // written by responses, not sent yet
	sent int64  // how many bytes have been sent
	werr error  // why nothing can be sent any more

	req  Request
	body body
	res  response
}

func newConn(ctx context.Context, s *Server, nc net.Conn) *conn {
	c := &conn{srv: s, ctx: ctx, nc: nc, begun: time.Now(), watcher: watch(ctx, nc)}
	c.body.c, c.res.c = c, c
	c.body.chunks.Limits = s.Limits
	return c
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (c *conn) log() *slog.Logger {
	if c.srv.ErrorLog != nil {
		return c.srv.ErrorLog
	}
	return slog.Default()
}

func (c *conn) stopping() bool { return c.ctx.Err() != nil }

func (c *conn) pending() []byte { return c.buf[c.r:c.w] }

// asked says whether something of a request is there. The empty line that old
// clients send behind a form is nothing.
func (c *conn) asked() bool {
	p := string(c.pending()[:min(3, c.w-c.r)])
	return p != "" && p != "\r" && p != "\r\n"
}

// read is the only place that waits for the client, and so it flushes.
func (c *conn) read(p []byte, ph phase, until time.Time) (int, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	c.watcher.expect(ph, until)
	n, err := c.nc.Read(p)
	if ph != busy {
		c.watcher.arrived()
	}
	if n > 0 {
		return n, nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return 0, err
}

// fill reads more behind what is pending.
func (c *conn) fill(ph phase, until time.Time) error {
	if c.w == len(c.buf) {
		// The old buffer stays as it is: the request may still borrow from it.
		c.buf = append(make([]byte, 0, max(firstBuffer, 2*(c.w-c.r))), c.pending()...)
		c.r, c.w = 0, len(c.buf)
		c.buf = c.buf[:cap(c.buf)]
	}
	n, err := c.read(c.buf[c.w:], ph, until)
	c.w += n
	return err
}

// flush sends what has gathered.
func (c *conn) flush() error {
	if len(c.out) > 0 {
		c.send(c.out)
		if c.out = c.out[:0]; cap(c.out) > 2*sendAt {
			c.out = nil
		}
	}
	return c.werr
}

func (c *conn) send(p []byte) {
	for len(p) > 0 && c.werr == nil {
		c.nc.SetWriteDeadline(time.Now().Add(orDefault(c.srv.WriteTimeout, DefaultWriteTimeout)))
		var n int
		n, c.werr = c.nc.Write(p[:min(len(p), maxPiece)])
		c.sent += int64(n)
		p = p[n:]
	}
}

// readHead waits for a request and reads its head. If there is none, or none that
// is good, it has ended the connection.
func (c *conn) readHead() bool {
	if c.r == c.w { // no request borrows any more
		if c.r, c.w = 0, 0; len(c.buf) > keptBuffer {
			c.buf = nil
		}
	}
	headerTimeout := orDefault(c.srv.HeaderTimeout, DefaultHeaderTimeout)
	var until time.Time
	if !c.served {
		until = c.begun.Add(headerTimeout)
	}
	for {
		ph := busy
		switch {
		case c.w > c.r:
			if until.IsZero() {
				until = time.Now().Add(headerTimeout)
			}
			n, err := c.req.Parse(c.pending(), c.srv.Limits)
			if err == nil {
				c.r += n
				c.served = true
				return true
			}
			if err != reqline.ErrIncomplete {
				c.refuse(statusOf(err), err)
				return false
			}
		case c.served:
			ph = idle
		default:
			ph = newcomer
		}
		deadline := until
		if ph == idle {
			deadline = time.Now().Add(orDefault(c.srv.IdleTimeout, DefaultIdleTimeout))
		}
		if err := c.fill(ph, deadline); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if status := statusOf(err); status != 0 && c.asked() && c.werr == nil {
				c.refuse(status, err)
			}
			return false
		}
	}
}

// statusOf is the status that a client is told for an error; 0 for nobody there.
func statusOf(err error) int {
	var p *reqline.ProtocolError
	switch {
	case errors.As(err, &p):
		return p.Status
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 400
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 408
	}
	return 0
}

// refuse answers a request that no handler sees, and ends the connection.
func (c *conn) refuse(status int, fault error) {
	head := isHead(c.pending())
	c.req.Head = c.parsed()
	c.res.noContent = head
	c.tellRefused(status, fault)
}

// isHead says whether a request that is broken further on is one for HEAD, whose
// answer has no content (RFC 9110 §9.3.2).
func isHead(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\r\n"))
	line, _, _ := bytes.Cut(src, []byte("\n"))
	method, _, err := reqline.ParseMethod(line)
	return err == nil && method == "HEAD"
}

func (c *conn) tellRefused(status int, fault error) {
	c.prepare()
	c.req.Fault = fault
	c.body.begin(message.Framing{}, false)
	if c.srv.Refused != nil {
		c.srv.Refused(&c.req, status)
	}
	c.res.replace(status)
	c.res.finish()
	c.close()
}

// parsed is what can be made out of a head that is broken.
func (c *conn) parsed() (h message.Head) {
	lim := c.srv.Limits.OrDefaults()
	src := c.pending()
	n, err := h.RequestLine.Parse(src, lim.RequestLine)
	if err != nil {
		return message.Head{}
	}
	if _, err := h.Header.Parse(src[n:], lim); err != nil {
		h.Header = message.Header{}
		return h
	}
	h.Host, _ = message.Host(&h.RequestLine, &h.Header)
	h.Framing, _ = message.RequestFraming(h.Version, &h.Header)
	return h
}

// prepare makes request and response ready: nothing is left of the one before.
func (c *conn) prepare() {
	c.req.begin(c.ctx)
	c.req.Body, c.req.content = &c.body, &c.body
	c.req.RemoteAddr = c.nc.RemoteAddr()
	c.req.Fault = nil
	c.res.begin()
}

// serveRequest answers the request whose head has been read, and says whether
// there may be another one. If not, it has ended the connection.
func (c *conn) serveRequest() bool {
	continues := false
	for member := range c.req.Header.Members("Expect") {
		if !strings.EqualFold(string(member), "100-continue") {
			c.tellRefused(417, &reqline.ProtocolError{Status: 417, Rule: "RFC 9110 §10.1.1", Msg: "an expectation that is not 100-continue"})
			return false
		}
		continues = c.req.Version != reqline.HTTP10
	}
	c.prepare()
	c.body.begin(c.req.Framing, continues)
	returned := c.call(func() { c.srv.Handler.ServeHTTP(&c.res, &c.req) })
	switch {
	case !returned:
		if !c.res.takeBack() {
			c.abort()
			return false
		}
		c.res.replace(500)
	case c.res.talk != nil:
		c.hijacked()
		return false
	case c.body.failed() && c.res.calls == c.body.callsAtFailure && c.res.takeBack():
		if status := statusOf(c.body.err); status != 0 {
			c.res.replace(status)
		}
	}
	c.res.finish()
	if c.res.last || c.werr != nil || !c.body.drain() {
		c.close()
		return false
	}
	return true
}

// call calls f and says whether it returned; a panic is logged.
func (c *conn) call(f func()) (returned bool) {
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			c.log().Error("http: panic in a handler", "method", c.req.Method, "target", string(c.req.Target.Raw), "panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}
