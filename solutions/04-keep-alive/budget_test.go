// What the reference promises beyond the tasks: what a request costs.

package keepalive_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
)

// A replay is a connection without a kernel: Read returns the same bytes again and
// again until it has been asked for them so many times, Write counts.
type replay struct {
	input  string
	left   int // how many more times
	rest   string
	writes int
	wrote  int
}

func (r *replay) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.input
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *replay) Write(p []byte) (int, error) {
	r.writes++
	r.wrote += len(p)
	return len(p), nil
}

func (r *replay) Close() error                     { return nil }
func (r *replay) LocalAddr() net.Addr              { return replayAddr{} }
func (r *replay) RemoteAddr() net.Addr             { return replayAddr{} }
func (r *replay) SetDeadline(time.Time) error      { return nil }
func (r *replay) SetReadDeadline(time.Time) error  { return nil }
func (r *replay) SetWriteDeadline(time.Time) error { return nil }

type replayAddr struct{}

func (replayAddr) Network() string { return "replay" }
func (replayAddr) String() string  { return "replay" }

const (
	minimal = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	browser = "GET /index.html?utm=abc HTTP/1.1\r\nHost: www.example.org\r\nConnection: keep-alive\r\n" +
		"sec-ch-ua: \"Chromium\";v=\"126\", \"Not-A.Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n" +
		"Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 " +
		"(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml," +
		"application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n" +
		"Cookie: session=abcdefghijklmnop; theme=dark\r\n\r\n"
)

var inputs = []struct{ name, input string }{
	{"minimal", minimal},
	{"browser", browser},
	{"post1k", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", 1024)},
	{"chunked1k", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + strings.Repeat("x", 1024) + "\r\n0\r\n\r\n"},
	{"pipelined16", strings.Repeat(minimal, 16)},
}

var greeting = []byte("Hello, World!")

// greeter reads the content and answers, as one would write it.
func greeter() keepalive.HandlerFunc {
	scratch := make([]byte, 2048)
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		for {
			if _, err := r.Body.Read(scratch); err != nil {
				break
			}
		}
		w.Header().Set("Content-Type", "text/plain")
		w.Write(greeting)
	}
}

// Once a connection is warm, a request allocates nothing, and requests that arrive
// together are answered with one write.
func TestBudget(t *testing.T) {
	for _, in := range inputs {
		t.Run(in.name, func(t *testing.T) {
			const reads = 200
			srv := &keepalive.Server{Handler: greeter()}
			serve := func(n int) *replay {
				conn := &replay{input: in.input, left: n}
				srv.ServeConn(context.Background(), conn)
				return conn
			}
			few := testing.AllocsPerRun(5, func() { serve(2) })
			many := testing.AllocsPerRun(5, func() { serve(2 + reads) })
			if per := (many - few) / reads; per > 0.05 {
				t.Errorf("%.2f allocations for each further read of requests, want none", per)
			}
			if conn := serve(reads); conn.writes != reads {
				t.Errorf("%d writes for %d reads of requests, want as many", conn.writes, reads)
			}
		})
	}
}

func BenchmarkServe(b *testing.B) {
	for _, in := range inputs {
		requests := strings.Count(in.input, " HTTP/1.1\r\n")
		b.Run("request="+in.name+"/impl=ours", func(b *testing.B) {
			b.ReportAllocs()
			conn := &replay{input: in.input, left: (b.N + requests - 1) / requests}
			(&keepalive.Server{Handler: greeter()}).ServeConn(context.Background(), conn)
			if conn.wrote == 0 {
				b.Error("nothing was answered")
			}
		})
		b.Run("request="+in.name+"/impl=nethttp", func(b *testing.B) {
			b.ReportAllocs()
			conn := &replay{input: in.input, left: (b.N + requests - 1) / requests}
			serveNetHTTP(conn)
			if conn.wrote == 0 {
				b.Error("nothing was answered")
			}
		})
	}
}

// serveNetHTTP serves one connection with Go's own server.
func serveNetHTTP(conn net.Conn) {
	ln := &oneConn{conn: conn, closed: make(chan struct{})}
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/plain")
			w.Write(greeting)
		}),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				ln.Close()
			}
		},
	}
	srv.Serve(ln)
}

// A oneConn is a listener that accepts one connection.
type oneConn struct {
	conn   net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *oneConn) Addr() net.Addr { return replayAddr{} }
