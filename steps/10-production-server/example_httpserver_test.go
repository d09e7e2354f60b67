package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
	ratelimit "barewire/steps/08-rate-limiting"
	static "barewire/steps/09-static-files"
	server "barewire/steps/10-production-server"
)

// What httpserver could do. Its command line entry is the command barewire.

// A server from a configuration, logging, routes, and responses by their names: ok,
// created.
func Example_httpserverQuickStart() {
	var log bytes.Buffer
	srv, err := server.New(server.Config{
		Addr:      "127.0.0.1:8080",
		AccessLog: middleware.AccessLog(slog.New(slog.NewJSONHandler(&log, nil))),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	type user struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
	}
	ok := func(v any) (int, any, error) { return 200, v, nil }
	created := func(v any) (int, any, error) { return 201, v, nil }
	srv.Handle("GET /users/{id}", answer(func(r *keepalive.Request) (int, any, error) {
		return ok(user{ID: r.PathValue("id")})
	}))
	srv.Handle("POST /users", answer(func(r *keepalive.Request) (int, any, error) {
		u := user{ID: "1"}
		if err := r.JSON(&u); err != nil {
			return 0, nil, err
		}
		return created(u)
	}))

	addr, stop := start(srv)
	curl(addr, "GET /users/7").show()
	curl(addr, "POST /users", "Content-Type: application/json", "", `{"name":"Ada"}`).show()
	stop()
	fmt.Println("lines in the log:", strings.Count(log.String(), "\n"))
	// Output:
	// 200 OK
	// {"id":"7"}
	// 201 Created
	// {"id":"1","name":"Ada"}
	// lines in the log: 2
}

// A wildcard for the rest of the path.
func Example_httpserverWildcard() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /docs/{page...}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintf(w, "page %q\n", r.PathValue("page"))
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /docs/guide/first%20steps").show()
	curl(addr, "GET /docs/").show()
	// A path that leads upwards is not matched as it is: the client is told where it goes.
	curl(addr, "GET /docs/../secret").show()
	curl(addr, "GET /docs/a/../b").show("Location")
	// Output:
	// 200 OK
	// page "guide/first steps"
	// 200 OK
	// page ""
	// 404 Not Found
	// 308 Permanent Redirect
	// Location: /docs/b
}

// Between two and eight workers, and a queue; what they are doing is known at any
// time. A worker costs nothing but memory while it is idle, so the lower bound matters
// less than where a worker is a thread.
func Example_httpserverWorkers() {
	srv, err := server.New(server.Config{MinWorkers: 2, MaxWorkers: 8, Queue: 100, QueueTimeout: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	release := make(chan struct{})
	srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) { <-release })

	addr, stop := start(srv)
	defer stop()
	figures := func() (s [3]int) {
		now := srv.Metrics.Pool.Stats()
		return [3]int{now.Workers, now.Running, now.Waiting}
	}
	await(func() bool { return figures() == [3]int{2, 0, 0} })
	fmt.Println("workers, running, waiting:", figures())
	ended := make(chan page)
	for range 10 {
		go func() { ended <- curl(addr, "GET /slow") }()
	}
	await(func() bool { return figures() == [3]int{8, 8, 2} })
	fmt.Println("workers, running, waiting:", figures())
	close(release)
	for range 10 {
		<-ended
	}
	// Output:
	// workers, running, waiting: [2 0 0]
	// workers, running, waiting: [8 8 2]
}

// A server that is told to stop, by a signal that ends its context, answers what it
// has accepted, and nothing is accepted any more.
func Example_httpserverShutdown() {
	srv, err := server.New(server.Config{ShutdownTimeout: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	begun := make(chan struct{})
	srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		close(begun)
		<-r.Context().Done() // the server stops; whoever streams for hours looks at this
		keepalive.Text(w, 200, "answered all the same")
	})

	ctx, terminate := context.WithCancel(context.Background()) // signal.NotifyContext in a program
	defer terminate()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ended, pages := make(chan error, 1), make(chan page, 1)
	go func() { ended <- srv.RunOn(ctx, ln, nil) }()
	go func() { pages <- curl(ln.Addr().String(), "GET /slow") }()
	select {
	case <-begun:
	case err := <-ended:
		fmt.Println(err)
		return
	case early := <-pages:
		early.show()
		return
	}
	terminate()
	(<-pages).show()
	fmt.Println("Run:", <-ended)
	fmt.Println("a new connection is refused:", curl(ln.Addr().String(), "GET /slow").err != nil)
	// Output:
	// 200 OK
	// answered all the same
	// Run: <nil>
	// a new connection is refused: true
}

// Pages of other origins may read, and text is compressed. Both are part of the
// configuration, since both go around every handler.
func Example_httpserverCORS() {
	srv, err := server.New(server.Config{
		CORS:     middleware.CORS{AllowedOrigins: []string{"https://app.example.org"}, AllowedMethods: []string{"PUT"}, MaxAge: time.Hour},
		Compress: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /text", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, strings.Repeat("compress me ", 1000))
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "OPTIONS /text", "Origin: https://app.example.org", "Access-Control-Request-Method: PUT").
		show("Access-Control-Allow-Origin", "Access-Control-Max-Age")
	curl(addr, "OPTIONS /text", "Origin: https://evil.example", "Access-Control-Request-Method: PUT").
		show("Access-Control-Allow-Origin")
	small := curl(addr, "GET /text", "Origin: https://app.example.org", "Accept-Encoding: gzip")
	fmt.Println(small.field("Content-Encoding"), small.field("Access-Control-Allow-Origin"))
	fmt.Println("12000 bytes became less than 200:", len(small.text) < 200)
	// Output:
	// 204 No Content
	// Access-Control-Allow-Origin: https://app.example.org
	// Access-Control-Max-Age: 3600
	// 204 No Content
	// gzip https://app.example.org
	// 12000 bytes became less than 200: true
}

// A token bucket for each client: five requests at once, and then one every twelve
// seconds. It is part of the configuration, so that it comes before all work.
func Example_httpserverTokenBucket() {
	srv, err := server.New(server.Config{RateQuota: 5, RateWindow: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "hello") })

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /").show("RateLimit-Policy")
	for range 4 {
		curl(addr, "GET /")
	}
	refused := curl(addr, "GET /")
	refused.show()
	fmt.Println("says when to try again:", refused.field("Retry-After") != "")
	// Output:
	// 200 OK
	// RateLimit-Policy: "default";q=5;w=60
	// hello
	// 429 Too Many Requests
	// says when to try again: true
}

// The same with limits for each user instead of each address, on a group of routes.
func Example_httpserverTokenBucketKey() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	limit := &ratelimit.Limiter[string]{Policy: ratelimit.Policy{Name: "api", Quota: 2, Window: time.Minute}}
	api := srv.Group("/api", limit.Middleware(func(r *keepalive.Request) (string, bool) {
		return r.Header.Get("X-API-Key"), true
	}))
	api.HandleFunc("GET /time", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "late") })

	addr, stop := start(srv)
	defer stop()
	for _, key := range []string{"a", "a", "b", "a"} {
		fmt.Print(key, ": ")
		curl(addr, "GET /api/time", "X-API-Key: "+key).show()
	}
	// Output:
	// a: 200 OK
	// late
	// a: 200 OK
	// late
	// b: 200 OK
	// late
	// a: 429 Too Many Requests
}

// An entity tag for content that a handler makes. Files have theirs from step 9; here
// the same rules decide about a hash of what would be sent.
func Example_httpserverETag() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var price atomic.Int64 // requests are handled by other goroutines
	price.Store(12)
	srv.HandleFunc("GET /price", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		text := fmt.Sprintf(`{"price":%d}`, price.Load())
		tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(text)))
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "private, max-age=60")
		if status := static.Check(r.Method, &r.Header, static.Validators{ETag: tag}, time.Now()); status != 200 {
			w.WriteHeader(status) // 304: what you have is still good
			return
		}
		keepalive.Text(w, 200, text)
	})

	addr, stop := start(srv)
	defer stop()
	first := curl(addr, "GET /price")
	first.show("Cache-Control")
	curl(addr, "GET /price", "If-None-Match: "+first.field("ETag")).show()
	price.Store(13)
	curl(addr, "GET /price", "If-None-Match: "+first.field("ETag")).show()
	// Output:
	// 200 OK
	// Cache-Control: private, max-age=60
	// {"price":12}
	// 304 Not Modified
	// 200 OK
	// {"price":13}
}

// Questions of Kubernetes. A server whose database is gone is not ready, and alive:
// to start it anew would not bring the database back.
func Example_httpserverHealth() {
	srv, err := server.New(server.Config{AdminAddr: "127.0.0.1:9090"})
	if err != nil {
		fmt.Println(err)
		return
	}
	database := errors.New("no connection")
	srv.Health.Check("database", func() error { return database })

	_, stop := start(srv)
	defer stop()
	admin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go srv.ServeAdmin(admin) // Run does this on AdminAddr
	await(func() bool { return curl(admin.Addr().String(), "GET /livez").err == nil })
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		fmt.Println(path, curl(admin.Addr().String(), "GET "+path).Status)
	}
	fmt.Println(strings.Contains(curl(admin.Addr().String(), "GET /healthz").text, "no connection"))
	database = nil
	fmt.Println("/readyz", curl(admin.Addr().String(), "GET /readyz").Status)
	// Output:
	// /livez 200 OK
	// /readyz 503 Service Unavailable
	// /healthz 503 Service Unavailable
	// true
	// /readyz 200 OK
}
