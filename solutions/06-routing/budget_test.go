// What the reference promises beyond the tasks: what it costs to choose a route.

package router_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/06-routing"
)

// A sink is a ResponseWriter that forgets.
type sink struct{ header message.Header }

func (s *sink) Header() *message.Header     { return &s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) Flush() error                { return nil }

func parsed(tb testing.TB, line string) *keepalive.Request {
	tb.Helper()
	r := &keepalive.Request{Body: strings.NewReader("")}
	if _, err := r.Head.Parse([]byte(line+" HTTP/1.1\r\nHost: API.example:8080\r\n\r\n"), message.Limits{}); err != nil {
		tb.Fatal(err)
	}
	return r
}

// api has n resources with five routes each.
func api(n int, handle func(pattern string)) {
	for i := range n {
		for _, p := range []string{"GET /v1/r%d", "POST /v1/r%d", "GET /v1/r%d/{id}", "PUT /v1/r%d/{id}/parts/{part}", "GET /v1/r%d/{id}/files/{path...}"} {
			handle(fmt.Sprintf(p, i))
		}
	}
	handle("GET api.example/v2/{id}")
	handle("GET /{$}")
	handle("GET /.well-known/caf%C3%A9")
}

var nothing = keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {})

func TestBudget(t *testing.T) {
	r := new(router.Router)
	r.Use(func(next keepalive.Handler) keepalive.Handler { return next })
	api(50, func(p string) { r.Handle(p, nothing) })
	for _, line := range []string{
		"GET /", "GET /v1/r7", "HEAD /v1/r7/33", "PUT /v1/r7/33/parts/a%2Fb", "GET /v1/r7/33/files/a/b/c/d",
		"GET /v2/7", "GET /%76%31/r7", "GET /.well-known/caf%c3%a9",
	} {
		t.Run(line, func(t *testing.T) {
			req, w := parsed(t, line), new(sink)
			r.ServeHTTP(w, req) // a request's list of path values grows once for a connection
			if n := testing.AllocsPerRun(100, func() { r.ServeHTTP(w, req) }); n != 0 {
				t.Errorf("%.0f allocations, want none", n)
			}
			if router.Matched(req) == "" {
				t.Error("no route matched")
			}
		})
	}
}

// Each of many texts leads to its own node, also where the same ones lead on from many.
func TestMany(t *testing.T) {
	const n = 70
	path := func(i, j, k int) string { return fmt.Sprintf("/a%d/a%d/a%d", i, j, k) }
	r := new(router.Router)
	for i := range n * n {
		r.Handle("GET "+path(i%n, i/n, 0), nothing)
		r.Handle("GET "+path(i%n, i/n, 1), nothing)
	}
	r.Handle("GET /", nothing)
	for i := range n * n * 3 {
		sent := path(i%n, i/n%n, i/n/n)
		want := "GET " + sent
		if i/n/n == 2 {
			want = "GET /"
		}
		req := parsed(t, "GET "+sent)
		r.ServeHTTP(new(sink), req)
		if got := router.Matched(req); got != want {
			t.Fatalf("GET %s: matched %q, want %q", sent, got, want)
		}
	}
}

// Texts with the same hash are not taken for each other: among so many there are some.
func TestSameHash(t *testing.T) {
	r := new(router.Router)
	for i := range 50_000 {
		r.Handle(fmt.Sprintf("GET /%d", i), nothing)
	}
	others := 0
	r.HandleFunc("GET /{name}", func(keepalive.ResponseWriter, *keepalive.Request) { others++ })
	req, w := parsed(t, "GET /"), new(sink)
	const n = 500_000
	for i := range n {
		req.Target.Path = strconv.AppendInt(append(req.Target.Path[:0], "/x"...), int64(i), 10)
		r.ServeHTTP(w, req)
	}
	if others != n {
		t.Errorf("%d of %d paths went to the route of another one", n-others, n)
	}
}

// The walk does not get longer with the number of routes, and a path that fails late
// does not cost more than the nodes that agree with it.
func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{2, 200, 20000} { // 13, 1003 and 100003 routes
		for name, path := range map[string]string{
			"root": "/", "literal": "/v1/r1", "names": "/v1/r1/33/parts/44", "rest": "/v1/r1/33/files/a/b/c", "miss": "/v1/r1/33/parts",
		} {
			method := "GET"
			if name == "names" {
				method = "PUT"
			}
			b.Run(fmt.Sprintf("routes=%d/path=%s/impl=ours", 5*n+3, name), func(b *testing.B) {
				r := new(router.Router)
				api(n, func(p string) { r.Handle(p, nothing) })
				req, w := parsed(b, method+" "+path), new(sink)
				b.ReportAllocs()
				for b.Loop() {
					r.ServeHTTP(w, req)
				}
			})
			if n > 200 {
				continue // its check for conflicts takes long
			}
			b.Run(fmt.Sprintf("routes=%d/path=%s/impl=nethttp", 5*n+3, name), func(b *testing.B) {
				mux := http.NewServeMux()
				api(n, func(p string) { mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {}) })
				req, w := httptest.NewRequest(method, path, nil), &discard{h: http.Header{}}
				req.Host = "API.example:8080"
				b.ReportAllocs()
				for b.Loop() {
					mux.ServeHTTP(w, req)
				}
			})
		}
	}
}

func BenchmarkRegister(b *testing.B) {
	b.Run("routes=1003", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := new(router.Router)
			api(200, func(p string) { r.Handle(p, nothing) })
		}
	})
}

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
