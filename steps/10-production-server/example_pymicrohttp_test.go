package server_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"

	keepalive "barewire/steps/04-keep-alive"
	router "barewire/steps/06-routing"
	middleware "barewire/steps/07-middleware"
	server "barewire/steps/10-production-server"
)

// What PyMicroHTTP could do.

// Routes as 'VERB /path/:a/:b', with * for any verb. A name stands in braces here,
// and the most specific route wins whatever the order in which they are registered.
func Example_microRoutes() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		fmt.Fprintf(w, "%s by %q: a=%q b=%q\n", r.Method, router.Matched(r), r.PathValue("a"), r.PathValue("b"))
	}
	srv.HandleFunc("GET /path/{a}/{b}", show)
	srv.HandleFunc("* /path/{a}", show)
	srv.HandleFunc("GET /path/fixed", show)

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /path/1/2%2F3").show()
	curl(addr, "PURGE /path/1").show()
	curl(addr, "GET /path/fixed").show()
	// Output:
	// 200 OK
	// GET by "GET /path/{a}/{b}": a="1" b="2/3"
	// 200 OK
	// PURGE by "* /path/{a}": a="1" b=""
	// 200 OK
	// GET by "GET /path/fixed": a="" b=""
}

// Parameters of the query with values for those that are not there. Lookup tells
// "?page=" from no page at all.
func Example_microQuery() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.HandleFunc("GET /list", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		query, err := r.Query()
		if err != nil {
			keepalive.Error(w, 400)
			return
		}
		page, err := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
		if err != nil {
			keepalive.Text(w, 400, "page is a number")
			return
		}
		_, all := query.Lookup("all")
		fmt.Fprintln(w, "page", page, "all", all, "tags", query.Values("tag"))
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /list").show()
	curl(addr, "GET /list?page=2&tag=a&tag=b&all").show()
	curl(addr, "GET /list?page=two").show()
	// Output:
	// 200 OK
	// page 1 all false tags []
	// 200 OK
	// page 2 all true tags [a b]
	// 400 Bad Request
	// page is a number
}

// A reply is a response in one value: content, status and fields.
type reply struct {
	Content any // text as it is, everything else as JSON
	Status  int // 200 if it is 0
	Fields  []string
}

// replies makes a handler of a function that returns a reply.
func replies(f func(r *keepalive.Request) reply) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		p := f(r)
		for name := range slices.Chunk(p.Fields, 2) {
			w.Header().Add(name[0], name[1])
		}
		if text, ok := p.Content.(string); ok {
			keepalive.Text(w, cmp.Or(p.Status, 200), text)
		} else if err := keepalive.JSON(w, cmp.Or(p.Status, 200), p.Content); err != nil {
			keepalive.Error(w, 500)
		}
	})
}

// Content, status and fields, returned in one line. A struct with names instead of
// tuples of two or three: nobody has to know which of the numbers is the status.
func Example_microReturn() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Handle("GET /text", replies(func(r *keepalive.Request) reply { return reply{Content: "hello"} }))
	srv.Handle("POST /things", replies(func(r *keepalive.Request) reply {
		return reply{map[string]int{"id": 7}, 201, []string{"Location", "/things/7"}}
	}))

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /text").show("Content-Type")
	curl(addr, "POST /things").show("Content-Type", "Location")
	// Output:
	// 200 OK
	// Content-Type: text/plain; charset=utf-8
	// hello
	// 201 Created
	// Content-Type: application/json
	// Location: /things/7
	// {"id":7}
}

// Middleware before all routes, one on a route, and a list of them.
func Example_microMiddleware() {
	say := func(word string) keepalive.Middleware {
		return func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Add("Passed", word)
				next.ServeHTTP(w, r)
			})
		}
	}
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "hello") }
	srv.Use(say("all"))
	srv.HandleFunc("GET /one", hello, say("this"))
	srv.HandleFunc("GET /list", hello, say("first"), say("second"))

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /one").show("Passed")
	curl(addr, "GET /list").show("Passed")
	curl(addr, "GET /nothing").show("Passed")
	// Output:
	// 200 OK
	// Passed: all
	// Passed: this
	// hello
	// 200 OK
	// Passed: all
	// Passed: first
	// Passed: second
	// hello
	// 404 Not Found
	// Passed: all
}

// Create, read, update, delete: an application with JSON, kept in memory. Requests run
// at the same time, hence the lock; it is not held while a client sends, since a client
// may take its time.
func Example_microCRUD() {
	type todo struct {
		ID   int    `json:"id"`
		Text string `json:"text"`
		Done bool   `json:"done"`
	}
	var mu sync.Mutex
	todos, last := map[int]todo{}, 0
	one := func(f func(t todo) (int, any, error)) answer {
		return func(r *keepalive.Request) (int, any, error) {
			id, _ := strconv.Atoi(r.PathValue("id"))
			mu.Lock()
			defer mu.Unlock()
			t, ok := todos[id]
			if !ok {
				return 0, nil, os.ErrNotExist
			}
			return f(t)
		}
	}
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Handle("GET /todos/{id}", one(func(t todo) (int, any, error) { return 200, t, nil }))
	srv.Handle("DELETE /todos/{id}", one(func(t todo) (int, any, error) {
		delete(todos, t.ID)
		return 204, nil, nil
	}))
	srv.Handle("POST /todos", answer(func(r *keepalive.Request) (int, any, error) {
		var t todo
		if err := r.JSON(&t); err != nil {
			return 0, nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		last++
		t.ID = last
		todos[last] = t
		return 201, t, nil
	}))
	srv.Handle("PUT /todos/{id}", answer(func(r *keepalive.Request) (int, any, error) {
		var changed todo
		if err := r.JSON(&changed); err != nil {
			return 0, nil, err
		}
		return one(func(t todo) (int, any, error) {
			changed.ID = t.ID
			todos[t.ID] = changed
			return 200, changed, nil
		})(r)
	}))

	addr, stop := start(srv)
	defer stop()
	json := "Content-Type: application/json"
	curl(addr, "POST /todos", json, "", `{"text":"read chapter 10"}`).show()
	curl(addr, "PUT /todos/1", json, "", `{"text":"read chapter 10","done":true}`).show()
	curl(addr, "GET /todos/1").show()
	curl(addr, "POST /todos", json, "", `{"text":`).show()
	curl(addr, "POST /todos", "", `text=hello`).show()
	curl(addr, "DELETE /todos/1").show()
	curl(addr, "GET /todos/1").show()
	// Output:
	// 201 Created
	// {"id":1,"text":"read chapter 10","done":false}
	// 200 OK
	// {"id":1,"text":"read chapter 10","done":true}
	// 200 OK
	// {"id":1,"text":"read chapter 10","done":true}
	// 400 Bad Request
	// 415 Unsupported Media Type
	// 204 No Content
	// 404 Not Found
}

// Routes for those who know the password. BasicAuth compares in constant time, and
// without TLS protects nothing.
func Example_microAuth() {
	srv, err := server.New(server.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	private := srv.Group("/private", middleware.BasicAuth("notes", middleware.Users(map[string]string{"alice": "open sesame"})))
	private.HandleFunc("GET /notes", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "the notes of "+middleware.User(r.Context()))
	})

	addr, stop := start(srv)
	defer stop()
	curl(addr, "GET /private/notes").show("WWW-Authenticate")
	for _, login := range []string{"alice:open sesame", "alice:a guess"} {
		curl(addr, "GET /private/notes", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(login))).show()
	}
	// Output:
	// 401 Unauthorized
	// WWW-Authenticate: Basic realm="notes", charset="UTF-8"
	// 200 OK
	// the notes of alice
	// 401 Unauthorized
}
