package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/08-rate-limiting"
)

func newServer(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.ErrorLog == nil {
		cfg.ErrorLog = slog.New(slog.DiscardHandler)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What went to a lot is not served again, and that is nothing to log.
func TestServer_WentToTheLot(t *testing.T) {
	newServer(t, Config{}).serveConn(t.Context(), new(net.TCPConn))
}

// A stopping is a context that notes who wants to be told when it is done.
type stopping struct {
	context.Context
	waiting, came atomic.Int64
	done          chan struct{}
}

func (s *stopping) Done() <-chan struct{} { return s.done }

func (s *stopping) AfterFunc(f func()) func() bool {
	s.came.Add(1)
	s.waiting.Add(1)
	return func() bool { s.waiting.Add(-1); return true }
}

// While a handshake or a PROXY header is awaited, the stop of the server is of interest, and
// no longer.
func TestServer_StopIsForgotten(t *testing.T) {
	for _, r := range []struct {
		name string
		tls  bool
	}{{"a TLS handshake", true}, {"a PROXY header", false}} {
		s := newServer(t, Config{Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, ProxyProtocol: !r.tls})
		if r.tls {
			s.tls = new(tls.Config)
		}
		here, there := net.Pipe()
		go io.WriteString(there, "no TLS and no PROXY header")
		go io.Copy(io.Discard, there)
		ctx := &stopping{Context: context.Background(), done: make(chan struct{})}
		k := &track{conns: &s.conns, nc: here, peer: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
		s.serveConn(ctx, s.conns.add(k))
		here.Close()
		if n, of := ctx.waiting.Load(), ctx.came.Load(); n != 0 || of == 0 {
			t.Errorf("%s: %d of %d are waiting", r.name, n, of)
		}
	}
}

// What the connection refuses is logged with the content that it has been answered with.
func TestServer_RefusedBytes(t *testing.T) {
	var seen middleware.Exchange
	s := newServer(t, Config{AccessLog: middleware.Observe(func(e *middleware.Exchange) { seen = *e })})
	for _, content := range []string{"", plainContent} {
		s.observe(&keepalive.Request{Body: strings.NewReader("")}, 400, content)
		want := int64(len(content))
		if content == "" {
			var count counter
			keepalive.Error(&count, 400)
			want = count.n
		}
		if seen.Status != 400 || seen.Bytes != want || want == 0 {
			t.Errorf("%q: status %d, %d bytes; want 400 and %d", content, seen.Status, seen.Bytes, want)
		}
	}
}

// A counter is a ResponseWriter that counts content.
type counter struct {
	nowhere
	n int64
}

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// Metrics come as what Prometheus asks for.
func TestServer_MetricsType(t *testing.T) {
	w := new(nowhere)
	r := &keepalive.Request{Body: strings.NewReader("")}
	r.Method, r.Target.Path = "GET", []byte("/metrics")
	newServer(t, Config{}).adminServer().Handler.ServeHTTP(w, r)
	if got := w.header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
}

// Who is closed to make room, who has too many, and where a list goes.
func TestServer_Lists(t *testing.T) {
	c := &Conns{MaxPerClient: 1}
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 7} }
	k := idleOnes(c, 0)[0]
	for _, ip := range []string{"192.0.2.1", "192.0.2.2", "127.0.0.1", "192.0.2.2"} {
		if k.peer = at(ip); !c.count(k) {
			t.Errorf("%s: no room", ip)
		}
	}
	if len(c.clients) != 1 || len(c.clients[k.client]) != 1 || k.client.String() != "192.0.2.2/32" {
		t.Errorf("the lists are %v, and it is on that of %v", c.clients, k.client)
	}
	for _, most := range []int{-1, 0, 1} {
		c := &Conns{MaxPerClient: most}
		if got := c.clientOf(at("192.0.2.1")).IsValid(); got != (most == 1) {
			t.Errorf("MaxPerClient %d: counted %t", most, got)
		}
		for _, k := range idleOnes(c, 0, 0) {
			if k.peer = at("192.0.2.1"); !c.count(k) && most != 1 {
				t.Errorf("MaxPerClient %d: one is refused", most)
			}
		}
		if most != 1 && len(c.clients) > 0 {
			t.Errorf("MaxPerClient %d: the lists are %v", most, c.clients)
		}
	}
}

// A read that fails is not the beginning of a request; the second of two requests that have
// come together has begun when it is handled, with no byte of credit.
func TestServer_Begun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 10 * time.Second
		c := &Conns{MinRate: 1, Grace: grace}
		here, there := net.Pipe()
		nc := c.add(&track{conns: c, nc: here, peer: here.RemoteAddr()})
		read := func(want time.Duration, idle int) {
			t.Helper()
			begun := time.Now()
			ended := make(chan error)
			go func() {
				_, err := nc.Read(make([]byte, 1))
				ended <- err
			}()
			synctest.Wait()
			if got := c.Stats().Idle; got != idle {
				t.Errorf("%d are idle, want %d", got, idle)
			}
			if err := <-ended; time.Since(begun) != want || err == nil {
				t.Errorf("%v after %v, want a deadline after %v", err, time.Since(begun), want)
			}
		}
		for range 2 {
			nc.SetReadDeadline(time.Now().Add(time.Minute))
			read(time.Minute, 1)
		}
		nc.SetBusy(false)
		nc.SetBusy(true)
		nc.SetReadDeadline(time.Now().Add(time.Minute))
		read(grace, 0)
		nc.SetReadDeadline(time.Now().Add(time.Minute))
		nc.SetBusy(false)
		nc.SetBusy(true)
		go there.Write([]byte("x"))
		if n, err := nc.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("Read: %d, %v", n, err)
		}
		nc.SetBusy(false)
		read(time.Minute, 1) // what was asked for
		nc.Close()
	})
}

// A health check that hangs does not hold up the end of the server.
func TestServer_HangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{})
		release := make(chan struct{})
		s.Health.Check("hangs", func() error { <-release; return nil })
		here, there := net.Pipe()
		door := &pipes{conns: make(chan net.Conn)}
		served := make(chan error)
		go func() { served <- s.ServeAdmin(door) }()
		door.conns <- there
		go func() {
			io.WriteString(here, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
			io.Copy(io.Discard, here)
		}()
		synctest.Wait()
		ended := make(chan struct{})
		go func() {
			s.Shutdown(t.Context())
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(time.Hour):
			t.Error("after an hour the server has not ended")
		}
		close(release)
		here.Close()
		<-ended
		<-served
	})
}

var errBelow = errors.New("as it was told to")

// Errors of the connection below TLS are those of the one above.
func TestServer_TLSErrors(t *testing.T) {
	here, _ := net.Pipe()
	c := &tlsConn{tls.Server(here, new(tls.Config)), &below{err: errBelow}, false}
	if err := c.SetLinger(0); err != errBelow {
		t.Errorf("SetLinger: %v", err)
	}
	if err := c.Close(); err != errBelow {
		t.Errorf("Close of what is cut off: %v", err)
	}
	c.SetLinger(1)
	c.Close()
	if err := c.Close(); err == nil {
		t.Error("closed twice, without an error")
	}
	for _, c := range []net.Conn{new(Conns).add(&track{conns: new(Conns), nc: &below{err: errBelow}})} {
		if err := c.Close(); err != errBelow {
			t.Errorf("Close: %v", err)
		}
	}
	if err := new(Conns).Listener(&refusing{}).Close(); err != errBelow {
		t.Errorf("Close of a listener: %v", err)
	}
}

type refusing struct{ net.Listener }

func (refusing) Close() error { return errBelow }

// Whoever is not trusted to speak the PROXY protocol is refused, and the log says so.
func TestServer_RefusedPeer(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, Config{ErrorLog: slog.New(slog.NewTextHandler(&log, nil)), ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	here, _ := net.Pipe()
	k := &track{conns: &s.conns, nc: here, peer: &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 7}}
	s.serveConn(t.Context(), s.conns.add(k))
	if want := `level=WARN msg="server: connection refused" peer=198.51.100.7:7 error="not one of Config.Proxies"`; strings.Count(log.String(), want) != 1 {
		t.Errorf("the log has %q, want %q", log.String(), want)
	}
}

// What people and balancers read of the server's health.
func TestServer_HealthText(t *testing.T) {
	for _, r := range []struct {
		path  string
		ready bool
		want  string
	}{
		{"/livez", false, "200 text/plain; charset=utf-8 ok\n"}, {"/readyz", true, "200 text/plain; charset=utf-8 ok\n"},
		{"/readyz", false, "503 text/plain; charset=utf-8 not ready\n"},
	} {
		var h Health
		h.SetReady(r.ready)
		q := &keepalive.Request{Body: strings.NewReader("")}
		q.Method, q.Target.Path = "GET", []byte(r.path)
		w := new(written)
		h.ServeHTTP(w, q)
		if got := fmt.Sprint(w.status, " ", w.header.Get("Content-Type"), " ", w.text.String()); got != r.want {
			t.Errorf("%s, ready %t: %q, want %q", r.path, r.ready, got, r.want)
		}
	}
}

// A written is a ResponseWriter that keeps the answer.
type written struct {
	nowhere
	status int
	text   strings.Builder
}

func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(p []byte) (int, error) { return w.text.Write(p) }
