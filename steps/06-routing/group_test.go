package router_test

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	router "barewire/steps/06-routing"
)

// tag is a middleware that writes its name before the content of what is inside it.
func tag(name string) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Add("Through", name)
			next.ServeHTTP(w, r)
		})
	}
}

// through is what requests went through, as written by tag.
func through(t testing.TB, h keepalive.Handler, line string) (sent, got string) {
	t.Helper()
	sent, r := request(t, line)
	var a answer
	h.ServeHTTP(&a, r)
	var names []string
	for v := range a.header.Values("Through") {
		names = append(names, string(v))
	}
	return sent, strings.Join(append(names, a.String()), " > ")
}

// A call is a router that is made by hand, and what one request to it gives.
type call struct {
	name  string
	why   string
	build func(r *router.Router)
	send  string
	want  string
}

func runCalls(t *testing.T, rows []call) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := new(router.Router)
			if said := panics(func() { row.build(r) }); said != "" {
				testkit.Report{Doing: "the routes are registered: " + row.name, Want: "no panic", Got: said, Why: row.why}.Fatal(t)
			}
			if sent, got := through(t, r, row.send); got != row.want {
				testkit.Report{Sent: sent, Want: row.want, Got: got, Why: row.why}.Error(t)
			}
		})
	}
}

// refusedRow is a call that has to panic, naming the line of this file.
type refusedRow struct {
	name  string
	why   string
	wrong func(r *router.Router)
	right func(r *router.Router)
}

func runRefused(t *testing.T, file string, rows []refusedRow) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if said := panics(func() { row.wrong(new(router.Router)) }); !strings.Contains(said, file+":") {
				if said == "" {
					said = "no panic"
				}
				testkit.Report{Doing: "a program makes a mistake: " + row.name, Want: "a panic that names the call in " + file, Got: said, Why: row.why}.Error(t)
			}
			if row.right == nil {
				return
			}
			if said := panics(func() { row.right(new(router.Router)) }); said != "" {
				testkit.Report{Doing: "a program does right what was wrong in this: " + row.name, Want: "no panic where it is done right", Got: said, Why: row.why}.Error(t)
			}
		})
	}
}

func TestTask9_Middleware(t *testing.T) {
	runCalls(t, []call{
		{"for one route", "only this route needs it", func(r *router.Router) {
			r.HandleFunc("GET /a", says("a"), tag("one"))
			r.HandleFunc("GET /b", says("b"))
		}, "GET /a", "one > 200 a"},
		{"not for another route", "only that route needs it", func(r *router.Router) {
			r.HandleFunc("GET /a", says("a"), tag("one"))
			r.HandleFunc("GET /b", says("b"), tag("other"))
		}, "GET /b", "other > 200 b"},
		{"the first is the outermost", "they are written in the order in which a request meets them", func(r *router.Router) {
			r.HandleFunc("GET /a", says("a"), tag("1"), tag("2"), tag("3"))
		}, "GET /a", "1 > 2 > 3 > 200 a"},
		{"for all routes of a router", "Use is for all of them, outside of what a route has itself", func(r *router.Router) {
			r.Use(tag("1"), tag("2"))
			r.Use(tag("3"))
			r.HandleFunc("GET /a", says("a"), tag("own"))
		}, "GET /a", "1 > 2 > 3 > own > 200 a"},
		{"a router's own is around a 404 too", "an access log that has no 404s is missing what matters", func(r *router.Router) {
			r.Use(tag("log"))
			r.HandleFunc("GET /a", says("a"))
		}, "GET /b", "log > 404"},
		{"and around a 405", "the router's own middleware is around the router", func(r *router.Router) {
			r.Use(tag("log"))
			r.HandleFunc("GET /a", says("a"))
		}, "PUT /a", "log > 405, Allow: GET, HEAD, OPTIONS"},
		{"and around a redirect", "the router's own middleware is around the router", func(r *router.Router) {
			r.Use(tag("log"))
			r.HandleFunc("GET /a/", says("a"))
		}, "GET /a", "log > 308, Location: /a/"},
		{"a route's is not around a redirect to it", "the route was not chosen yet", func(r *router.Router) {
			r.Use(tag("log"))
			r.HandleFunc("GET /a/", says("a"), tag("own"))
		}, "GET /a", "log > 308, Location: /a/"},
		{"it may answer instead of the handler", "an authentication does", func(r *router.Router) {
			r.HandleFunc("GET /a", says("a"), tag("log"), func(keepalive.Handler) keepalive.Handler {
				return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) { keepalive.Error(w, 401) })
			}, tag("never"))
		}, "GET /a", "log > 401"},
		{"it may rewrite the path before a route is chosen", "the router's own middleware sees the request first", func(r *router.Router) {
			r.Use(func(next keepalive.Handler) keepalive.Handler {
				return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					r.Target.Path = []byte("/new")
					next.ServeHTTP(w, r)
				})
			})
			r.HandleFunc("GET /new", says("new"))
		}, "GET /old", "200 new"},
		{"a route's middleware has the path values", "the route is chosen, so they are known", func(r *router.Router) {
			r.HandleFunc("GET /{id}", says("handler"), func(next keepalive.Handler) keepalive.Handler {
				return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					w.Header().Add("Through", r.PathValue("id"))
					next.ServeHTTP(w, r)
				})
			})
		}, "GET /7", "7 > 200 handler"},
		{"it is made once, not for each request", "a middleware may have something that lasts, such as the counts of a limiter", func(r *router.Router) {
			made := 0
			r.HandleFunc("GET /a", says("a"), func(next keepalive.Handler) keepalive.Handler {
				made++
				return tag(fmt.Sprint("made ", made))(next)
			})
			for range 3 {
				asked(r, targeted("GET", "/a"))
			}
		}, "GET /a", "made 1 > 200 a"},
		{"a router's own is made once, too", "one that is made anew for each request has forgotten what it counted", func(r *router.Router) {
			made := 0
			r.Use(func(next keepalive.Handler) keepalive.Handler {
				made++
				return tag(fmt.Sprint("made ", made))(next)
			})
			r.HandleFunc("GET /a", says("a"))
			for range 3 {
				asked(r, targeted("GET", "/a"))
			}
		}, "GET /a", "made 1 > 200 a"},
	})
}

// A server has many connections, and their first requests may come at once.
func TestTask9_FirstRequests(t *testing.T) {
	const n = 8
	var made, came atomic.Int32
	r := new(router.Router)
	r.Use(func(next keepalive.Handler) keepalive.Handler {
		made.Add(1)
		for came.Load() < n { // whoever is here gives the others time to come as well
			runtime.Gosched()
		}
		time.Sleep(time.Millisecond)
		return next
	})
	r.HandleFunc("GET /a", says("a"))
	answers := make([]string, n)
	testkit.Within(t, 10*time.Second, "the first requests to be answered", func() {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				req := targeted("GET", "/a")
				came.Add(1)
				answers[i] = asked(r, req)
			})
		}
		all.Wait()
	})
	slices.Sort(answers)
	got := fmt.Sprintf("made %d times; answers: %s", made.Load(), strings.Join(slices.Compact(answers), ", "))
	if want := "made 1 times; answers: 200 a"; got != want {
		testkit.Report{Sent: fmt.Sprint(n, " requests at once, the first ones, each in a goroutine of its own"), Want: want, Got: got,
			Why: "what the first request makes, the others use: they have to wait for it (sync.Once)"}.Error(t)
	}
}

func TestTask9_Group(t *testing.T) {
	runCalls(t, []call{
		{"a group has a prefix", "it is written once", func(r *router.Router) {
			g := r.Group("/v1")
			g.HandleFunc("GET /a", says("v1"))
		}, "GET /v1/a", "200 v1"},
		{"without the prefix there is nothing", "the prefix is part of the path", func(r *router.Router) {
			g := r.Group("/v1")
			g.HandleFunc("GET /a", says("v1"))
		}, "GET /a", "404"},
		{"a group in a group", "the prefixes follow each other, and so does the middleware", func(r *router.Router) {
			r.Use(tag("0"))
			g := r.Group("/v1", tag("1"))
			g.Use(tag("2"))
			h := g.Group("/users", tag("3"))
			h.HandleFunc("GET /{id}", says("user"), tag("4"))
		}, "GET /v1/users/7", "0 > 1 > 2 > 3 > 4 > 200 user"},
		{"a group's middleware is for its routes only", "the router has others", func(r *router.Router) {
			g := r.Group("/v1", tag("group"))
			g.HandleFunc("GET /a", says("v1"))
			r.HandleFunc("GET /v1/b", says("b"))
		}, "GET /v1/b", "200 b"},
		{"what a group gets after it was made", "Use of the outer group counts as long as no route is there", func(r *router.Router) {
			g := r.Group("/v1")
			h := g.Group("/x")
			g.Use(tag("late"))
			h.HandleFunc("GET /a", says("a"))
		}, "GET /v1/x/a", "late > 200 a"},
		{"a method alone is for the prefix", "/users itself is one of the routes below /users", func(r *router.Router) {
			g := r.Group("/users")
			g.HandleFunc("GET", says("list"))
			g.HandleFunc("POST", says("create"))
			g.HandleFunc("GET /{id}", says("show"))
		}, "POST /users", "200 create"},
		{"a slash alone is for all below the prefix", "a slash at the end of a pattern is a rest", func(r *router.Router) {
			g := r.Group("/img")
			g.HandleFunc("GET /", says("img"))
		}, "GET /img/a/b", "200 img"},
		{"a prefix with a name", "every route of the group has its value", func(r *router.Router) {
			g := r.Group("/users/{id}")
			g.HandleFunc("GET /posts/{post}", func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.WriteString(w, r.PathValue("id")+" "+r.PathValue("post"))
			})
		}, "GET /users/7/posts/9", "200 7 9"},
		{"a host as prefix", "a group for one site", func(r *router.Router) {
			g := r.Group("a.example")
			g.HandleFunc("GET /a", says("a.example"))
			r.HandleFunc("GET /a", says("any"))
		}, "GET /a a.example", "200 a.example"},
		{"a host as prefix in a group of a path", "what has no slash is a host in a prefix, also there", func(r *router.Router) {
			g := r.Group("/v1").Group("a.example")
			g.HandleFunc("GET /a", says("a.example"))
			r.HandleFunc("GET /v1/a", says("any"))
		}, "GET /v1/a a.example", "200 a.example"},
		{"a pattern with a host in a group without", "the prefix is a path, so it comes behind the host", func(r *router.Router) {
			g := r.Group("/v1")
			g.HandleFunc("GET a.example/a", says("a.example"))
			g.HandleFunc("GET /a", says("any"))
		}, "GET /v1/a a.example", "200 a.example"},
		{"an empty prefix", "a group for its middleware only", func(r *router.Router) {
			g := r.Group("", tag("1"))
			g.HandleFunc("GET /a", says("a"))
		}, "GET /a", "1 > 200 a"},
		{"two groups with one prefix", "a group is no place in the tree", func(r *router.Router) {
			a, b := r.Group("/v1", tag("a")), r.Group("/v1", tag("b"))
			a.HandleFunc("GET /x", says("x"))
			b.HandleFunc("GET /y", says("y"))
		}, "GET /v1/y", "b > 200 y"},
	})
}

func TestTask9_Refused(t *testing.T) {
	const usual = "whoever reads the route would not look for its middleware further down"
	runRefused(t, "group_test.go", []refusedRow{
		{"Use after a route", usual,
			func(r *router.Router) { r.HandleFunc("GET /a", says("")); r.Use(tag("x")) },
			func(r *router.Router) { r.Use(tag("x")); r.HandleFunc("GET /a", says("")) }},
		{"Use of a group after its route", usual,
			func(r *router.Router) { g := r.Group("/v1"); g.HandleFunc("GET /a", says("")); g.Use(tag("x")) },
			func(r *router.Router) { r.HandleFunc("GET /a", says("")); r.Group("/v1").Use(tag("x")) }},
		{"Use after a route in a group of this one", "the route is one of this group's, too",
			func(r *router.Router) {
				g := r.Group("/v1")
				g.Group("/x").HandleFunc("GET /a", says(""))
				g.Use(tag("x"))
			}, nil},
		{"Use of the router after a route in a group", "the route is one of the router's, too",
			func(r *router.Router) { r.Group("/v1").HandleFunc("GET /a", says("")); r.Use(tag("x")) }, nil},
		{"a middleware that is nil", "it would panic with the first request",
			func(r *router.Router) { r.HandleFunc("GET /a", says(""), nil) }, nil},
		{"a middleware of the router that is nil", "it would panic with the first request",
			func(r *router.Router) { r.Use(nil) }, nil},
		{"a group of a host in the group of a host", "a request has one host, and these two are not one name",
			func(r *router.Router) { r.Group("a.example").Group("b.example/v1") }, nil},
		{"a middleware of a group that is nil", "it would panic with the first request",
			func(r *router.Router) { r.Group("/a", nil) }, nil},
		{"a prefix with a slash at its end", "with /a behind it there would be two",
			func(r *router.Router) { r.Group("/v1/") }, func(r *router.Router) { r.Group("/v1") }},
		{"a slash as prefix", "with /a behind it there would be two; no prefix is an empty one",
			func(r *router.Router) { r.Group("/") }, func(r *router.Router) { r.Group("") }},
		{"a prefix that ends in a rest", "nothing can stand behind a rest",
			func(r *router.Router) { r.Group("/{path...}") }, func(r *router.Router) { r.Group("/{path}") }},
		{"a prefix with a method", "methods are for routes",
			func(r *router.Router) { r.Group("GET /v1") }, nil},
		{"a host in a host", "there is one Host in a request",
			func(r *router.Router) { r.Group("a.example").HandleFunc("b.example/a", says("")) },
			func(r *router.Router) { r.Group("a.example").HandleFunc("/a", says("")) }},
		{"one name in a prefix and in the pattern", "which of the two values would PathValue return?",
			func(r *router.Router) { r.Group("/{id}").HandleFunc("GET /{id}", says("")) }, nil},
		{"a conflict between a group and the router", "two ways to write one path",
			func(r *router.Router) {
				r.HandleFunc("GET /v1/a", says(""))
				r.Group("/v1").HandleFunc("GET /a", says(""))
			}, nil},
		{"a route after the first request", "requests read the routes without a lock",
			func(r *router.Router) {
				r.HandleFunc("GET /a", says(""))
				asked(r, targeted("GET", "/a"))
				r.HandleFunc("GET /b", says(""))
			}, nil},
	})
}
