package step04

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	keepalive "barewire/solutions/04-keep-alive"

	"barewire/checker/grader/driver/wire"
)

// Spoken is what a client sends with one write, and the content of each response, which
// the handler writes in pieces.
type Spoken struct {
	Sent             []byte
	Pieces           [][]byte
	Requests, Bodies int // and responses that have content
}

// Written is what comes back.
type Written struct {
	Writes    int // of the server, to its connection
	Responses int // with status 200
	Bodies    int
}

// Writes serves one client, and counts.
func Writes(a Spoken) (out Written) {
	srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		for _, piece := range a.Pieces {
			_, _ = w.Write(piece)
		}
	})}
	ours, theirs := net.Pipe()
	counted := &counter{Conn: theirs}
	served := make(chan struct{})
	go func() {
		defer close(served)
		srv.ServeConn(context.Background(), counted)
	}()
	_ = ours.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = ours.Write(a.Sent)
	content := bytes.Join(a.Pieces, nil)
	var heard []byte
	buf := make([]byte, 64<<10)
	for len(heard) < 1<<20 {
		n, err := ours.Read(buf)
		heard = append(heard, buf[:n]...)
		out.Responses, out.Bodies = bytes.Count(heard, []byte("HTTP/1.1 200 ")), bytes.Count(heard, content)
		heads := bytes.Count(heard, []byte("\r\n\r\n"))
		if err != nil || heads >= a.Requests && out.Responses >= a.Requests && out.Bodies >= a.Bodies {
			break
		}
	}
	_ = ours.Close() // whatever else is written is counted, and goes nowhere
	<-served
	out.Writes = int(counted.writes.Load())
	return out
}

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// A counter counts the writes to a connection.
type counter struct {
	net.Conn
	writes atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Reset has a handler panic in the middle of content that ends with its connection, which
// is one over TCP. It says what the client has seen instead of a reset; nothing where this
// may not listen.
func Reset(struct{}) string {
	ln, client, err := wire.Loopback()
	if err != nil {
		return ""
	}
	defer ln.Close()
	defer client.Close()
	nc, err := ln.Accept()
	if err != nil {
		return ""
	}
	var called atomic.Bool
	srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		called.Store(true)
		_, _ = io.WriteString(w, "half of the content")
		_ = w.Flush()
		panic("as the exam wants it")
	})}
	go func() {
		defer nc.Close()
		defer func() { _ = recover() }()
		srv.ServeConn(context.Background(), nc)
	}()
	_, _ = io.WriteString(client, "GET / HTTP/1.0\r\n\r\n")
	_ = client.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, err = io.ReadAll(client)
	switch {
	case !called.Load():
		return "no call of the handler"
	case err == nil:
		return "an orderly end"
	case os.IsTimeout(err):
		return "no end"
	}
	return ""
}
