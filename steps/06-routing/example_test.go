package router_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	router "barewire/steps/06-routing"
)

// say sends requests to a handler, over a connection, and prints the status line of
// each response, the fields named in fields, and the content if the status is 200.
func say(h keepalive.Handler, fields []string, requests ...string) {
	for _, request := range requests {
		client, server := net.Pipe()
		go (&keepalive.Server{Handler: h}).ServeConn(context.Background(), server)
		client.SetDeadline(time.Now().Add(5 * time.Second))
		line, rest, _ := strings.Cut(request, "\n")
		go fmt.Fprintf(client, "%s HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", line, len(rest), rest)
		answer, _ := io.ReadAll(client)
		head, content, _ := strings.Cut(string(answer), "\r\n\r\n")
		for i, l := range strings.Split(head, "\r\n") {
			name, _, _ := strings.Cut(l, ":")
			if i == 0 {
				fmt.Println(line, "->", strings.TrimPrefix(l, "HTTP/1.1 "))
			} else if strings.Contains(strings.Join(fields, " "), name) {
				fmt.Println("  " + l)
			}
		}
		if status := strings.TrimPrefix(head, "HTTP/1.1 "); strings.HasPrefix(status, "200 ") && content != "" {
			fmt.Println(" ", strings.TrimSpace(content))
		}
	}
}

// httpserver's first page was @server.get("/users/:id"). Here the method is in the
// pattern, so there is one way to write a route and no method for each of GET, POST
// and the others; :id is {id}, and *wildcard is {wildcard...}.
func Example() {
	r := new(router.Router)
	r.HandleFunc("GET /users/{id}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.JSON(w, 200, map[string]string{"user": r.PathValue("id")})
	})
	r.HandleFunc("GET /static/{path...}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "the file "+r.PathValue("path"))
	})
	say(r, []string{"Allow", "Location"}, "GET /users/7", "GET /static/css/site.css", "DELETE /users/7", "OPTIONS /users/7", "GET //users/7", "GET /nothing")
	// Output:
	// GET /users/7 -> 200 OK
	//   {"user":"7"}
	// GET /static/css/site.css -> 200 OK
	//   the file css/site.css
	// DELETE /users/7 -> 405 Method Not Allowed
	//   Allow: GET, HEAD, OPTIONS
	// OPTIONS /users/7 -> 204 No Content
	//   Allow: GET, HEAD, OPTIONS
	// GET //users/7 -> 308 Permanent Redirect
	//   Location: /users/7
	// GET /nothing -> 404 Not Found
}

// PyMicroHTTP's routes were 'GET /path/:a/:b', and * for any verb; a handler took
// defaults for what the query does not have.
func ExampleRoutes_HandleFunc() {
	r := new(router.Router)
	r.HandleFunc("GET /path/{a}/{b}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		page := "1"
		if query, err := r.Query(); err == nil {
			if p, ok := query.Lookup("page"); ok {
				page = p
			}
		}
		keepalive.Text(w, 200, fmt.Sprintf("%s and %s, page %s", r.PathValue("a"), r.PathValue("b"), page))
	})
	r.HandleFunc("* /any", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, "any verb: "+r.Method)
	})
	say(r, nil, "GET /path/x%2Fy/z", "GET /path/x/z?page=2", "BREW /any")
	// Output:
	// GET /path/x%2Fy/z -> 200 OK
	//   x/y and z, page 1
	// GET /path/x/z?page=2 -> 200 OK
	//   x and z, page 2
	// BREW /any -> 200 OK
	//   any verb: BREW
}

// PyMicroHTTP took a middleware or a list of them for a route, and one before all;
// PandaHttpd had them before and after a handler. Here all of these are one thing, a
// function around a handler: for a route, for a group, or for the router.
func ExampleRoutes_Use() {
	note := func(text string) keepalive.Middleware {
		return func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				fmt.Println("before:", text)
				next.ServeHTTP(w, r)
				fmt.Println("after:", text)
			})
		}
	}
	r := new(router.Router)
	r.Use(note("all"))
	admin := r.Group("/admin", note("group"))
	admin.HandleFunc("GET /users", func(keepalive.ResponseWriter, *keepalive.Request) { fmt.Println("handler") }, note("route"))
	say(r, nil, "GET /admin/users", "GET /nothing")
	// Output:
	// before: all
	// before: group
	// before: route
	// handler
	// after: route
	// after: group
	// after: all
	// GET /admin/users -> 200 OK
	// before: all
	// after: all
	// GET /nothing -> 404 Not Found
}

// PyMicroHTTP's example of an application that creates, reads, updates and deletes,
// as a group whose routes share a prefix.
func ExampleRoutes_Group() {
	notes := map[string]string{}
	r := new(router.Router)
	g := r.Group("/notes")
	g.HandleFunc("GET", func(w keepalive.ResponseWriter, _ *keepalive.Request) { keepalive.JSON(w, 200, notes) })
	g.HandleFunc("PUT /{name}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		var text string
		if err := r.JSON(&text); err != nil {
			keepalive.Error(w, 400)
			return
		}
		notes[r.PathValue("name")] = text
		w.WriteHeader(204)
	})
	g.HandleFunc("GET /{name}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if text, ok := notes[r.PathValue("name")]; ok {
			keepalive.JSON(w, 200, text)
			return
		}
		keepalive.Error(w, 404)
	})
	g.HandleFunc("DELETE /{name}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		delete(notes, r.PathValue("name"))
		w.WriteHeader(204)
	})
	say(r, nil, "PUT /notes/milk\n\"two bottles\"", "GET /notes/milk", "GET /notes", "DELETE /notes/milk", "GET /notes/milk")
	// Output:
	// PUT /notes/milk -> 204 No Content
	// GET /notes/milk -> 200 OK
	//   "two bottles"
	// GET /notes -> 200 OK
	//   {"milk":"two bottles"}
	// DELETE /notes/milk -> 204 No Content
	// GET /notes/milk -> 404 Not Found
}

// PandaHttpd mounted folders. What is mounted here is a router: its package does not
// know where, or for which host. (Folders are step 9's, at a pattern with a rest.)
func ExampleRoutes_Mount() {
	blog := new(router.Router)
	blog.HandleFunc("GET /{$}", func(w keepalive.ResponseWriter, _ *keepalive.Request) { keepalive.Text(w, 200, "all posts") })
	blog.HandleFunc("GET /{post}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, r.PathValue("post")+" at "+router.Matched(r))
	})
	r := new(router.Router)
	r.Mount("/blog", blog)
	// PandaHttpd's default handler:
	r.NotFound = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, r.Path()+" is nowhere, but you are welcome")
	})
	say(r, nil, "GET /blog/", "GET /blog/first-post", "GET /elsewhere")
	// Output:
	// GET /blog/ -> 200 OK
	//   all posts
	// GET /blog/first-post -> 200 OK
	//   first-post at GET /blog/{post}
	// GET /elsewhere -> 200 OK
	//   /elsewhere is nowhere, but you are welcome
}

// The parts of a pattern, for programs that list their routes.
func ExampleParsePattern() {
	p, err := router.ParsePattern("GET Example.org/files/{path...}")
	fmt.Println(p.Method, p.Host, p.Segments, err)
	// Nothing can stand behind a rest.
	_, err = router.ParsePattern("GET /files/{path...}/edit")
	fmt.Println(err != nil)
	// Output:
	// GET example.org [{1 files} {3 path}] <nil>
	// true
}
