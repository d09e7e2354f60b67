// What the reference promises beyond the tasks: what its middlewares cost.

package middleware_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
)

// A sink is a ResponseWriter that forgets everything and allocates nothing once it
// is warm.
type sink struct {
	header  message.Header
	content int
}

func (s *sink) Header() *message.Header { return &s.header }
func (s *sink) WriteHeader(int)         {}
func (s *sink) Flush() error            { return nil }
func (s *sink) Write(p []byte) (int, error) {
	s.content += len(p)
	return len(p), nil
}

var greeting = []byte("Hello, World!")

func greet(w keepalive.ResponseWriter, _ *keepalive.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Write(greeting)
}

// perRequest returns a function that sends the same request through a middleware
// again and again.
func perRequest(t testing.TB, around keepalive.Middleware, handler keepalive.HandlerFunc, fields string) (serve func(), w *sink) {
	r := new(keepalive.Request)
	if _, err := r.Head.Parse([]byte("GET /index.html HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n"+fields+"\r\n"), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	r.Body, r.RemoteAddr = strings.NewReader(""), &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}
	h, w, ctx := around(handler), new(sink), r.Context()
	return func() {
		w.header.Reset()
		r.SetContext(ctx)
		h.ServeHTTP(w, r)
	}, w
}

// usual is the chain that most applications want.
func usual() keepalive.Middleware {
	return middleware.Chain(
		middleware.RequestID(),
		middleware.AccessLog(slog.New(slog.DiscardHandler)),
		middleware.Recover(nil),
		middleware.CORS{AllowedOrigins: []string{"https://app.example.org"}}.Middleware(),
		middleware.Compress(0),
		middleware.SecurityHeaders{}.Middleware(),
	)
}

// How many allocations a request may cost. An id is two, its context and its text;
// making one takes a third under the race detector.
func TestBudget(t *testing.T) {
	const browser = "Origin: https://app.example.org\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
	page := bytes.Repeat([]byte("<p>text"), 1000)
	long := func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write(page)
	}
	for _, test := range []struct {
		name    string
		around  keepalive.Middleware
		handler keepalive.HandlerFunc
		fields  string
		want    float64
	}{
		{"usual", usual(), greet, "", 3},
		{"usual, id sent", usual(), greet, "X-Request-ID: f81d4fae-7dec\r\n", 2},
		{"usual, cors, long content compressed", usual(), long, browser, 3},
		{"chain", middleware.Chain(), greet, "", 0},
		{"recover", middleware.Recover(nil), greet, "", 0},
		{"observe", middleware.Observe(func(*middleware.Exchange) {}), greet, "", 0},
		{"common log", middleware.CombinedLog(io.Discard), greet, "", 0},
		{"cors", middleware.CORS{AllowedOrigins: []string{"https://app.example.org"}, Credentials: true}.Middleware(), greet, browser, 0},
		{"compress, accepted and long", middleware.Compress(0), long, browser, 0},
		{"compress, accepted and short", middleware.Compress(0), greet, browser, 0},
		{"security", middleware.SecurityHeaders{HSTS: time.Hour}.Middleware(), greet, "", 0},
		{"body limit", middleware.BodyLimit(1000), greet, "", 0},
		{"timeout", middleware.Timeout(time.Minute), greet, "", 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			serve, w := perRequest(t, test.around, test.handler, test.fields)
			// The least of many: a sync.Pool forgets at each collection, and
			// now and then on purpose under the race detector.
			got := testing.AllocsPerRun(1, serve)
			for range 200 {
				got = min(got, testing.AllocsPerRun(1, serve))
			}
			if got > test.want {
				t.Errorf("%v allocations a request, want at most %v", got, test.want)
			}
			if w.content == 0 {
				t.Error("nothing was written")
			}
		})
	}
}

func BenchmarkChain(b *testing.B) {
	b.Run("chain=none", func(b *testing.B) {
		b.ReportAllocs()
		serve, _ := perRequest(b, middleware.Chain(), greet, "")
		for b.Loop() {
			serve()
		}
	})
	b.Run("chain=usual", func(b *testing.B) {
		b.ReportAllocs()
		serve, _ := perRequest(b, usual(), greet, "")
		for b.Loop() {
			serve()
		}
	})
}

// The peer is what people write around net/http: a gzip.Writer from a pool.
func BenchmarkCompress(b *testing.B) {
	page := bytes.Repeat([]byte("<p>The quick brown fox jumps over the lazy dog.</p>\n"), 400) // 20 KiB
	b.Run("impl=ours", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(page)))
		serve, w := perRequest(b, middleware.Compress(0), func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write(page)
		}, "Accept-Encoding: gzip\r\n")
		for b.Loop() {
			serve()
		}
		if w.content == 0 {
			b.Error("nothing was written")
		}
	})
	b.Run("impl=nethttp", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(page)))
		pool := make(chan *gzip.Writer, 1)
		first, _ := gzip.NewWriterLevel(nil, middleware.DefaultGzipLevel)
		pool <- first
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Add("Vary", "Accept-Encoding")
			if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.Write(page)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			gz := <-pool
			gz.Reset(w)
			gz.Write(page)
			gz.Close()
			pool <- gz
		})
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := &nothing{header: http.Header{}}
		for b.Loop() {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
		if w.content == 0 {
			b.Error("nothing was written")
		}
	})
}

// A nothing is a sink for net/http.
type nothing struct {
	header  http.Header
	content int
}

func (n *nothing) Header() http.Header { return n.header }
func (n *nothing) WriteHeader(int)     {}
func (n *nothing) Write(p []byte) (int, error) {
	n.content += len(p)
	return len(p), nil
}

func BenchmarkNegotiate(b *testing.B) {
	b.ReportAllocs()
	var h message.Header
	h.Add("Accept-Encoding", "gzip, deflate, br, zstd")
	for b.Loop() {
		middleware.Negotiate(&h, "gzip")
	}
}
