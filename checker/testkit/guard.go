package testkit

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// guardLimit is how often in a row a call may fail before it counts as a loop
// that does not look at the error.
const guardLimit = 100

// Guard wraps a connection that is handed to the code under test. A goroutine
// that goes on calling Read or Write although every call fails would run for
// ever, in a bubble too; Guard reports it to t and ends the goroutine.
func Guard(t testing.TB, conn net.Conn) net.Conn {
	g := &guarded{Conn: conn, tripwire: NewTripwire(t)}
	if half, ok := conn.(closeWriter); ok {
		return &guardedHalf{g, half}
	}
	return g
}

// A closeWriter can close its sending side alone, as *net.TCPConn can.
type closeWriter interface{ CloseWrite() error }

type guardedHalf struct {
	*guarded
	closeWriter
}

type guarded struct {
	net.Conn
	tripwire *Tripwire
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	g.tripwire.Count("Read", n > 0, err)
	return n, err
}

func (g *guarded) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	g.tripwire.Count("Write", n > 0, err)
	return n, err
}

// A loop that sets a new deadline each time has looked at the error.

func (g *guarded) SetDeadline(t time.Time) error {
	g.tripwire.Reset()
	return g.Conn.SetDeadline(t)
}

func (g *guarded) SetReadDeadline(t time.Time) error {
	g.tripwire.Reset()
	return g.Conn.SetReadDeadline(t)
}

func (g *guarded) SetWriteDeadline(t time.Time) error {
	g.tripwire.Reset()
	return g.Conn.SetWriteDeadline(t)
}

// A Tripwire ends goroutines that call something again and again although it
// always fails. Fakes count their calls with it.
type Tripwire struct {
	mu    sync.Mutex
	t     testing.TB // nil when the test has ended
	fails int
}

// NewTripwire returns a Tripwire that reports to t, while t runs.
func NewTripwire(t testing.TB) *Tripwire {
	w := &Tripwire{t: t}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.t = nil
	})
	return w
}

// Count notes that a call of what returned err. When a hundred calls in a row
// have failed it reports that and ends the goroutine that called it. A call
// that made progress begins the count anew.
func (w *Tripwire) Count(what string, progress bool, err error) {
	if err == nil || progress {
		w.Reset()
		return
	}
	w.mu.Lock()
	w.fails++
	trip := w.fails >= guardLimit
	if trip && w.t != nil {
		Report{
			Doing: fmt.Sprintf("%s returns the error %q", what, err),
			Want:  "an end",
			Got:   fmt.Sprintf("%s called %d times more, with the same end each time", what, guardLimit-1),
			At:    callerAt(),
			Why:   "every error ends the stream, not io.EOF alone; a loop that goes on runs for ever and burns a whole core",
		}.Error(w.t)
		w.t = nil // once is enough
	}
	w.mu.Unlock()
	if trip {
		runtime.Goexit()
	}
}

// Reset begins the count anew.
func (w *Tripwire) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = 0
}

// callerAt says where in a step's code the calling goroutine is.
func callerAt() string {
	buf := make([]byte, 1<<16)
	buf = buf[:runtime.Stack(buf, false)]
	g, _ := describe(string(buf))
	return g.at
}
