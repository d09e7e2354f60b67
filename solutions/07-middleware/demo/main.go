// Command demo serves a few pages through every middleware of this step: something
// for curl and a browser to look at.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"time"

	"barewire/solutions/01-tcp-echo"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	http := &keepalive.Server{Handler: around(slog.Default())(keepalive.HandlerFunc(serve))}
	tcp := &echo.Server{Handler: http.ServeConn}
	go func() {
		<-ctx.Done()
		stop() // a second interrupt ends the program at once
		drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		tcp.Shutdown(drain)
	}()
	if err := tcp.Serve(ln); err != echo.ErrServerClosed {
		log.Fatal(err)
	}
}

// around is the chain in the order that the chapter argues for.
func around(log *slog.Logger) keepalive.Middleware {
	return middleware.Chain(
		middleware.RequestID(),
		middleware.AccessLog(log),
		middleware.Recover(log),
		middleware.SecurityHeaders{}.Middleware(),
		middleware.CORS{AllowedOrigins: []string{"https://app.example.org"}, MaxAge: time.Hour}.Middleware(),
		middleware.Compress(0),
		middleware.Timeout(2*time.Second),
		middleware.BodyLimit(1<<10),
	)
}

var private = middleware.BasicAuth("demo", middleware.Users(map[string]string{"alice": "wonderland"}))

// serve answers with what each middleware can be seen on.
func serve(w keepalive.ResponseWriter, r *keepalive.Request) {
	switch r.Path() {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><html lang=en><meta charset=utf-8><title>Middleware</title><h1>It works</h1>\n")
	case "/long":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 1000))
	case "/stream":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for i := range 3 {
			fmt.Fprintf(w, "line %d of 3\n", i+1)
			w.Flush()
			time.Sleep(500 * time.Millisecond)
		}
	case "/panic":
		panic("the demo was asked to")
	case "/slow":
		<-r.Context().Done() // two seconds
	case "/echo":
		content, err := r.Content()
		if err == nil {
			keepalive.Text(w, 200, string(content))
		}
	case "/private":
		private(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Text(w, 200, "hello, "+middleware.User(r.Context())+"\n")
		})).ServeHTTP(w, r)
	default:
		keepalive.Error(w, 404)
	}
}
