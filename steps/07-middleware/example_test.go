package middleware_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

// ask sends a GET with these field lines to a handler on a server and returns the
// response.
func ask(h keepalive.Handler, path string, fields ...string) string {
	client, server := net.Pipe()
	go (&keepalive.Server{Handler: h, ErrorLog: quiet}).ServeConn(context.Background(), server)
	client.SetDeadline(time.Now().Add(5 * time.Second))
	go io.WriteString(client, get(path, append(fields, "Connection: close")...))
	answer, _ := io.ReadAll(client)
	return string(answer)
}

// show prints the status, these fields and the content of a response.
func show(answer string, names ...string) {
	status, _, _ := strings.Cut(answer, "\r\n")
	fmt.Println(status)
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range names {
		if value := res.Header.Get(name); value != "" {
			fmt.Println(name + ": " + value)
		}
	}
	content, _ := io.ReadAll(res.Body)
	fmt.Println(string(content))
}

// What one puts around an application, in the order in which it works.
func ExampleChain() {
	around := middleware.Chain(
		middleware.RequestID(),
		middleware.Recover(quiet),
		middleware.SecurityHeaders{}.Middleware(),
		middleware.Compress(0),
		middleware.Timeout(30*time.Second),
	)
	app := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintf(w, "request %s", middleware.ID(r.Context()))
	})
	show(ask(around(app), "/", "X-Request-ID: f81d4fae"), "X-Request-ID", "X-Content-Type-Options")
	// Output:
	// HTTP/1.1 200 OK
	// X-Request-ID: f81d4fae
	// X-Content-Type-Options: nosniff
	// request f81d4fae
}

// Other frameworks have hooks that are called before every request and after it. In
// Go, a hook is a middleware of a few lines, and it says itself what "instead" is.
func ExampleChain_hooks() {
	before := func(hook func(w keepalive.ResponseWriter, r *keepalive.Request) (goOn bool)) keepalive.Middleware {
		return func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				if hook(w, r) {
					next.ServeHTTP(w, r)
				}
			})
		}
	}
	after := func(hook func(status int, r *keepalive.Request)) keepalive.Middleware {
		return middleware.Observe(func(e *middleware.Exchange) { hook(e.Status, e.Request) })
	}
	around := middleware.Chain(
		after(func(status int, r *keepalive.Request) { fmt.Println("after:", r.Path(), status) }),
		before(func(w keepalive.ResponseWriter, r *keepalive.Request) bool {
			if r.Path() == "/closed" {
				keepalive.Error(w, 403)
				return false
			}
			w.Header().Set("Served-By", "a hook")
			return true
		}),
	)
	h := around(keepalive.HandlerFunc(hello))
	show(ask(h, "/open"), "Served-By")
	show(ask(h, "/closed"))
	// Output:
	// after: /open 200
	// HTTP/1.1 200 OK
	// Served-By: a hook
	// hello
	// after: /closed 403
	// HTTP/1.1 403 Forbidden
	// 403 Forbidden
}

// A handler that returns a value instead of writing it, as in frameworks whose
// handlers return a dictionary, is made into one that writes by a function.
func ExampleChain_returned() {
	returns := func(f func(r *keepalive.Request) (status int, value any)) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			status, value := f(r)
			if err := keepalive.JSON(w, status, value); err != nil {
				keepalive.Error(w, 500)
			}
		})
	}
	h := returns(func(r *keepalive.Request) (int, any) { return 201, map[string]string{"path": r.Path()} })
	show(ask(middleware.RequestID()(h), "/a", "X-Request-ID: 42"), "X-Request-ID", "Content-Type")
	// Output:
	// HTTP/1.1 201 Created
	// X-Request-ID: 42
	// Content-Type: application/json
	// {"path":"/a"}
}

// One line a request, for people or for machines.
func ExampleAccessLog() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, "duration": // different each time
			return slog.Attr{}
		}
		return a
	}}))
	h := middleware.Chain(middleware.RequestID(), middleware.AccessLog(log))(keepalive.HandlerFunc(hello))
	serve(func(keepalive.Handler) keepalive.Handler { return h }, nil, parse(nil, get("/a?b", "X-Request-ID: 42", "User-Agent: curl/8")))
	// Output:
	// level=INFO msg=request method=GET target=/a?b status=200 bytes=5 remote=192.0.2.7 id=42 agent=curl/8
}

// The page at app.example.org may read, and nobody else.
func ExampleCORS_Middleware() {
	cors := middleware.CORS{AllowedOrigins: []string{"https://app.example.org"}, AllowedMethods: []string{"PUT"}, MaxAge: time.Hour}
	h := cors.Middleware()(keepalive.HandlerFunc(hello))
	show(ask(h, "/", "Origin: https://app.example.org"), "Access-Control-Allow-Origin")
	show(ask(h, "/", "Origin: https://evil.example"), "Access-Control-Allow-Origin")
	// Output:
	// HTTP/1.1 200 OK
	// Access-Control-Allow-Origin: https://app.example.org
	// hello
	// HTTP/1.1 200 OK
	// hello
}

// The authentication example: two users, and a page that knows them.
func ExampleBasicAuth() {
	users := middleware.Users(map[string]string{"alice": "wonderland", "bob": "builder"})
	h := middleware.BasicAuth("demo", users)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintf(w, "hello, %s", middleware.User(r.Context()))
	}))
	show(ask(h, "/"), "WWW-Authenticate")
	show(ask(h, "/", basic("alice:wonderland")))
	// Output:
	// HTTP/1.1 401 Unauthorized
	// WWW-Authenticate: Basic realm="demo", charset="UTF-8"
	// 401 Unauthorized
	//
	// HTTP/1.1 200 OK
	// hello, alice
}

// A log with one entry for each request, and a counter of failures: what metrics are
// made of.
func ExampleObserve() {
	failures := 0
	count := middleware.Observe(func(e *middleware.Exchange) {
		if e.Status >= 500 {
			failures++
		}
	})
	h := count(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Path() == "/broken" {
			keepalive.Error(w, 502)
		}
	}))
	for _, path := range []string{"/", "/broken", "/", "/broken"} {
		ask(h, path)
	}
	fmt.Println(failures, "failures")
	// Output:
	// 2 failures
}

// The coding for a response, from those that there are.
func ExampleNegotiate() {
	for _, accept := range []string{"gzip, br", "gzip;q=0.5, br;q=0.1", "*;q=0.2", "gzip;q=0"} {
		r := parse(nil, get("/", "Accept-Encoding: "+accept))
		fmt.Println(middleware.Negotiate(&r.Header, "br", "gzip"))
	}
	// Output:
	// br
	// gzip
	// br
	// identity
}
