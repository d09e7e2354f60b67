// Command demo serves a small application with the router of this step: users in
// memory, a group for version 1 of its API, a second router that is mounted, and a
// few pages.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
	"barewire/steps/06-routing"
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
	http := &keepalive.Server{Handler: routes()}
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

// routes is the whole application on one page.
func routes() *router.Router {
	r := new(router.Router)
	r.Use(logged)
	r.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		keepalive.Text(w, 200, "try /v1/users, /hello/you, /files/a/b/c, and curl -X OPTIONS on each of them\n")
	})
	r.HandleFunc("GET /hello/{name}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "hello, "+r.PathValue("name")+"\n")
	})
	r.HandleFunc("GET /files/{path...}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, fmt.Sprintf("the file %q, one day (step 9)\n", r.PathValue("path")))
	})

	v1 := r.Group("/v1")
	v1.Mount("/users", users())
	v1.HandleFunc("/echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		content, err := r.Content()
		if err != nil {
			keepalive.Error(w, 400)
			return
		}
		w.Write(content)
	})
	return r
}

// logged writes a line for each request when it has been answered, also for those
// that no route matched.
func logged(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		next.ServeHTTP(w, r)
		log.Printf("%s %q by route %q", r.Method, r.Target.Raw, cmp.Or(router.Matched(r), "none"))
	})
}

type user struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// users is a router as a package of its own would make it: it does not know where
// it will be mounted.
func users() *router.Router {
	var mu sync.Mutex
	all := map[int]user{1: {1, "Ada"}, 2: {2, "Grace"}}
	last := 2

	r := new(router.Router)
	r.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		mu.Lock()
		defer mu.Unlock()
		keepalive.JSON(w, 200, slices.SortedFunc(maps.Values(all), func(a, b user) int { return a.ID - b.ID }))
	})
	r.HandleFunc("POST /{$}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		var u user
		var wrong *reqline.ProtocolError // no JSON, or not said to be JSON
		if errors.As(r.JSON(&u), &wrong) {
			keepalive.Error(w, wrong.Status)
			return
		}
		if u.Name == "" {
			keepalive.Error(w, 400)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		last++
		u.ID = last
		all[u.ID] = u
		w.Header().Set("Location", fmt.Sprintf("/v1/users/%d", u.ID))
		keepalive.JSON(w, 201, u)
	})
	r.HandleFunc("GET /{id}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		mu.Lock()
		defer mu.Unlock()
		if u, ok := all[id]; err == nil && ok {
			keepalive.JSON(w, 200, u)
			return
		}
		keepalive.Error(w, 404)
	})
	r.HandleFunc("DELETE /{id}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		mu.Lock()
		defer mu.Unlock()
		if _, ok := all[id]; !ok {
			keepalive.Error(w, 404)
			return
		}
		delete(all, id)
		w.WriteHeader(204)
	})
	return r
}
