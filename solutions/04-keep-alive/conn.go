package keepalive

// This file is for the connection: its buffers, and the loop that serves one request after another.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
)

//starter:omit
const (
	firstSize  = 1 << 10   // what a connection starts with, for reading: it may be for one request
	bufferSize = 2 << 10   // what it goes on with
	maxKept    = 8 << 10   // a larger buffer is not kept for the next request
	outSize    = 512       // what it starts with for writing
	minRead    = 512       // a read into less is not worth its system call
	maxOut     = 64 << 10  // with more than this to write, nothing is held back
	maxWrite   = 256 << 10 // one write, under one deadline
	maxCopied  = 16 << 10  // to copy more than this costs more than to write it by itself
)

// How long a connection that waits for a request goes on waiting when the server
// stops: the request may still be in the kernel. A client that has just connected has
// sent one, or is about to, and would not send it again on another connection (RFC
// 9112 §9.3.1).
//
//starter:omit
const (
	lastLook = 50 * time.Millisecond
	newcomer = time.Second
)

// A conn is a connection that is being served, by one goroutine.
//
// Bytes arrive in "in" and have been read up to w and used up to r. Those of the
// head of the request in progress are before headEnd and stay where they are until
// its handler has returned. Responses gather in "out", and leave before the server
// waits for the client in any way.
//
//starter:omit
type conn struct {
	srv    *Server
	ctx    context.Context
	limits message.Limits // with defaults filled in
	nc     net.Conn

	in      []byte
	r, w    int
	headEnd int
	out     []byte
	batch   [2][]byte   // what write is writing: a field, so that
	buffers net.Buffers // it need not be allocated each time

	req  Request
	body body
	res  response

	talk      func(context.Context, net.Conn) // who has taken the connection over
	served    bool                            // at least one request has been answered
	unread    bool                            // the client may be sending what nobody will read
	peerEnded bool                            // the client has closed its side
	abort     bool                            // the response was cut off: end so that the client notices

	parker    parker      // nc, if it is one
	headBy    time.Time   // when the first head of a parker has to be complete, if it has waited
	stopping  atomic.Bool // the server has been told to stop
	mu        sync.Mutex
	idle      bool // waiting for the first byte of a request
	idleAgain bool // and not for the first one
}

// newConn returns a conn that serves nc: for a parker, the one that it had before.
//
//starter:omit
func newConn(s *Server, ctx context.Context, nc net.Conn) *conn {
	parker, parks := nc.(parker)
	if parks {
		if c, ok := parker.Kept().(*conn); ok {
			return c
		}
		parker.SetWriteTimeout(or(s.WriteTimeout, DefaultWriteTimeout))
	}
	c := &conn{srv: s, ctx: ctx, nc: nc, parker: parker, limits: s.Limits.OrDefaults()}
	c.in = make([]byte, firstSize)
	c.out = make([]byte, 0, outSize)
	c.req.trailer = &c.body.decoder.Trailer
	if parks {
		parker.Keep(c)
	}
	return c
}

// wake is called when the server is told to stop. A connection that waits for a
// request ends; any other one finds out when its response is written.
//
//starter:omit
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping.Store(true)
	if c.idle {
		c.nc.SetReadDeadline(c.lastMoment())
	}
}

// lastMoment returns until when a connection that waits for a request may go on when
// the server stops. The caller holds c.mu, or is the one who serves.
//
//starter:omit
func (c *conn) lastMoment() time.Time {
	if c.idleAgain {
		return time.Now().Add(lastLook)
	}
	return time.Now().Add(newcomer)
}

// setIdle says that the connection waits for a request, or no longer does. It
// returns false if the server stops.
//
//starter:omit
func (c *conn) setIdle(idle bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle, c.idleAgain = idle, c.served
	return !c.stopping.Load()
}

// isStopping says whether the server has been told to stop.
//
//starter:omit
func (c *conn) isStopping() bool {
	return c.stopping.Load() || c.parker != nil && c.ctx.Err() != nil
}

// A parker is a connection that need not wait for a request. Where there is nothing to
// read, ReadFirst fails at once, and Close does not close the connection then: somebody
// else waits, for many connections at once and for as long as ReadFirst may have
// waited, and has it served again when there is something to read. So it need not be
// woken when the server stops. On a connection that has had no request and was waited
// for, ReadFirst also returns until when it might have waited.
//
// Meanwhile it keeps what serves it, until it has been idle for long. It also knows how
// long each Write may take, or each piece of what ReadFrom is given, and looks at the
// clock when one does not end at once. WriteMore is Write where more follows.
//
//starter:omit
type parker interface {
	ReadFirst(p []byte, within time.Duration) (n int, by time.Time, err error)
	SetWriteTimeout(within time.Duration)
	WriteMore(p []byte) (int, error)
	Keep(server any)
	Kept() any
}

// A waiter is a connection that is told when the server begins to wait for another
// request on it: what it has read before then, such as the rest of some content,
// does not belong to that.
//
//starter:omit
type waiter interface{ AwaitRequest() }

// after returns the moment at which d has passed from now on, or what d stands for
// where it is zero.
//
//starter:omit
func after(d, otherwise time.Duration) time.Time {
	return began.Add(time.Since(began) + or(d, otherwise))
}

// began is some moment before all others. How long ago it was costs half of what time.Now
// does, which asks the system for two clocks: deadlines only need the one that nobody
// sets.
//
//starter:omit
var began = time.Now()

// serveRequest serves one request and says whether another one may follow.
//
//starter:omit
func (c *conn) serveRequest() bool {
	if err := c.readHead(); err != nil {
		c.refuse(err)
		return false
	}
	c.req.begin(c.ctx)
	c.req.Body, c.req.RemoteAddr = &c.body, c.nc.RemoteAddr()
	c.body.reset(c)
	c.res.reset(c)
	if !c.expectationKnown() {
		c.res.fail(417)
		c.tell(417, errExpectation)
	} else if !c.callHandler() {
		return false
	}
	if c.talk != nil {
		return false // the connection is no longer the server's
	}
	if c.res.finish(); !c.res.keep {
		c.unread = !c.body.ended() || c.r < c.w || KeepAlive(&c.req.Head)
		return false
	}
	if !c.body.drain() {
		c.unread = true
		return false
	}
	c.served = true
	return len(c.out) < maxOut || c.flush() == nil
}

// expectationKnown says whether Expect asks for nothing but 100-continue. A server
// MAY refuse everything else (RFC 9110 §10.1.1), and nothing else is defined.
//
//starter:omit
func (c *conn) expectationKnown() bool {
	for m := range c.req.Header.Members("Expect") {
		if !bytes.EqualFold(m, []byte("100-continue")) {
			return false
		}
	}
	return true
}

// callHandler calls the handler, and says whether the connection can go on.
//
//starter:omit
func (c *conn) callHandler() (ok bool) {
	defer func() {
		if e := recover(); e != nil {
			c.srv.log().Error("http: handler panicked", "panic", e, "method", c.req.Method,
				"target", string(c.req.Target.Raw), "stack", string(debug.Stack()))
			c.unread, c.talk = true, nil
			if c.res.committed {
				c.abort = true
			} else {
				c.res.fail(500)
				c.res.finish()
			}
		}
	}()
	c.srv.Handler.ServeHTTP(&c.res, &c.req)
	if c.body.failed() && c.gaveUp() {
		status := statusOf(c.body.err)
		if status == 0 {
			return false // the network has failed: there is nobody to tell
		}
		c.res.fail(status)
	}
	return true
}

// gaveUp says whether the handler left it to the server to say that the content is
// broken: it has written nothing at all, or nothing since it was told, and nothing
// has left. It has copied what was good, say. As it is, that would be a 200.
//
//starter:omit
func (c *conn) gaveUp() bool {
	w := &c.res
	return !w.wrote() || !w.committed && w.status == 200 && w.written == c.body.told
}

// readHead reads the head of the next request.
//
//starter:omit
func (c *conn) readHead() error {
	c.req.RequestLine = reqline.RequestLine{}
	c.headBy = time.Time{}
	var deadline time.Time // for the whole head
	if !c.served && c.parker == nil {
		deadline = after(c.srv.HeaderTimeout, DefaultHeaderTimeout)
	}
	for {
		if c.r < c.w {
			n, err := c.req.Head.Parse(c.in[c.r:c.w], c.limits)
			if err != reqline.ErrIncomplete {
				c.r += n
				c.headEnd = c.r
				return err
			}
			if deadline.IsZero() {
				deadline = c.headBy
			}
			if deadline.IsZero() {
				deadline = after(c.srv.HeaderTimeout, DefaultHeaderTimeout)
			}
		}
		c.makeRoom()
		var n int
		var err error
		if c.r == c.w {
			n, err = c.awaitRequest(deadline)
		} else {
			n, err = c.read(c.in[c.w:], deadline)
		}
		if c.w += n; n > 0 {
			continue
		}
		if err == io.EOF && c.r < c.w {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
}

// makeRoom makes room behind the bytes in the buffer. The parser refuses a head
// above its limits, so the buffer grows no further than they are.
//
//starter:omit
func (c *conn) makeRoom() {
	switch {
	case c.r == c.w:
		c.r, c.w = 0, 0
		if len(c.in) > maxKept || c.served && len(c.in) < bufferSize {
			c.in = make([]byte, bufferSize) // an idle connection keeps little
		}
	case len(c.in)-c.w >= minRead:
	case c.r > 0:
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	default:
		larger := make([]byte, 2*len(c.in))
		copy(larger, c.in[:c.w])
		c.in = larger
	}
}

// awaitRequest waits for the first bytes of a request until the deadline or, if
// there is none, for IdleTimeout. This is the only wait that ends when the server
// stops.
//
//starter:omit
func (c *conn) awaitRequest(deadline time.Time) (int, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	if c.parker != nil {
		return c.readFirst()
	}
	if deadline.IsZero() {
		deadline = after(c.srv.IdleTimeout, DefaultIdleTimeout)
		if w, ok := c.nc.(waiter); ok {
			w.AwaitRequest()
		}
	}
	// The deadline comes first: set after setIdle it would undo that of wake.
	c.nc.SetReadDeadline(deadline)
	if !c.setIdle(true) {
		c.nc.SetReadDeadline(c.lastMoment())
	}
	n, err := c.nc.Read(c.in)
	c.setIdle(false)
	c.peerEnded = err == io.EOF
	return n, err
}

// readFirst is awaitRequest where nobody waits.
//
//starter:omit
func (c *conn) readFirst() (int, error) {
	within := or(c.srv.IdleTimeout, DefaultIdleTimeout)
	if !c.served {
		within = or(c.srv.HeaderTimeout, DefaultHeaderTimeout)
	}
	n, by, err := c.parker.ReadFirst(c.in, within)
	c.headBy = by
	c.peerEnded = err == io.EOF
	return n, err
}

// read reads from the client, after everything that it is owed has left: it may
// be waiting for that before it sends more.
//
//starter:omit
func (c *conn) read(p []byte, deadline time.Time) (int, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	c.nc.SetReadDeadline(deadline)
	n, err := c.nc.Read(p)
	c.peerEnded = err == io.EOF
	return n, err
}

// flush writes what has gathered, and large behind it.
//
//starter:omit
func (c *conn) flush(large ...byte) error {
	if c.parker != nil && len(large) <= maxCopied {
		// A parker takes one slice at a time.
		c.out = append(c.out, large...)
		large = nil
	}
	err := c.write(c.out, large)
	c.out = c.out[:0]
	if cap(c.out) > 2*maxOut {
		c.out = make([]byte, 0, outSize)
	}
	return err
}

// flushMore is flush where more is written in a moment: the first bytes of a file and
// the head before them can be one packet.
//
//starter:omit
func (c *conn) flushMore() error {
	if c.parker == nil {
		return c.flush()
	}
	_, err := c.parker.WriteMore(c.out)
	c.out = c.out[:0]
	return err
}

// write writes the slices in order: in one system call if they are short, and
// otherwise in pieces that have a deadline each, so that a client may be slow but
// not stop.
//
//starter:omit
func (c *conn) write(slices ...[]byte) error {
	for {
		c.buffers = c.batch[:0]
		size := 0
		for i, s := range slices {
			piece := s[:min(len(s), maxWrite-size)]
			if slices[i] = s[len(piece):]; len(piece) > 0 {
				c.buffers = append(c.buffers, piece)
				size += len(piece)
			}
		}
		if size == 0 {
			return nil
		}
		c.setWriteDeadline()
		var err error
		if len(c.buffers) == 1 {
			_, err = c.nc.Write(c.buffers[0])
		} else {
			_, err = c.buffers.WriteTo(c.nc)
		}
		if err != nil {
			return err
		}
	}
}

//starter:omit
func (c *conn) setWriteDeadline() {
	if c.parker == nil {
		c.nc.SetWriteDeadline(after(c.srv.WriteTimeout, DefaultWriteTimeout))
	}
}

// refuse answers a request whose head could not be read, if there is anything to
// answer.
//
//starter:omit
func (c *conn) refuse(err error) {
	status := statusOf(err)
	pending := bytes.TrimLeft(c.in[c.r:c.w], "\r\n")
	if _, broken := errors.AsType[*reqline.ProtocolError](err); status == 0 || len(pending) == 0 && !broken {
		return // the client left, or was idle for too long, or the network failed
	}
	c.body.err = io.EOF
	c.res.reset(c)
	c.res.fail(status)
	c.res.finish()
	c.unread = true
	c.parseAgain()
	c.tell(status, err)
}

// parseAgain leaves in c.req what is good of a head that has been refused, and
// nothing else: it may have moved in the buffer since it was looked at.
//
//starter:omit
func (c *conn) parseAgain() {
	req, head := &c.req, c.in[c.r:c.w]
	req.begin(c.ctx)
	req.Body, req.RemoteAddr = &c.body, c.nc.RemoteAddr()
	n, err := req.RequestLine.Parse(head, c.limits.RequestLine)
	if err != nil {
		req.RequestLine = reqline.RequestLine{}
	} else {
		_, err = req.Header.Parse(head[n:], c.limits)
	}
	if err != nil {
		req.Header.Reset()
	}
}

//starter:omit
func (c *conn) tell(status int, fault error) {
	if c.srv.Refused != nil {
		c.req.Fault = fault
		c.srv.Refused(&c.req, status)
	}
}

//starter:omit
var errExpectation = &reqline.ProtocolError{Status: 417, Rule: "RFC 9110 §10.1.1", Msg: "an expectation other than 100-continue"}

// statusOf returns the status that tells a client of err, or 0 if err is none of
// its doing.
//
//starter:omit
func statusOf(err error) int {
	if e, ok := errors.AsType[*reqline.ProtocolError](err); ok {
		return e.Status
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 400
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 408
	}
	return 0
}
