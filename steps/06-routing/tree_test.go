package router_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	router "barewire/steps/06-routing"
)

func TestTask2_Literals(t *testing.T) {
	const miss = "a target that the server has nothing for is a 404 (RFC 9110 §15.5.5)"
	run(t, []row{
		{"a router without any route", "its zero value is ready, and may be asked before anybody has registered a route",
			nil, "GET /a", "404"},
		{"a path with a route is answered by its handler", "this is what a router does",
			[]string{"GET /users"}, "GET /users", "200 GET /users"},
		{"each route answers its own path", "the handler belongs to its pattern",
			[]string{"GET /users", "GET /posts", "GET /users/new"}, "GET /users/new", "200 GET /users/new"},
		{"a path without a route is a 404", miss,
			[]string{"GET /users"}, "GET /posts", "404"},
		{"the beginning of a pattern is no match", miss,
			[]string{"GET /users/new"}, "GET /users", "404"},
		{"more segments than the pattern has are no match", miss,
			[]string{"GET /users"}, "GET /users/new", "404"},
		{"a segment matches as a whole", "/users is no beginning of /users2: segments are compared, not bytes",
			[]string{"GET /users"}, "GET /users2", "404"},
		{"the case of a path matters", "paths are compared with regard to case (RFC 9110 §4.2.3)",
			[]string{"GET /users"}, "GET /Users", "404"},
		{"the query is no part of the path", "the path ends before the question mark (RFC 3986 §3.4)",
			[]string{"GET /users"}, "GET /users?a=/posts", "200 GET /users"},
		{"an absolute-form has a path too", "a server MUST accept absolute-form (RFC 9112 §3.2.2); Target.Path is the path in it",
			[]string{"GET /users"}, "GET http://h/users", "200 GET /users"},
		{"a plus sign in a path is no space", "plus means a space in forms only",
			[]string{"GET /c++", "GET /c  "}, "GET /c++", "200 GET /c++"},
	})
}

func TestTask2_Handle(t *testing.T) {
	for _, row := range []struct{ name, pattern, right, why string }{
		{"a pattern that is none panics", "GET users", "GET /users", "a wrong pattern is a mistake in the program: it should not run"},
		{"an empty pattern panics", "", "/", "a wrong pattern is a mistake in the program: it should not run"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := new(router.Router)
			if said := panics(func() { r.HandleFunc(row.pattern, says(row.pattern)) }); said == "" {
				testkit.Report{Sent: row.pattern, Want: "a panic when it is registered", Got: "none", Why: row.why}.Error(t)
			}
			build(t, row.right)
		})
	}
	t.Run("a handler that is nil panics", func(t *testing.T) {
		r := new(router.Router)
		if panics(func() { r.Handle("GET /a", nil) }) == "" || panics(func() { r.HandleFunc("GET /b", nil) }) == "" {
			testkit.Report{Sent: "GET /a", Want: "a panic when it is registered", Got: "none",
				Why: "otherwise the first request for it panics, which may be a year later"}.Error(t)
		}
	})
}

// A look-up must not cost more because there are more routes.
func TestTask2_Scale(t *testing.T) {
	const few, many = 8, 20000
	cost := func(n int) (time.Duration, string) {
		r := new(router.Router)
		for i := range n {
			p := fmt.Sprintf("GET /v1/things/x%d/end", i)
			r.HandleFunc(p, says(p))
		}
		_, last := request(t, fmt.Sprintf("GET /v1/things/x%d/end", n-1))
		got, best := "", time.Hour
		for range 20 { // the quickest round is the one that nothing disturbed
			begun := time.Now()
			for range 20 {
				got = asked(r, last)
			}
			best = min(best, time.Since(begun))
		}
		if want := fmt.Sprintf("200 GET /v1/things/x%d/end", n-1); got != want {
			testkit.Report{Sent: fmt.Sprintf("GET /v1/things/x%d/end", n-1), Want: want, Got: got, Why: fmt.Sprintf("there are %d routes like this one", n)}.Fatal(t)
		}
		return best, got
	}
	small, _ := cost(few)
	var large time.Duration
	testkit.Within(t, 60*time.Second, "20000 routes to be registered and asked for 400 times", func() { large, _ = cost(many) })
	if ratio := float64(large) / float64(small); ratio > 60 {
		testkit.Report{Doing: "a router has 8 routes, and another one 20000, GET /v1/things/x0/end and so on; the last is asked for 400 times", Want: "about the same time for 20000 routes as for 8", Got: fmt.Sprintf("%.0f times as much", ratio),
			Why: "a request should pay for its own segments, and not for every route that there is: look each segment up in a map"}.Error(t)
	}
}

func TestTask3_Wildcards(t *testing.T) {
	run(t, []row{
		{"a name matches any segment", "{id} stands for one segment, whatever it is",
			[]string{"GET /users/{id}"}, "GET /users/7", "200 GET /users/{id} id=7"},
		{"a name in the middle", "the path goes on behind it",
			[]string{"GET /users/{id}/posts"}, "GET /users/7/posts", "200 GET /users/{id}/posts id=7"},
		{"several names", "each has its own value",
			[]string{"GET /{user}/posts/{post}"}, "GET /ada/posts/12", "200 GET /{user}/posts/{post} user=ada post=12"},
		{"a name does not match two segments", "{id} is one segment, a slash ends it",
			[]string{"GET /users/{id}"}, "GET /users/7/posts", "404"},
		{"a name does not match an empty segment", "there is nothing that the value could be; who wants it says {$} or /",
			[]string{"GET /{x}", "GET /{x}/{y}"}, "GET /", "404"},
		{"routes may name the same segment differently", "a name belongs to its pattern, not to the place in the path",
			[]string{"GET /users/{id}", "GET /users/{name}/posts"}, "GET /users/ada/posts", "200 GET /users/{name}/posts name=ada"},
		{"a rest takes all segments", "{path...} takes the slashes along",
			[]string{"GET /files/{path...}"}, "GET /files/a/b/c.txt", "200 GET /files/{path...} path=a/b/c.txt"},
		{"a rest keeps its last slash", "the value is the path as it was sent",
			[]string{"GET /files/{path...}"}, "GET /files/a/", "200 GET /files/{path...} path=a/"},
		{"a rest may be empty", "the slash is there, and nothing behind it",
			[]string{"GET /files/{path...}"}, "GET /files/", "200 GET /files/{path...} path="},
		{"a name and a rest", "the rest begins behind the slash that ends the segment",
			[]string{"GET /{bucket}/{key...}"}, "GET /b/k/1", "200 GET /{bucket}/{key...} bucket=b key=k/1"},
		{"a slash at the end matches what is below", "as in net/http",
			[]string{"GET /img/"}, "GET /img/a/b.png", "200 GET /img/"},
		{"a slash at the end matches itself", "the rest behind it may be empty",
			[]string{"GET /img/"}, "GET /img/", "200 GET /img/"},
		{"the root matches everything", "it is a slash at the end like any other",
			[]string{"GET /"}, "GET /a/b", "200 GET /"},
		{"an end matches nothing below it", "{$} says that the path ends here",
			[]string{"GET /img/{$}"}, "GET /img/a", "404"},
		{"an end matches its path", "{$} says that the path ends here",
			[]string{"GET /img/{$}", "GET /{x}"}, "GET /img/", "200 GET /img/{$}"},
		{"the root alone", "/{$} is for / and for nothing else",
			[]string{"GET /{$}"}, "GET /", "200 GET /{$}"},
		{"a value is not decoded twice", "%2525 is %25 (RFC 3986 §2.4): PathValue decodes once",
			[]string{"GET /{x}"}, "GET /%2525", "200 GET /{x} x=%25"},
	})
}

func TestTask3_Precedence(t *testing.T) {
	run(t, []row{
		{"text before a name", "the more specific route wins, wherever it stands in the program",
			[]string{"GET /users/{id}", "GET /users/new"}, "GET /users/new", "200 GET /users/new"},
		{"a name where no text matches", "the route with text is for its text only",
			[]string{"GET /users/{id}", "GET /users/new"}, "GET /users/old", "200 GET /users/{id} id=old"},
		{"a name before a rest", "one segment is more specific than any number of them",
			[]string{"GET /users/{path...}", "GET /users/{id}"}, "GET /users/7", "200 GET /users/{id} id=7"},
		{"text before a rest", "text is the most specific",
			[]string{"GET /{path...}", "GET /users/new"}, "GET /users/new", "200 GET /users/new"},
		{"the end before a rest", "an end is for one path, a rest for many",
			[]string{"GET /img/", "GET /img/{$}"}, "GET /img/", "200 GET /img/{$}"},
		{"the segments are compared from the left", "/a/{y} and /{x}/b both match; the first segment decides",
			[]string{"GET /a/{y}", "GET /{x}/b"}, "GET /a/b", "200 GET /a/{y} y=b"},
		{"back from text to a name", "/a/b/d agrees for two segments and fails at the third; the walk has to go back",
			[]string{"GET /a/b/d", "GET /a/{x}/c"}, "GET /a/b/c", "200 GET /a/{x}/c x=b"},
		{"back over two segments", "the walk has to go back as far as there was a choice",
			[]string{"GET /a/b/c/d", "GET /a/{x}/c/e", "GET /{w}/b/c/f"}, "GET /a/b/c/f", "200 GET /{w}/b/c/f w=a"},
		{"back to a rest", "the rest matches whatever the others have begun and not ended",
			[]string{"GET /a/b/d", "GET /a/{x}/e", "GET /a/{path...}"}, "GET /a/b/c", "200 GET /a/{path...} path=b/c"},
		{"back to a rest at the root", "the rest at the root is the last resort",
			[]string{"GET /a/{x}/d", "GET /"}, "GET /a/b/c", "200 GET /"},
		{"a deeper rest before one further up", "the longer agreement is the more specific one",
			[]string{"GET /", "GET /a/", "GET /a/b/"}, "GET /a/b/c", "200 GET /a/b/"},
		{"no value is left from a way that failed", "x was matched on the way and is not in the pattern that won",
			[]string{"GET /a/{x}/d", "GET /a/{rest...}"}, "GET /a/b/c", "200 GET /a/{rest...} rest=b/c"},
		{"a route that ends early does not stop the walk", "/a/b is there and /a/b/c is not; /{x}/b/c is",
			[]string{"GET /a/b", "GET /{x}/b/c"}, "GET /a/b/c", "200 GET /{x}/b/c x=a"},
	})
}

// Who sorts routes needs an order in which a before b and b before c means a before c,
// for patterns of any length. With a wrong one it depends on the order of registration.
func TestTask3_AnyOrder(t *testing.T) {
	patterns := []string{"GET /{$}", "GET /items/{id}", "GET /cart", "GET /items/new", "GET /{page}/{part}/x", "GET /items/"}
	asks := []struct{ send, want string }{
		{"GET /", "200 GET /{$}"},
		{"GET /cart", "200 GET /cart"},
		{"GET /items/new", "200 GET /items/new"},
		{"GET /items/7", "200 GET /items/{id} id=7"},
		{"GET /items/7/y", "200 GET /items/"},
		{"GET /a/b/x", "200 GET /{page}/{part}/x page=a part=b"},
	}
	for order := range permutations(patterns) {
		r := build(t, order...)
		for _, a := range asks {
			if sent, got := ask(t, r, a.send); got != a.want {
				testkit.Report{Sent: sent, Doing: "the routes were registered in this order: " + strings.Join(order, ", "), Want: a.want, Got: got,
					Why: "the more specific route wins, in whatever order the program registers them: a sort needs an order in which a before b and b before c is a before c, for patterns of any two lengths"}.Fatal(t)
			}
		}
	}
}

// permutations yields all in every order.
func permutations(all []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var from func(i int) bool
		from = func(i int) bool {
			if i == len(all) {
				return yield(all)
			}
			for k := i; k < len(all); k++ {
				all[i], all[k] = all[k], all[i]
				if !from(i + 1) {
					return false
				}
				all[i], all[k] = all[k], all[i]
			}
			return true
		}
		from(0)
	}
}

func TestTask3_Matched(t *testing.T) {
	runMatched(t, "the pattern of the route", "GET /users/7", "GET /users/{id}", "a metric with a label for each path would have as many as there are users")
}

func TestTask4_Matched(t *testing.T) {
	runMatched(t, "the pattern as it was written", "GET /a%25b", "GET /a%25b", "a percent sign in a pattern is not decoded on the way")
}

func runMatched(t *testing.T, name, send, want, why string) {
	t.Run(name, func(t *testing.T) {
		r := build(t, "GET /users/{id}", "GET /a%25b")
		sent, req := request(t, send)
		before := router.Matched(req)
		asked(r, req)
		if got := router.Matched(req); got != want || before != "" {
			testkit.Report{Sent: sent, Want: fmt.Sprintf("Matched %q, and %q before", want, ""), Got: fmt.Sprintf("Matched %q, and %q before", got, before), Why: why}.Error(t)
		}
	})
}

func TestTask4_Encoding(t *testing.T) {
	run(t, []row{
		{"an encoded letter is that letter", "%61 and a are the same (RFC 3986 §6.2.2.2)",
			[]string{"GET /a/b"}, "GET /%61/%62", "200 GET /a/b"},
		{"an encoded slash does not separate", "%2F is data: decoding it before the path is cut would make two segments of one (RFC 3986 §2.2)",
			[]string{"GET /a/b", "GET /{x}"}, "GET /a%2Fb", "200 GET /{x} x=a/b"},
		{"an encoded slash in a pattern is not a separator either", "the pattern is cut before it is decoded, too",
			[]string{"GET /a%2fb", "GET /a/b"}, "GET /a%2Fb", "200 GET /a%2fb"},
		{"an encoded percent sign is decoded once", "%2561 is %61, and not a (RFC 3986 §2.4)",
			[]string{"GET /a", "GET /{x}"}, "GET /%2561", "200 GET /{x} x=%61"},
		{"a pattern with letters outside ASCII", "a client sends them encoded",
			[]string{"GET /café"}, "GET /caf%C3%A9", "200 GET /café"},
		{"the digits of an encoding have no case", "%c3 and %C3 are the same (RFC 3986 §6.2.2.1)",
			[]string{"GET /café"}, "GET /caf%c3%a9", "200 GET /café"},
		{"an encoded question mark is part of the path", "it does not start a query",
			[]string{"GET /why%3F"}, "GET /why%3f", "200 GET /why%3F"},
		{"a value is decoded", "PathValue decodes",
			[]string{"GET /{name}"}, "GET /Ada%20L.", "200 GET /{name} name=Ada L."},
		{"a brace in a path is no name", "a segment that is sent as {x} is text like any other",
			[]string{"GET /a/{x}"}, "GET /a/%7Bx%7D", "200 GET /a/{x} x={x}"},
		{"an encoded slash in a rest", "the rest is decoded as a whole, so the slashes in it are no longer told apart",
			[]string{"GET /{path...}"}, "GET /a%2Fb/c", "200 GET /{path...} path=a/b/c"},
		{"a long segment", "a segment is as long as the target allows, whatever buffer it is decoded into",
			[]string{"GET /" + strings.Repeat("a", 500)}, "GET /%61" + strings.Repeat("a", 499), "200 GET /" + strings.Repeat("a", 500)},
		{"the raw bytes of a segment are no match", "%61 in the path is a, and no segment is called %61",
			[]string{"GET /%2561"}, "GET /%61", "404"},
	})
}
