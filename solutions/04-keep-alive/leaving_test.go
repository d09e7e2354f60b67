package keepalive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
)

// A proxy sends all that it can before it looks for a response. An early refusal must
// still be there when it does.
func TestEarlyRefusal(t *testing.T) {
	addr := serveTCP(t, keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Error(w, 405)
	}))
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
	some := make([]byte, 64<<10)
	for sent := 0; sent < 3_900_000; {
		nc.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := nc.Write(some)
		if sent += n; errors.Is(err, os.ErrDeadlineExceeded) {
			break // now it looks
		}
		if err != nil {
			t.Fatalf("after %d bytes: %v, want the server to stop reading before it closes", sent, err)
		}
	}
	nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer, err := io.ReadAll(nc)
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 405 ")) {
		t.Errorf("%q, error %v; want the 405", answer, err)
	}
}

// gone is a connection whose client has gone: nothing can be written to it.
type gone struct{ oneInput }

func (g *gone) Write([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// A client that leaves in the middle of a download is not the handler's fault.
func TestClientGone(t *testing.T) {
	var log bytes.Buffer
	srv := &keepalive.Server{ErrorLog: slog.New(slog.NewTextHandler(&log, nil)), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Length", "1000000")
		for {
			if _, err := w.Write(make([]byte, 10_000)); err != nil {
				return
			}
		}
	})}
	srv.ServeConn(context.Background(), &gone{oneInput{r: bytes.NewReader([]byte(minimal))}})
	if strings.Contains(log.String(), "less content") {
		t.Errorf("the log blames the handler: %s", log.String())
	}
}

// parks is a connection that need not wait, and notes how it is written to and closed.
type parks struct {
	oneInput
	kept  any
	calls string
}

func (p *parks) ReadFirst(b []byte, _ time.Duration) (int, time.Time, error) {
	n, err := p.Read(b)
	return n, time.Time{}, err
}
func (p *parks) SetWriteTimeout(time.Duration)   {}
func (p *parks) Keep(server any)                 { p.kept = server }
func (p *parks) Kept() any                       { return p.kept }
func (p *parks) Write(b []byte) (int, error)     { return p.note("write ", b) }
func (p *parks) WriteMore(b []byte) (int, error) { return p.note("more ", b) }
func (p *parks) CloseWrite() error               { p.calls += "half "; return nil }
func (p *parks) Close() error                    { p.calls += "close"; return nil }

func (p *parks) note(call string, b []byte) (int, error) {
	if len(b) > 0 {
		p.calls += call
	}
	return len(b), nil
}

// The last response of a connection that can be parked is held back until its end is there
// too: one packet, and for the client one thing to wake up for.
func TestLastPacket(t *testing.T) {
	srv := &keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "hello")
	})}
	for _, r := range []struct{ name, in, want string }{
		{"asked to close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "more half close"},
		{"and still sending", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\r\n", "more half close"},
		{"the client's end", minimal, "write close"},
		{"nothing at all", "", "close"},
	} {
		p := &parks{oneInput: oneInput{r: bytes.NewReader([]byte(r.in))}}
		srv.ServeConn(context.Background(), p)
		if p.calls != r.want {
			t.Errorf("%s: %s, want %s", r.name, p.calls, r.want)
		}
	}
}
