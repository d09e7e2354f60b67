// Command demo serves a few pages with the server of this step, on the accept
// loop of step 1: something for curl, nc and a browser to talk to.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/04-keep-alive"
)

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>It works</title>
<link rel="stylesheet" href="/style.css">
<h1>It works</h1>
<p>This page, its style sheet and its picture came over the same few connections.
<p><img src="/dot.svg" alt="a dot" width="80" height="80">
`

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
	http := &keepalive.Server{Handler: keepalive.HandlerFunc(serve)}
	tcp := &echo.Server{Handler: http.ServeConn}
	go func() {
		<-ctx.Done()
		stop() // a second interrupt ends the program at once
		fmt.Println("stopping: requests that have arrived are answered first")
		drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		tcp.Shutdown(drain)
	}()
	if err := tcp.Serve(ln); err != echo.ErrServerClosed {
		log.Fatal(err)
	}
}

// serve answers with a page, a slow stream, what it was sent, or a 404.
func serve(w keepalive.ResponseWriter, r *keepalive.Request) {
	log.Printf("%s %s %s from %s", r.Version, r.Method, r.Target.Raw, r.RemoteAddr)
	switch r.Path() {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page)
	case "/style.css":
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, "body { font: 1.2em sans-serif; margin: 4em }\n")
	case "/dot.svg":
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1" fill="teal"/></svg>`)
	case "/echo":
		w.Header().Set("Content-Type", "application/octet-stream")
		io.Copy(w, r.Body)
	case "/stream":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for i := range 5 {
			fmt.Fprintf(w, "line %d of 5\n", i+1)
			w.Flush()
			time.Sleep(500 * time.Millisecond)
		}
	default:
		keepalive.Error(w, 404)
	}
}
