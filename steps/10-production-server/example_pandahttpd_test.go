package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	pool "barewire/steps/05-thread-pool"
	router "barewire/steps/06-routing"
	middleware "barewire/steps/07-middleware"
	ratelimit "barewire/steps/08-rate-limiting"
	static "barewire/steps/09-static-files"
	server "barewire/steps/10-production-server"
)

// What PandaHttpd could do.

// An answer is a handler that returns what it has to say: a status and a value that
// becomes JSON, nil for no content, or an error.
type answer func(r *keepalive.Request) (status int, v any, err error)

// ServeHTTP makes an answer a keepalive.Handler. What clients are told of an error is
// decided here, once.
func (f answer) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	status, v, err := f(r)
	if err == nil && v != nil {
		err = keepalive.JSON(w, status, v)
	} else if err == nil {
		w.WriteHeader(status)
	}
	broken, ok := errors.AsType[*reqline.ProtocolError](err)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrNotExist):
		keepalive.Error(w, 404)
	case ok: // the client's fault: content that is no JSON, or too much of it
		keepalive.Error(w, broken.Status)
	default:
		keepalive.Error(w, 500)
	}
}

// An application from a configuration, with routes whose handlers return a dictionary
// or text. In Go a handler writes its response, so that it can also stream one; a
// function type with one method makes "return a value" of that, see answer above. The
// type says what can be returned, which a decorator finds out at run time.
func Example_pandaApp() {
	app, err := server.New(server.Config{Addr: "127.0.0.1:8080", MaxWorkers: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	app.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "Hello, world!\n")
	})
	app.Handle("GET /pandas/{name}", answer(func(r *keepalive.Request) (int, any, error) {
		if r.PathValue("name") != "bao" {
			return 0, nil, os.ErrNotExist
		}
		return 200, map[string]any{"name": "bao", "bamboo": 12}, nil
	}))

	addr, stop := start(app) // a program calls app.Run(ctx)
	defer stop()
	curl(addr, "GET /").show()
	curl(addr, "GET /pandas/bao").show("Content-Type")
	curl(addr, "GET /pandas/tom").show()
	// Output:
	// 200 OK
	// Hello, world!
	// 200 OK
	// Content-Type: application/json
	// {"bamboo":12,"name":"bao"}
	// 404 Not Found
}

// A folder, mounted below a path, with HEAD, ranges and conditional requests.
func Example_pandaStatic() {
	dir, _ := os.MkdirTemp("", "panda")
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "a.txt")
	os.WriteFile(file, []byte("bamboo and more bamboo\n"), 0o644)
	os.Chtimes(file, time.Time{}, time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))

	app, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := static.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	files.Prefix = "/static"
	app.Handle("/static/", files)

	addr, stop := start(app)
	defer stop()
	curl(addr, "HEAD /static/a.txt").show("Content-Type", "Content-Length")
	curl(addr, "GET /static/a.txt", "Range: bytes=0-5").show("Content-Range")
	tag := curl(addr, "GET /static/a.txt").field("ETag")
	curl(addr, "GET /static/a.txt", "If-None-Match: "+tag).show()
	// Output:
	// 200 OK
	// Content-Type: text/plain; charset=utf-8
	// Content-Length: 23
	// 206 Partial Content
	// Content-Range: bytes 0-5/23
	// bamboo
	// 304 Not Modified
}

// Middleware that works before and after handlers: a log line for each request, gzip
// for those who take it, and a group of routes with one of its own. One function has
// both halves, so that what is set up before is still at hand after.
func Example_pandaMiddleware() {
	log := func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			rec := middleware.NewRecorder(w)
			next.ServeHTTP(rec, r)
			fmt.Println("log:", r.Method, r.Path(), rec.Status())
		})
	}
	staff := func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Header.Get("X-Staff") == "" {
				keepalive.Error(w, 403) // instead of the handler
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app, err := server.New(server.Config{Compress: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	app.Use(log)
	app.HandleFunc("GET /story", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, strings.Repeat("bamboo ", 1000))
	})
	group := app.Group("/zoo", staff)
	group.HandleFunc("GET /keys", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, router.Matched(r))
	})

	addr, stop := start(app)
	defer stop()
	curl(addr, "HEAD /story", "Accept-Encoding: gzip").show("Content-Encoding", "Vary")
	curl(addr, "GET /zoo/keys").show()
	curl(addr, "GET /zoo/keys", "X-Staff: yes").show()
	// Output:
	// log: HEAD /story 200
	// 200 OK
	// Content-Encoding: gzip
	// Vary: Accept-Encoding
	// log: GET /zoo/keys 403
	// 403 Forbidden
	// log: GET /zoo/keys 200
	// 200 OK
	// GET /zoo/keys
}

// Cookies, and fields whose names are compared without regard to case.
func Example_pandaCookies() {
	app, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	app.HandleFunc("POST /login", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		cookie, err := message.AppendSetCookie(nil, message.SetCookie{Name: "session", Value: "s3cr3t",
			Path: "/", MaxAge: time.Hour, Secure: true, HTTPOnly: true, SameSite: "Lax"})
		if err != nil {
			keepalive.Error(w, 500) // a value that would end the cookie early
			return
		}
		w.Header().Add("Set-Cookie", string(cookie))
		w.WriteHeader(204)
	})
	app.HandleFunc("GET /me", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		session, ok := r.Header.Cookie("session")
		fmt.Fprintf(w, "session %q (%v), language %q\n", session, ok, r.Header.Get("accept-language"))
	})

	addr, stop := start(app)
	defer stop()
	curl(addr, "POST /login").show("Set-Cookie")
	curl(addr, "GET /me", "cookie: theme=dark; session=s3cr3t", "ACCEPT-LANGUAGE: zh").show()
	// Output:
	// 204 No Content
	// Set-Cookie: session=s3cr3t; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax
	// 200 OK
	// session "s3cr3t" (true), language "zh"
}

// A handler for everything that no route is for. The answer to a wrong method is
// another one: it has to say which methods there are.
func Example_pandaDefault() {
	app, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	app.HandleFunc("GET /bamboo", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "tasty") })
	app.NotFound = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.JSON(w, 404, map[string]string{"error": "no such page", "path": r.Path()})
	})

	addr, stop := start(app)
	defer stop()
	curl(addr, "GET /meat").show()
	curl(addr, "POST /bamboo").show("Allow")
	// Output:
	// 404 Not Found
	// {"error":"no such page","path":"/meat"}
	// 405 Method Not Allowed
	// Allow: GET, HEAD, OPTIONS
}

// Work that blocks, on a pool of its own with as many workers as the database has
// connections. A goroutine that waits costs no thread here, so nothing has to be
// offloaded to keep the server alive: the second pool is there to be full before the
// database is.
func Example_pandaBlocking() {
	app, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	database := pool.New(pool.Config{Max: 2, Queue: 8})
	defer database.Shutdown(context.Background())
	app.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		var sum int
		if !server.Blocking(database, w, r, func(ctx context.Context) { sum = 6 * 7 }) {
			return // it has answered with 503
		}
		fmt.Fprintln(w, "the answer is", sum)
	})

	addr, stop := start(app)
	defer stop()
	curl(addr, "GET /slow").show()
	fmt.Println("done on the second pool:", database.Stats().Done)
	// Output:
	// 200 OK
	// the answer is 42
	// done on the second pool: 1
}

// The client's address, behind a proxy: handlers, logs and limits see it, and not the
// proxy's. Only what a trusted proxy has appended is believed; the first address in
// the list is what the client says of itself. Its port is not known, so it is 0.
func Example_pandaRealAddress() {
	proxies := ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Field: ratelimit.XForwardedFor}
	app, err := server.New(server.Config{Proxies: proxies})
	if err != nil {
		fmt.Println(err)
		return
	}
	app.HandleFunc("GET /who", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintln(w, r.RemoteAddr)
	})

	addr, stop := start(app)
	defer stop()
	curl(addr, "GET /who", "X-Forwarded-For: 6.6.6.6, 198.51.100.7").show()
	// Output:
	// 200 OK
	// 198.51.100.7:0
}
