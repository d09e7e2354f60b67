package echo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

// This file holds the stand-ins for the network that the tests of this step use:
// a connection that plays a script, a listener without a port, and a server on it.

// A chunk is what one Read of a script returns.
type chunk struct {
	data string
	err  error
}

// A script is a connection whose Reads return chunks, then io.EOF, and which
// keeps what is written to it.
type script struct {
	net.Conn // a pipe that nobody uses: it gives the methods not named here

	mu     sync.Mutex
	chunks []chunk
	room   int    // how many bytes Write takes before it fails
	sent   []byte // what Write took
	late   []byte // what was offered to Write after it had failed

	reads, writes *testkit.Tripwire
}

const plenty = 1 << 30

func newScript(t *testing.T, room int, chunks []chunk) *script {
	conn, other := net.Pipe()
	t.Cleanup(func() { conn.Close(); other.Close() })
	return &script{
		Conn: conn, room: room, chunks: chunks,
		reads: testkit.NewTripwire(t), writes: testkit.NewTripwire(t),
	}
}

func (s *script) Read(p []byte) (int, error) {
	n, err := s.read(p)
	s.reads.Count("Read", n > 0, err)
	return n, err
}

func (s *script) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.chunks) == 0 {
		return 0, io.EOF
	}
	c := &s.chunks[0]
	n := copy(p, c.data)
	if c.data = c.data[n:]; c.data != "" {
		return n, nil // the rest, and the error, come with the next Read
	}
	if c.err == nil || len(s.chunks) > 1 {
		s.chunks = s.chunks[1:]
		return n, c.err
	}
	return n, c.err // the last error stays
}

func (s *script) Write(p []byte) (int, error) {
	n, err := s.write(p)
	s.writes.Count("Write", n > 0, err)
	return n, err
}

func (s *script) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room < 0 {
		s.late = append(s.late, p...)
		return 0, errGone
	}
	if len(p) > s.room {
		n := s.room
		s.sent = append(s.sent, p[:n]...)
		s.room = -1
		return n, errGone
	}
	s.sent = append(s.sent, p...)
	s.room -= len(p)
	return len(p), nil
}

func (s *script) result() (sent, late string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.sent), string(s.late)
}

// errGone is what a connection returns when the client has vanished.
var errGone = errors.New("the client is gone")

// patience is how long a client waits for an answer. In a bubble it costs no
// time: the clock jumps when everybody waits.
const patience = 5 * time.Second

// moment is enough for who closes a connection to return after it.
const moment = 10 * time.Millisecond

// A client is the other end of a connection.
type client struct {
	net.Conn
	note  func() string // what to add to a symptom, if anything
	stuck bool          // the last symptom was that nothing came
}

// at says where the code under test waits, if the client waits for it.
func (c *client) at() string {
	if !c.stuck || c.note() != "" {
		return ""
	}
	return testkit.StuckAt()
}

// say sends msg; it returns what went wrong, or "".
func (c *client) say(msg string) (symptom string) {
	c.SetWriteDeadline(time.Now().Add(patience))
	n, err := io.WriteString(c, msg)
	c.stuck = isTimeout(err)
	switch {
	case err == nil:
		return ""
	case isTimeout(err):
		return fmt.Sprintf("the server has taken %d of the %d bytes %s, and no more for %v%s", n, len(msg), testkit.Excerpt(msg), patience, c.note())
	default:
		return fmt.Sprintf("sending %s: %s%s", testkit.Excerpt(msg), testkit.Symptom(err), c.note())
	}
}

// hear reads want; it returns what went wrong, or "".
func (c *client) hear(want string) (symptom string) {
	c.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, len(want))
	n, err := io.ReadFull(c, buf)
	if got := string(buf[:n]); err != nil || got != want {
		return c.explain(want, got, err)
	}
	return ""
}

// hearEnd reads want, and then EOF; it returns what went wrong, or "".
func (c *client) hearEnd(want string) (symptom string) {
	var got strings.Builder
	buf := make([]byte, 64<<10)
	for {
		c.SetReadDeadline(time.Now().Add(patience))
		n, err := c.Read(buf)
		got.Write(buf[:n])
		switch {
		case err == io.EOF && got.String() == want:
			return ""
		case err != nil:
			return c.explain(want, got.String(), err)
		}
	}
}

// explain says how what was read differs from want, and how it ended.
func (c *client) explain(want, got string, err error) string {
	c.stuck = isTimeout(err)
	what := testkit.StreamDiff(want, got)
	if what == "" {
		what = fmt.Sprintf("the %d bytes", len(want))
		if want == "" {
			what = "no bytes"
		}
	}
	switch {
	case err == nil:
	case isTimeout(err):
		what += fmt.Sprintf(", then nothing for %v: neither bytes nor EOF", patience)
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		what += ", then EOF"
	default:
		what += ", then " + testkit.Symptom(err)
	}
	return what + c.note()
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// talk runs Echo on conn, as a server would, and returns the client's end of
// it. The string is what to add to a symptom: that Echo has returned, if so.
func talk(t *testing.T, ctx context.Context, conn, other net.Conn) *client {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		defer conn.Close()
		echo.Echo(ctx, conn)
	}()
	t.Cleanup(func() {
		other.Close()
		select {
		case <-returned:
		case <-time.After(patience):
			testkit.Report{
				Want: "Echo returns when its client has closed the connection",
				Got:  fmt.Sprintf("Echo still runs %v later", patience),
				At:   testkit.StuckAt(),
			}.Error(t)
		}
	})
	return &client{Conn: other, note: func() string {
		select {
		case <-returned:
			return "; Echo has returned"
		case <-time.After(moment):
			return ""
		}
	}}
}

// A listener accepts connections that tests make with dial. It has no port.
type listener struct {
	backlog chan net.Conn // what the kernel would keep until Accept is called
	closed  chan struct{}
	close   sync.Once

	mu      sync.Mutex
	errs    []error       // what Accept returns first, nil for a connection
	last    net.Conn      // a connection that Accept returns once, after Close,
	delay   time.Duration // and this much later
	accepts []time.Time   // when Accept was called

	wire *testkit.Tripwire
}

func newListener(t *testing.T) *listener {
	return &listener{
		backlog: make(chan net.Conn, 1000),
		closed:  make(chan struct{}),
		wire:    testkit.NewTripwire(t),
	}
}

func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	l.accepts = append(l.accepts, time.Now())
	var scripted error
	if len(l.errs) > 0 {
		scripted, l.errs = l.errs[0], l.errs[1:]
	}
	l.mu.Unlock()

	if scripted != nil {
		return nil, scripted
	}
	if !l.isClosed() { // a select would draw lots between a client and the end
		select {
		case conn := <-l.backlog:
			return conn, nil
		case <-l.closed:
		}
	}

	l.mu.Lock()
	last := l.last
	l.last = nil
	l.mu.Unlock()
	if last != nil {
		time.Sleep(l.delay)
		return last, nil
	}
	err := &net.OpError{Op: "accept", Net: "fake", Err: net.ErrClosed}
	l.wire.Count("Accept", false, err)
	return nil, err
}

func (l *listener) Close() error {
	err := net.ErrClosed
	l.close.Do(func() {
		close(l.closed)
		err = nil
	})
	return err
}

func (l *listener) Addr() net.Addr { return fakeAddr{} }

// calls returns when Accept was called.
func (l *listener) calls() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]time.Time(nil), l.accepts...)
}

func (l *listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

type fakeAddr struct{}

func (fakeAddr) Network() string { return "fake" }
func (fakeAddr) String() string  { return "fake" }

// A running is a server that runs on a listener, both in a bubble.
type running struct {
	t      *testing.T
	ln     *listener
	srv    *echo.Server
	log    *logged
	served chan struct{} // closed when Serve has returned
	err    error         // what it returned then
	stops  bool          // the test calls Shutdown itself
}

// newServer makes a server that logs to nowhere; begin starts it.
func newServer(t *testing.T, h echo.Handler) *running {
	log := new(logged)
	return &running{
		t: t, ln: newListener(t), log: log, served: make(chan struct{}),
		srv: &echo.Server{Handler: h, ErrorLog: slog.New(slog.NewTextHandler(log, nil))},
	}
}

// begin calls Serve, and sees to it that everything ends with the test.
func (r *running) begin() {
	go func() {
		defer close(r.served)
		r.err = r.srv.Serve(r.ln)
	}()
	r.t.Cleanup(func() {
		r.ln.Close()
		r.hasReturned(10 * time.Second)
		if !r.stops {
			// A server may keep something until it is shut down.
			testkit.Ending(r.t, "what this test is about has happened, and Shutdown (task 1.5) is called, so that nothing of the server is left")
			select {
			case <-r.shutdown(patience):
			case <-time.After(2 * patience):
			}
		}
	})
}

// serve starts a server with the handler h.
func serve(t *testing.T, h echo.Handler) *running {
	r := newServer(t, h)
	r.begin()
	return r
}

// dial connects a client.
func (r *running) dial() *client {
	server, other := net.Pipe()
	r.t.Cleanup(func() { other.Close() })
	r.ln.backlog <- testkit.Guard(r.t, server)
	return &client{Conn: other, note: r.note}
}

// note says that Serve has returned, if so.
func (r *running) note() string {
	if r.hasReturned(moment) {
		return fmt.Sprintf("; Serve has returned: %v", r.err)
	}
	return ""
}

// hasReturned waits for Serve to return, d at most.
func (r *running) hasReturned(d time.Duration) bool {
	select {
	case <-r.served:
		return true
	default:
	}
	select {
	case <-r.served:
		return true
	case <-time.After(d):
		return false
	}
}

// shutdown calls Shutdown with a deadline. What it returns is the channel's
// value, with the time that it took.
func (r *running) shutdown(deadline time.Duration) <-chan outcome {
	r.stops = true
	done := make(chan outcome, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		begin := time.Now()
		err := r.srv.Shutdown(ctx)
		done <- outcome{err, time.Since(begin)}
	}()
	return done
}

type outcome struct {
	err  error
	took time.Duration
}

// String says what Shutdown returned, and after how long.
func (o outcome) String() string {
	when, what := "at once", "nil"
	if o.took > 0 {
		when = fmt.Sprintf("after %v", o.took)
	}
	if o.err != nil {
		what = fmt.Sprintf("the error %q", o.err)
	}
	return fmt.Sprintf("Shutdown returned %s: %s", when, what)
}

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
