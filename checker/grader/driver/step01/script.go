package step01

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	echo "barewire/solutions/01-tcp-echo"
)

// A Read is what a Read of a scripted connection returns.
type Read struct {
	Data []byte
	Err  string // "", "EOF", "reset"
}

// A Script is a connection that there is not: what its Reads return, in order.
type Script struct {
	Reads  []Read
	Broken int // the Write that fails, counted from 1; 0 for none
}

// Played is what Echo has done with it.
type Played struct {
	Written   []byte
	Spins     bool // it went on after an error, again and again
	Again     bool // it wrote after a Write had failed
	Hangs     bool // it has not returned
	Deadlines bool // it has set deadlines, although its context is not done
}

// Play runs Echo on a script.
func Play(a Script) Played {
	c := &scripted{script: a}
	done := make(chan struct{})
	go func() {
		defer close(done)
		echo.Echo(context.Background(), c)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		c.mu.Lock()
		defer c.mu.Unlock()
		return Played{Hangs: true}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.Broken > 0 {
		c.played.Written = nil // how much went before depends on the sizes of the Writes
	}
	return c.played
}

// scripted is the connection. It ends whoever goes on and on.
type scripted struct {
	net.Conn // nil: nothing else is called
	mu       sync.Mutex
	script   Script
	played   Played
	next     []byte // the rest of what a Read could not take
	nextErr  string
	writes   int
	after    int // calls after an error
}

var errReset = errors.New("connection reset by peer")

func (c *scripted) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.next) == 0 {
		if len(c.script.Reads) == 0 {
			c.spin()
			return 0, io.EOF
		}
		r := c.script.Reads[0]
		if r.Err == "" {
			c.script.Reads = c.script.Reads[1:]
		} else if c.after > 0 {
			r.Data = nil
		}
		c.next, c.nextErr = r.Data, r.Err
	}
	n := copy(p, c.next)
	// The rest of the buffer is nobody's: what is written of it shows.
	for i := n; i < len(p); i++ {
		p[i] = '#'
	}
	if c.next = c.next[n:]; len(c.next) > 0 {
		return n, nil
	}
	switch c.nextErr {
	case "EOF":
		c.spin()
		return n, io.EOF
	case "reset":
		c.spin()
		return n, errReset
	}
	return n, nil
}

// spin ends a goroutine that does not heed errors.
func (c *scripted) spin() {
	if c.after++; c.after > 50 {
		c.played.Spins = true
		runtime.Goexit()
	}
}

func (c *scripted) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes++; c.writes == c.script.Broken || c.script.Broken > 0 && c.writes > c.script.Broken {
		c.played.Again = c.writes > c.script.Broken
		c.spin()
		return 0, errReset
	}
	if len(c.played.Written)+len(p) > 4<<20 {
		runtime.Goexit()
	}
	c.played.Written = append(c.played.Written, p...)
	return len(p), nil
}

func (c *scripted) Close() error                       { return nil }
func (c *scripted) LocalAddr() net.Addr                { return &net.TCPAddr{} }
func (c *scripted) RemoteAddr() net.Addr               { return &net.TCPAddr{} }
func (c *scripted) SetDeadline(t time.Time) error      { return c.deadline(t) }
func (c *scripted) SetReadDeadline(t time.Time) error  { return c.deadline(t) }
func (c *scripted) SetWriteDeadline(t time.Time) error { return c.deadline(t) }

func (c *scripted) deadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.played.Deadlines = c.played.Deadlines || !t.IsZero()
	return nil
}
