package exam

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"barewire/checker/grader/driver/wire"
)

// A Client is a client's connection to a server in the driver. What goes wrong ends
// the check, with a text that says what the client has seen.
type Client struct {
	x    *X
	nc   *net.UnixConn
	sent []byte
	read []byte // all that has come
	pos  int    // what of it has been expected
}

// Dial connects a client to a listener of a session.
func (x *X) Dial(listener string) *Client { return x.DialFrom(listener, "", false) }

// DialFrom is Dial for a client with an address of its own, and perhaps on TCP.
func (x *X) DialFrom(listener, from string, tcp bool) *Client {
	nc, _ := x.open(wire.Hello{Kind: "conn", Name: listener, From: from, TCP: tcp})
	c := &Client{x: x, nc: nc.(*net.UnixConn)}
	x.Cleanup(c.Close)
	return c
}

// Close closes the connection.
func (c *Client) Close() { _ = c.nc.Close() }

// CloseWrite closes the client's side: it has no more to send, and still reads.
func (c *Client) CloseWrite() { _ = c.nc.CloseWrite() }

// Send sends bytes, and reads meanwhile where they are many: a server may answer the
// first before it reads the last. A server that has closed does not mind; whether it
// should have is seen by reading.
func (c *Client) Send(data string) {
	c.sent = append(c.sent, data...)
	_ = c.nc.SetWriteDeadline(time.Now().Add(c.x.patience))
	if len(data) <= 32<<10 {
		c.sentAll(io.WriteString(c.nc, data))
		return
	}
	var n int
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err = io.WriteString(c.nc, data)
	}()
	for {
		select {
		case <-done:
			c.sentAll(n, err)
			return
		default:
			if err := c.more(time.Millisecond); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				<-done
				return
			}
		}
	}
}

func (c *Client) sentAll(_ int, err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.fail("the server reads what it is sent", "the server reads no more", true)
	}
}

// SendPieces sends bytes cut at some places, each piece by itself.
func (c *Client) SendPieces(data string, cuts []int) {
	start := 0
	for _, end := range append(cuts, len(data)) {
		if end > start {
			c.Send(data[start:end])
			start = end
		}
	}
}

// maxRead is how much a client reads in all.
const maxRead = 64 << 20

// more reads once. It returns io.EOF at the end, and os.ErrDeadlineExceeded where
// nothing has come within d.
func (c *Client) more(d time.Duration) error {
	_ = c.nc.SetReadDeadline(time.Now().Add(d))
	if cap(c.read)-len(c.read) < 4<<10 {
		c.read = slices.Grow(c.read, max(16<<10, len(c.read)))
	}
	n, err := c.nc.Read(c.read[len(c.read):cap(c.read)])
	c.read = c.read[:len(c.read)+n]
	if len(c.read) > maxRead {
		c.fail("an end", "more and more bytes", false)
	}
	if n > 0 {
		return nil
	}
	return err
}

// peek reads one byte.
func (c *Client) peek() {
	var b [1]byte
	_ = c.nc.SetReadDeadline(time.Now().Add(c.x.patience))
	if _, err := c.nc.Read(b[:]); err != nil {
		c.ended("a byte", err)
	}
	c.read = append(c.read, b[0])
}

// Expect reads exactly these bytes.
func (c *Client) Expect(want string) {
	end := time.Now().Add(c.x.patience)
	for {
		got := c.read[c.pos:]
		if len(got) >= len(want) || string(got) != want[:len(got)] {
			break
		}
		if err := c.more(time.Until(end)); err != nil {
			c.ended(shorten(want), err)
		}
	}
	got := c.read[c.pos:]
	if len(got) > len(want) {
		got = got[:len(want)]
	}
	if string(got) != want {
		c.fail(shorten(want), shorten(string(got)), false)
	}
	c.pos += len(want)
}

// ExpectEnd reads the end of the stream, and nothing before it.
func (c *Client) ExpectEnd() {
	if rest := c.ReadAll(); len(rest) > 0 {
		c.fail("the end of the stream", shorten(string(rest)), false)
	}
}

// ReadAll reads until the end of the stream.
func (c *Client) ReadAll() []byte {
	end := time.Now().Add(c.x.patience)
	for {
		switch err := c.more(time.Until(end)); {
		case err == nil:
		case errors.Is(err, io.EOF):
			rest := c.read[c.pos:]
			c.pos = len(c.read)
			return rest
		default:
			c.ended("the end of the stream", err)
		}
	}
}

// Quiet fails if anything comes within d, the end too.
func (c *Client) Quiet(d time.Duration) {
	err := c.more(d)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
	case err == nil:
		c.fail("nothing yet", shorten(string(c.read[c.pos:])), false)
	default:
		c.fail("nothing yet", "the connection has ended", false)
	}
}

// Ended says whether the stream ends within d, without another byte.
func (c *Client) Ended(d time.Duration) bool {
	err := c.more(d)
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// ended ends the check for an error of reading.
func (c *Client) ended(want string, err error) {
	got := shorten(string(c.read[c.pos:]))
	if got == `""` {
		got = "nothing"
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.fail(want, got+", and no more after "+c.x.patience.String(), true)
	case errors.Is(err, io.EOF):
		got += ", then the end"
	default:
		got += ", then the connection broke"
	}
	if exit, ok := c.x.driver.ended(); ok {
		if exit.Fault != nil {
			panic(exit.Fault)
		}
		panic(gone(exit))
	}
	c.fail(want, got, false)
}

func (c *Client) fail(want, got string, slow bool) {
	brief := "the client has not got what it should"
	if slow {
		brief = "the client waits in vain"
	}
	panic(&Failure{Brief: brief, Input: "the client sent " + shorten(string(c.sent)), Want: want, Got: got, slow: slow})
}

// Doing says in words what follows: it begins the Brief of what fails from then on.
func (x *X) Doing(what string) { x.doing = what + ": " }

// shorten quotes the beginning of what may be long.
func shorten(text string) string {
	if len(text) > 600 {
		return fmt.Sprintf("%+q... (%d bytes)", text[:500], len(text))
	}
	return fmt.Sprintf("%+q", text)
}
