package server_test

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	ratelimit "barewire/steps/08-rate-limiting"
	server "barewire/steps/10-production-server"
)

// What Py-HTTP-Server could do. Its protection against paths that leave the folder
// is in step 9, its fuzzing in steps 2 and 3, its load tool in "go tool checker load".

// Routes with a part that varies, parameters of the query, and a field of the
// request. A value from a client stays text until the handler says what it has to be,
// and what the client is told if it is not.
func Example_pyQuickStart() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /users/{user_id}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		id, err := strconv.Atoi(r.PathValue("user_id"))
		if err != nil {
			keepalive.Text(w, 400, "a user is a number")
			return
		}
		keepalive.JSON(w, 200, map[string]any{"id": id, "name": fmt.Sprint("user ", id)})
	})
	srv.HandleFunc("GET /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		query, err := r.Query()
		if err != nil {
			keepalive.Error(w, 400) // a percent sign that encodes nothing, for one
			return
		}
		for _, p := range query {
			fmt.Fprintf(w, "%s = %s\n", p.Name, p.Value)
		}
		fmt.Fprintln(w, "agent:", r.Header.Get("User-Agent"))
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /users/7").show("Content-Type")
	curl(addr, "GET /users/seven").show()
	curl(addr, "GET /echo?q=caf%C3%A9+au+lait&page=2", "User-Agent: curl/8").show()
	// Output:
	// 200 OK
	// Content-Type: application/json
	// {"id":7,"name":"user 7"}
	// 400 Bad Request
	// a user is a number
	// 200 OK
	// q = café au lait
	// page = 2
	// agent: curl/8
}

// One worker, one place in the queue, and a third request: it is refused at once,
// with a hint when to try again, and not kept waiting behind the others. Python needs
// a pool because each connection takes a thread. Here the pool bounds the work, and
// connections without a request take no part of it.
func Example_pyMaxWorkers() {
	srv, err := server.New(server.Config{MaxWorkers: 1, Queue: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	release := make(chan struct{})
	srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		<-release
		keepalive.Text(w, 200, "at last")
	})

	addr, stop := start(srv)
	defer stop()
	pages := make(chan page)
	for n := range 2 { // one is handled, the other one waits
		go func() { pages <- curl(addr, "GET /slow") }()
		await(func() bool { s := srv.Metrics.Pool.Stats(); return s.Running+s.Waiting == n+1 })
	}
	refused := curl(addr, "GET /slow")
	refused.show()
	fmt.Println("says when to try again:", refused.field("Retry-After") != "")
	close(release)
	(<-pages).show()
	(<-pages).show()
	// Output:
	// 503 Service Unavailable
	// says when to try again: true
	// 200 OK
	// at last
	// 200 OK
	// at last
}

// A sliding window: no more than three requests in any ten seconds, for each client.
// The clock is a field of the limiter, so that an example can turn it.
func Example_pySlidingWindow() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	begin := time.Now()
	var turned atomic.Int64 // by how much; requests are handled by other goroutines
	turn := func(d time.Duration) { turned.Add(int64(d)) }
	limit := &ratelimit.Limiter[string]{
		Policy:  ratelimit.Policy{Name: "search", Quota: 3, Window: 10 * time.Second},
		Sliding: true,
		Now:     func() time.Time { return begin.Add(time.Duration(turned.Load())) },
	}
	key := func(r *keepalive.Request) (string, bool) { return r.Header.Get("X-API-Key"), true }
	srv.HandleFunc("GET /search", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "found")
	}, limit.Middleware(key))

	addr, stop := start(srv)
	defer stop()
	for range 4 {
		curl(addr, "GET /search", "X-API-Key: alice").show("RateLimit", "Retry-After")
		turn(time.Second)
	}
	curl(addr, "GET /search", "X-API-Key: bob").show()
	turn(6 * time.Second) // the first of them is ten seconds old
	curl(addr, "GET /search", "X-API-Key: alice").show()
	// Output:
	// 200 OK
	// RateLimit: "search";r=2;t=10
	// found
	// 200 OK
	// RateLimit: "search";r=1;t=10
	// found
	// 200 OK
	// RateLimit: "search";r=0;t=10
	// found
	// 429 Too Many Requests
	// RateLimit: "search";r=0;t=9
	// Retry-After: 7
	// 200 OK
	// found
	// 200 OK
	// found
}

// No more than 4 MB of content. A client that announces more is refused before it has
// sent any, and one that waits for leave to send need not send it at all. Chunked
// content, which announces nothing, is cut off where it exceeds the limit.
func Example_pyContentLimit() {
	srv, err := server.New(server.Config{Limits: message.Limits{Content: 4 << 20}})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("PUT /upload", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		content, err := r.Content()
		if err != nil {
			return // the server answers with what is wrong
		}
		fmt.Fprintln(w, len(content), "bytes")
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "PUT /upload", "", strings.Repeat("x", 4<<20)).show()
	curl(addr, "PUT /upload", "Content-Length: 4194305", "Expect: 100-continue").show()
	curl(addr, "PUT /upload", "Transfer-Encoding: chunked", "", "400001\r\n").show()
	// Output:
	// 200 OK
	// 4194304 bytes
	// 413 Content Too Large
	// 413 Content Too Large
}

// Figures for Prometheus, on an address of their own that the world does not reach.
// Each figure is an atomic counter, so that no request waits for another one to be
// counted.
func Example_pyMetrics() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "hello") })

	addr, stop := start(srv)
	defer stop()
	admin, err := net.Listen("tcp", "127.0.0.1:0") // Config.AdminAddr, for Run
	if err != nil {
		fmt.Println(err)
		return
	}
	go srv.ServeAdmin(admin)
	for _, request := range []string{"GET /", "GET /", "GET /nothing", "BREW /"} {
		curl(addr, request)
	}
	var totals []string
	for line := range strings.Lines(curl(admin.Addr().String(), "GET /metrics").text) {
		if strings.HasPrefix(line, "barewire_requests_total{") {
			totals = append(totals, line)
		}
	}
	slices.Sort(totals)
	fmt.Print(strings.Join(totals, ""))
	// Output:
	// barewire_requests_total{method="GET",status="200"} 2
	// barewire_requests_total{method="GET",status="404"} 1
	// barewire_requests_total{method="other",status="501"} 1
}
