// Package replay measures a server without a kernel in the path: it hands the server
// one connection that replays the same bytes again and again, and counts the time and
// the allocations until the server has answered them all.
//
// It leaves out everything about the answers but their number of bytes and how they
// begin. The module checker/peers uses it, too.
package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Result is what a server has needed for each request.
type Result struct {
	Nanoseconds float64 // on the wall
	Processor   float64 // nanoseconds of processor time, of the whole process; 0 where it is not known
	Allocations float64
	Bytes       float64 // allocated
}

// warmUp is how many requests come before the measurement, twice. The time of the second
// half says how many reads fit the time that is to be measured.
const warmUp = 2000

// leastAnswer is fewer bytes than any answer has.
const leastAnswer = len("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")

// Main reads from in what one read of the server returns, which is perRead requests,
// lets serve answer it for about the time d, and writes the Result as JSON to out.
func Main(in io.Reader, out io.Writer, perRead int, d time.Duration, serve func(net.Listener) error) error {
	sent, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	r, err := Run(sent, perRead, d, serve)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// Run lets serve answer sent, which is perRead requests, for about the time d. Serve
// must return when its listener is closed.
func Run(sent []byte, perRead int, d time.Duration, serve func(net.Listener) error) (Result, error) {
	ln := &listener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	failed := make(chan error, 1)
	go func() { failed <- serve(ln) }()
	defer ln.Close()
	play := func(reads int) (*conn, error) {
		c := &conn{sent: sent, left: reads, ended: make(chan struct{})}
		ln.conns <- c
		select {
		case <-c.ended:
		case err := <-failed:
			return c, fmt.Errorf("replay: the server has ended: %w", err)
		case <-time.After(time.Minute):
			return c, errors.New("replay: the server did not close a connection that has ended")
		}
		switch {
		case c.left > 0:
			return c, fmt.Errorf("replay: the server has closed the connection with %d of %d reads to go; its last answer begins %q", c.left, reads, c.last)
		case !bytes.HasPrefix(c.last, []byte("HTTP/1.1 200 ")):
			return c, fmt.Errorf("replay: the server's last answer begins %q", c.last)
		case c.answered < reads*perRead*leastAnswer:
			return c, fmt.Errorf("replay: %d bytes cannot be the answers to %d requests", c.answered, reads*perRead)
		}
		return c, nil
	}
	warm := max(warmUp/perRead, 1)
	if _, err := play(warm); err != nil {
		return Result{}, err
	}
	c, err := play(warm)
	if err != nil {
		return Result{}, err
	}
	reads := max(int(float64(warm)*float64(d)/float64(c.elapsed())), warm)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := processor()
	c, err = play(reads)
	used = processor() - used
	runtime.ReadMemStats(&after)
	n := float64(reads * perRead)
	return Result{
		Nanoseconds: float64(c.elapsed()) / n,
		Processor:   used / n,
		Allocations: float64(after.Mallocs-before.Mallocs) / n,
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, err
}

// processor returns the nanoseconds that the threads of this process have run, on Linux.
// A thread that has ended would be missing; those of Go stay.
func processor() float64 {
	names, _ := filepath.Glob("/proc/self/task/*/schedstat") // the pattern is a good one
	var all float64
	for _, name := range names {
		text, _ := os.ReadFile(name) // that of a thread that has just ended counts as 0
		ran, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.ParseFloat(ran, 64)
		all += n
	}
	return all
}

// A listener hands out the connections that it is given.
type listener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return local }

var (
	local = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	peer  = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
)

// A conn is a client that sends the same bytes a number of times and is never slow.
// A server that works on a connection with several goroutines at once may call its
// methods at once too.
type conn struct {
	sent  []byte
	ended chan struct{}

	mu       sync.Mutex
	at       int // of sent, where the next read begins
	left     int // reads of sent that have not begun
	answered int // bytes
	last     []byte
	store    [64]byte
	begun    time.Time
	end      time.Time
	over     bool
}

// elapsed returns the time from the first read to the end.
func (c *conn) elapsed() time.Duration { return c.end.Sub(c.begun) }

// Read returns what is left of sent, or begins it anew.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return 0, net.ErrClosed
	}
	if c.at == 0 {
		if c.left == 0 {
			if c.end.IsZero() {
				c.end = time.Now()
			}
			return 0, io.EOF
		}
		if c.begun.IsZero() {
			c.begun = time.Now()
		}
		c.left--
	}
	n := copy(p, c.sent[c.at:])
	if c.at += n; c.at == len(c.sent) {
		c.at = 0
	}
	return n, nil
}

// Write counts the bytes, and keeps the first of them.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return 0, net.ErrClosed
	}
	c.answered += len(p)
	if bytes.HasPrefix(p, []byte("HTTP/")) {
		c.last = append(c.store[:0], p[:min(len(p), len(c.store))]...)
	}
	return len(p), nil
}

// Close ends the connection.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = true
		if c.end.IsZero() {
			c.end = time.Now()
		}
		close(c.ended)
	}
	return nil
}

// CloseWrite is what a server calls before it drains a connection.
func (c *conn) CloseWrite() error                { return nil }
func (c *conn) LocalAddr() net.Addr              { return local }
func (c *conn) RemoteAddr() net.Addr             { return peer }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
