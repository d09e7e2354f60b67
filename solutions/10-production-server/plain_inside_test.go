package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// A talker is a connection whose client sends without an end.
type talker struct {
	Conn
	answer  strings.Builder
	by      time.Time // the deadline
	dropped int       // bytes that were read
	closed  error     // what CloseWrite returns
}

func (c *talker) RemoteAddr() net.Addr          { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 7} }
func (c *talker) SetDeadline(t time.Time) error { c.by = t; return nil }
func (c *talker) Write(p []byte) (int, error)   { return c.answer.Write(p) }
func (c *talker) Read(p []byte) (int, error)    { c.dropped += len(p); return len(p), nil }
func (c *talker) CloseWrite() error             { return c.closed }

// Whoever speaks HTTP where there is TLS is answered within a second, and then as much is
// read of what it sends as may be on its way, if the answer is behind it.
func TestPlain_Inside(t *testing.T) {
	s, err := New(Config{ErrorLog: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	fault := tls.RecordHeaderError{Msg: "no TLS", RecordHeader: [5]byte([]byte("GET /"))}
	for _, r := range []struct {
		name     string
		conn     bool // below the fault
		err      error
		answered bool
		closed   error
		dropped  int
	}{
		{"HTTP", true, nil, true, nil, MaxAhead},
		{"HTTP from a client that has gone", true, nil, true, io.ErrClosedPipe, 0},
		{"HTTP behind a handshake that had begun", false, nil, false, nil, 0},
		{"another error", false, errors.New("handshake failed"), false, nil, 0},
	} {
		c := &talker{closed: r.closed}
		fault.Conn = nil
		if r.conn {
			fault.Conn = c
		}
		begun := time.Now()
		if r.err != nil {
			s.answerPlain(c, r.err)
		} else {
			s.answerPlain(c, fault)
		}
		if answered := strings.HasPrefix(c.answer.String(), "HTTP/1.1 400 "); answered != r.answered || c.dropped != r.dropped || c.by.After(begun) != r.answered {
			t.Errorf("%s: answered %t, %d bytes dropped, until %v; want %t and %d", r.name, answered, c.dropped, c.by.Sub(begun), r.answered, r.dropped)
		}
		if c.by.Sub(begun) > plainTime+time.Minute {
			t.Errorf("%s: it may take %v", r.name, c.by.Sub(begun))
		}
	}
	here, there := net.Pipe() // has no CloseWrite
	fault.Conn = here
	go io.Copy(io.Discard, there)
	s.answerPlain(&otherConn{here, &track{conns: &s.conns, nc: here, peer: here.RemoteAddr()}}, fault)
}
