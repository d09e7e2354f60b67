// What one client can cost: the files abuse_*_test.go have a test for each attack, with
// its bound in its first line. docs/abuse.md is the table of them.
//
// This file has what they are made of: a server on a fake clock, a client without a
// kernel that counts what is taken from it, and a server on a real socket.

package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/08-rate-limiting"
	"barewire/solutions/10-production-server"
)

// A door is a listener for connections that are handed to it, and can be closed.
type door struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newDoor() *door { return &door{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (d *door) Accept() (net.Conn, error) {
	select {
	case nc := <-d.conns:
		return nc, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}
func (d *door) Close() error   { d.once.Do(func() { close(d.closed) }); return nil }
func (d *door) Addr() net.Addr { return &net.TCPAddr{} }

// call connects a client to whoever stands at the door.
func (d *door) call() net.Conn {
	ours, theirs := net.Pipe()
	d.conns <- theirs
	return ours
}

// target is a server for attacks: /short, /long and /sized (1 MiB, in chunks
// and with its length), /read (its content, counted),
// /ignore (does not look at its content), /stuck (until release is closed).
func target(t testing.TB, cfg server.Config) (srv *server.Server, release chan struct{}) {
	t.Helper()
	if cfg.ErrorLog == nil {
		cfg.ErrorLog = slog.New(slog.DiscardHandler)
	}
	srv, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	release = make(chan struct{})
	long := make([]byte, 1<<20)
	srv.HandleFunc("GET /short", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "short") })
	srv.HandleFunc("GET /long", func(w keepalive.ResponseWriter, r *keepalive.Request) { w.Write(long) })
	srv.HandleFunc("GET /sized", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(long)))
		w.Write(long)
	})
	srv.HandleFunc("POST /read", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err == nil {
			keepalive.Text(w, 200, fmt.Sprint(n))
		}
	})
	srv.HandleFunc("POST /ignore", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "ignored") })
	srv.HandleFunc("GET /stuck", func(w keepalive.ResponseWriter, r *keepalive.Request) { <-release })
	return srv, release
}

// onFakeClock runs story with a target in a bubble, where times are exact and cost
// nothing. All that the story has begun must have ended when the server has been shut
// down.
func onFakeClock(t *testing.T, cfg server.Config, story func(t *testing.T, srv *server.Server, d *door)) {
	t.Helper()
	testkit.Bubble(t, func(t *testing.T) {
		srv, release := target(t, cfg)
		d := newDoor()
		served := make(chan error, 1)
		go func() { served <- srv.Serve(d) }()
		story(t, srv, d)
		close(release)
		srv.Shutdown(context.Background())
		if err := <-served; !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
		if open := srv.Metrics.Conns.Stats().Open; open != 0 {
			t.Errorf("%d connections are left", open)
		}
	})
}

// onSocket serves a target, with more routes if they are needed, on a real socket
// until the test ends.
func onSocket(t *testing.T, cfg server.Config, routes ...func(srv *server.Server)) (srv *server.Server, addr string) {
	t.Helper()
	srv, release := target(t, cfg)
	for _, add := range routes {
		add(srv)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ln)
	t.Cleanup(func() {
		close(release)
		limited, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		srv.Shutdown(limited)
	})
	return srv, ln.Addr().String()
}

// ask sends a request on nc and returns the status of the answer, or 0.
func ask(nc net.Conn, request string) int {
	go io.WriteString(nc, request)
	return status(nc)
}

// status reads one response.
func status(nc net.Conn) int {
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		return 0
	}
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func getOf(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }

// A tap is a client without a kernel, who sends head and then more, again and again
// and for ever or, if times is above 0, so often. It counts what the server takes.
type tap struct {
	net.Conn
	head, more string
	times      int
	each       int // bytes in a Read, if it is above 0

	at      int
	taken   int64
	answer  strings.Builder // the first 64 KiB of it
	written int64
	longest int           // of its writes
	cost    time.Duration // of the processors, from the connection to its end
	once    sync.Once
	gone    atomic.Bool
	closed  chan struct{}
}

func (c *tap) Read(p []byte) (n int, err error) {
	if c.gone.Load() {
		return 0, net.ErrClosed
	}
	if c.each > 0 {
		p = p[:min(len(p), c.each)]
	}
	if c.at < len(c.head) {
		n = copy(p, c.head[c.at:])
		c.at += n
	}
	all := c.times * len(c.more)
	for n < len(p) && len(c.more) > 0 && (all == 0 || c.at-len(c.head) < all) {
		m := copy(p[n:], c.more[(c.at-len(c.head))%len(c.more):])
		if all > 0 {
			m = min(m, all-(c.at-len(c.head)))
		}
		n += m
		c.at += m
	}
	c.taken += int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (c *tap) Write(p []byte) (int, error) {
	c.longest = max(c.longest, len(p))
	if c.written += int64(len(p)); c.answer.Len() < 64<<10 {
		c.answer.Write(p)
	}
	return len(p), nil
}
func (c *tap) Close() error {
	c.once.Do(func() { c.gone.Store(true); close(c.closed) })
	return nil
}
func (c *tap) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 7} }
func (c *tap) SetDeadline(time.Time) error      { return nil }
func (c *tap) SetReadDeadline(time.Time) error  { return nil }
func (c *tap) SetWriteDeadline(time.Time) error { return nil }

func (c *tap) status() string {
	if text := c.answer.String(); len(text) > 12 {
		return text[9:12]
	}
	return ""
}

// tapped serves a target to taps, one after another. What run returns is what was
// allocated meanwhile, in bytes.
func tapped(t *testing.T, cfg server.Config) (srv *server.Server, run func(c *tap) (allocated int64)) {
	t.Helper()
	srv, release := target(t, cfg)
	d := newDoor()
	go srv.Serve(d)
	t.Cleanup(func() { close(release); srv.Shutdown(context.Background()) })
	return srv, func(c *tap) int64 {
		c.closed = make(chan struct{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := processorTime()
		d.conns <- c
		select {
		case <-c.closed:
		case <-time.After(20 * time.Second):
			c.Close()
			t.Fatalf("after 20 s the server still takes what it is sent: %q and %q", c.head, c.more)
		}
		// What a thread has used is counted when it rests, or a tick later.
		time.Sleep(2 * time.Millisecond)
		c.cost = processorTime() - begun
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
}

// proxied is a Config for a server behind a proxy at 192.0.2.9.
func proxied() server.Config {
	return server.Config{ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
}

// from is a connection that comes from an address.
type fromAddr struct {
	net.Conn
	addr net.Addr
}

func (f fromAddr) RemoteAddr() net.Addr { return f.addr }

// callFrom connects a client from an address.
func (d *door) callFrom(addr string) net.Conn {
	ours, theirs := net.Pipe()
	d.conns <- fromAddr{theirs, &net.TCPAddr{IP: net.ParseIP(addr), Port: 999}}
	return ours
}

// statuses reads responses until the connection ends.
func statuses(nc net.Conn) string {
	var all []string
	for r := bufio.NewReader(nc); ; {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			break
		}
		io.Copy(io.Discard, res.Body)
		all = append(all, fmt.Sprint(res.StatusCode))
	}
	if len(all) == 0 {
		return "no answer"
	}
	return strings.Join(all, ", ")
}
