// Package serve runs the connection of step 4 in memory: it hands it the bytes of a
// client piece by piece, and writes down what the server does, in order.
//
// Nothing in it waits. Where the server waits for a client that sends nothing more, that
// is written down with how long it would have waited, and then its time is up.
package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	reqline "barewire/solutions/02-request-line"
	keepalive "barewire/solutions/04-keep-alive"
)

// A Kind is what has happened.
type Kind string

// What may happen.
const (
	Sent   Kind = "sent"   // the client has sent Bytes
	Ended  Kind = "ended"  // the client has closed its sending side
	Got    Kind = "got"    // the server has answered with Bytes
	Waits  Kind = "waits"  // the server waits for the client, for Wait at most
	Half   Kind = "half"   // the server has closed its sending side
	Closed Kind = "closed" // the server has closed the connection
	Broken Kind = "broken" // the server's code has panicked: Bytes say why
)

// An Event is one thing that happened.
type Event struct {
	Kind  Kind
	Bytes []byte
	Wait  time.Duration
}

// A Trace is all that happened on a connection.
type Trace struct {
	Events   []Event
	Requests int  // how many the server has answered, or begun to
	Open     bool // the server waited for more when the bytes had come to their end
	Read     int  // how many bytes the server has read
	methods  []string
}

// Run serves the pieces, with a pause between two of them, and then the end of what the
// client sends if half is true.
func Run(pieces [][]byte, half bool) (t *Trace) {
	t = &Trace{}
	c := &conn{trace: t, pieces: slices.Clone(pieces), half: half}
	srv := &keepalive.Server{
		ErrorLog: slog.New(slog.DiscardHandler),
		Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if !c.late {
				t.Requests++
				t.methods = append(t.methods, r.Method)
			}
			show(w, r)
		}),
		Refused: func(*keepalive.Request, int) {
			if !c.late {
				t.Requests++
			}
		},
	}
	defer func() {
		if e := recover(); e != nil {
			t.Events = append(t.Events, Event{Kind: Broken, Bytes: fmt.Appendf(nil, "%v\n%s", e, debug.Stack())})
		}
	}()
	srv.ServeConn(context.Background(), c)
	return t
}

// show answers with what the handler saw, as the target of the conformance collection
// does, and refuses what step 10 does not hand to a handler either. What breaks in the
// content is the server's to answer.
func show(w keepalive.ResponseWriter, r *keepalive.Request) {
	switch {
	case r.Method == "CONNECT":
		w.Header().Set("Connection", "close") // what follows is meant for a tunnel
		keepalive.Error(w, 501)
		return
	case r.Method == "TRACE":
		keepalive.Error(w, 501)
		return
	case r.Target.Form == reqline.AbsoluteForm && len(r.Target.Raw) > 4 && r.Target.Raw[4]|0x20 == 's':
		keepalive.Error(w, 421) // an https URI, and no TLS
		return
	}
	content, err := r.Content()
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "method %s\ntarget %s\n", r.Method, r.Target.Raw)
	for name, value := range r.Header.All() {
		fmt.Fprintf(w, "field %s: %s\n", name, value)
	}
	fmt.Fprintf(w, "content %.2000q\n", content)
}

// A conn is the server's end of a connection whose client is a list of pieces.
type conn struct {
	trace  *Trace
	pieces [][]byte
	half   bool
	told   bool // the client's end has been written down
	late   bool // the bytes have come to their end, and so has the server's patience
	begun  bool // the first of the pieces has been read in part
	shut   bool
	until  time.Time
}

func (c *conn) add(e Event) { c.trace.Events = append(c.trace.Events, e) }

// Read returns the next piece, or as much of it as fits.
func (c *conn) Read(p []byte) (int, error) {
	switch {
	case c.shut:
		return 0, io.EOF // it drops what comes, which nobody sees
	case len(p) == 0:
		return 0, nil
	}
	for len(c.pieces) > 0 && len(c.pieces[0]) == 0 {
		c.pieces, c.begun = c.pieces[1:], false
	}
	if len(c.pieces) > 0 {
		if !c.begun {
			c.add(Event{Kind: Sent, Bytes: c.pieces[0]})
		}
		n := copy(p, c.pieces[0])
		c.pieces[0], c.begun = c.pieces[0][n:], true
		c.trace.Read += n
		return n, nil
	}
	if c.half {
		if !c.told {
			c.told = true
			c.add(Event{Kind: Ended})
		}
		return 0, io.EOF
	}
	if !c.late {
		c.late, c.trace.Open = true, true
		wait := time.Duration(0)
		if !c.until.IsZero() {
			wait = time.Until(c.until).Round(time.Second)
		}
		c.add(Event{Kind: Waits, Wait: wait})
	}
	return 0, os.ErrDeadlineExceeded
}

// Write writes down an answer. What the server writes in one go is one answer.
func (c *conn) Write(p []byte) (int, error) {
	if n := len(c.trace.Events); n > 0 && c.trace.Events[n-1].Kind == Got {
		last := &c.trace.Events[n-1]
		last.Bytes = append(last.Bytes, p...)
	} else {
		c.add(Event{Kind: Got, Bytes: append([]byte(nil), p...)})
	}
	return len(p), nil
}

// CloseWrite closes the server's sending side.
func (c *conn) CloseWrite() error {
	c.shut = true
	c.add(Event{Kind: Half})
	return nil
}

// Close closes the connection.
func (c *conn) Close() error {
	c.add(Event{Kind: Closed})
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }
func (c *conn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000} }

func (c *conn) SetDeadline(t time.Time) error      { c.until = t; return nil }
func (c *conn) SetReadDeadline(t time.Time) error  { c.until = t; return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { return nil }

// Limit returns how many requests of the connection are read, or a negative number where
// the server did not end it, or did not say anything about any.
func (t *Trace) Limit() int {
	if t.Open || t.Requests == 0 {
		return -1
	}
	return t.Requests
}

// Statuses returns the statuses of all answers that came before the server's patience was
// tried, interim ones too.
func (t *Trace) Statuses() (all []int) {
	var raw []byte
	for _, e := range t.Events {
		if e.Kind == Waits {
			break
		}
		if e.Kind == Got {
			raw = append(raw, e.Bytes...)
		}
	}
	for final := 0; len(raw) > 0; {
		head, content, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
		status := 0
		if _, err := fmt.Sscanf(string(head), "HTTP/1.1 %d ", &status); !ok || err != nil {
			return all // not an answer that anybody could read
		}
		all = append(all, status)
		method := "GET"
		if final < len(t.methods) {
			method = t.methods[final]
		}
		if status >= 200 {
			final++
		}
		raw = content[contentSize(head, content, method, status):]
	}
	return all
}

// contentSize returns how many bytes the content of an answer takes.
func contentSize(head, content []byte, method string, status int) (size int) {
	if method == "HEAD" || status < 200 || status == 204 || status == 304 {
		return 0
	}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch strings.ToLower(string(name)) {
		case "content-length":
			size, _ = strconv.Atoi(string(value))
			return max(0, min(size, len(content)))
		case "transfer-encoding":
			if end := bytes.Index(content, []byte("\r\n0\r\n\r\n")); end >= 0 {
				return end + len("\r\n0\r\n\r\n")
			}
		}
	}
	return len(content)
}
