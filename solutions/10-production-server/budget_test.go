// What the reference promises beyond the tasks: what a request costs when everything
// is switched on.

package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/08-rate-limiting"
	"barewire/solutions/10-production-server"
)

// A replay is a connection without a kernel: Read returns the same request so many
// times, Write counts.
type replay struct {
	net.Conn
	input  string
	left   int
	writes int
	once   sync.Once
	closed chan struct{}
}

func (r *replay) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	r.left--
	return copy(p, r.input), nil
}

func (r *replay) Write(p []byte) (int, error)      { r.writes++; return len(p), nil }
func (r *replay) Close() error                     { r.once.Do(func() { close(r.closed) }); return nil }
func (r *replay) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 7} }
func (r *replay) SetDeadline(time.Time) error      { return nil }
func (r *replay) SetReadDeadline(time.Time) error  { return nil }
func (r *replay) SetWriteDeadline(time.Time) error { return nil }

// A single is a listener for connections that are handed to it.
type single chan net.Conn

func (s single) Accept() (net.Conn, error) {
	if nc, ok := <-s; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}
func (s single) Close() error   { return nil }
func (s single) Addr() net.Addr { return &net.TCPAddr{} }

var configs = []struct {
	name   string
	allocs float64
	cfg    server.Config
}{
	{"plain", 0, server.Config{}},
	{"asking a proxy", 0, server.Config{Proxies: ratelimit.Proxies{
		Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Field: ratelimit.XForwardedFor,
	}}},
	{"limited", 0, server.Config{RateQuota: 1 << 30, RateWindow: time.Hour}},
	{"everything", 2, server.Config{
		RateQuota: 1 << 30, RateWindow: time.Hour, Compress: true, SecurityHeaders: true, RequestID: true,
		CORS:      middleware.CORS{AllowedOrigins: []string{"https://a.example"}},
		AccessLog: server.TextLog(io.Discard),
	}},
}

var hello = []byte("Hello, World!")

const minimal = "GET /users/7 HTTP/1.1\r\nHost: a\r\n\r\n"

// serve makes a server of cfg and returns a function that serves a connection with n
// requests on it.
func serve(tb testing.TB, cfg server.Config) func(n int) *replay {
	cfg.ErrorLog = slog.New(slog.DiscardHandler)
	srv, err := server.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	srv.HandleFunc("GET /users/{id}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(hello)
	})
	ln := make(single)
	go srv.Serve(ln)
	tb.Cleanup(func() { close(ln); srv.Shutdown(context.Background()) })
	return func(n int) *replay {
		nc := &replay{input: minimal, left: n, closed: make(chan struct{})}
		ln <- nc
		<-nc.closed
		return nc
	}
}

func TestBudget(t *testing.T) {
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			run := serve(t, c.cfg)
			run(10)
			few := testing.AllocsPerRun(5, func() { run(10) })
			many := testing.AllocsPerRun(5, func() { run(1010) })
			if per := (many - few) / 1000; per > c.allocs+0.1 && !raceEnabled {
				t.Errorf("%.2f allocations for a request, want at most %.0f", per, c.allocs)
			}
		})
	}
}

func BenchmarkServe(b *testing.B) {
	for _, c := range configs {
		b.Run("config="+c.name, func(b *testing.B) {
			run := serve(b, c.cfg)
			b.ReportAllocs()
			if nc := run(b.N); nc.writes == 0 || !strings.HasPrefix(nc.input, "GET") {
				b.Error("nothing was answered")
			}
		})
	}
}
