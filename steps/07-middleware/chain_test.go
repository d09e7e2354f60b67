package middleware_test

import (
	"io"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

func TestTask1_Chain(t *testing.T) {
	// letter is a middleware that writes its letter before and after.
	letter := func(l string) keepalive.Middleware {
		return func(next keepalive.Handler) keepalive.Handler {
			return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.WriteString(w, l)
				next.ServeHTTP(w, r)
				io.WriteString(w, strings.ToUpper(l))
			})
		}
	}
	refuse := func(keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, "-") })
	}
	a, b, c := letter("a"), letter("b"), letter("c")
	changed := []keepalive.Middleware{a, b}
	early := middleware.Chain(changed...)
	changed[0] = c
	twice := middleware.Chain(a, b)
	for _, test := range []struct {
		name  string
		doing string
		chain keepalive.Middleware
		times int
		want  string
		why   string
	}{
		{"one", "Chain(a)", middleware.Chain(a), 1, "ahelloA", "a chain of one is that one"},
		{"the first is the outermost", "Chain(a, b, c)", middleware.Chain(a, b, c), 1, "abchelloCBA", "the list reads in the order in which a request meets it"},
		{"one that does not call next ends it", "Chain(a, one that writes - and does not call next, c)", middleware.Chain(a, refuse, c), 1, "a-A", "whether the next one is called is up to each of them"},
		{"chains in chains", "Chain(a, Chain(b, c))", middleware.Chain(a, middleware.Chain(b, c)), 1, "abchelloCBA", "a chain is a middleware like any other"},
		{"an empty chain changes nothing", "Chain(Chain(), a, Chain())", middleware.Chain(middleware.Chain(), a, middleware.Chain()), 1, "ahelloA", "no middleware leaves the handler as it is"},
		{"used for two handlers", "Chain(a, b), used for two handlers", twice, 2, "abhelloBA", "a chain is made once and used for many routes"},
		{"the slice is the caller's afterwards", "Chain(s...) with a and b in s; then c is put into s[0]", early, 1, "abhelloBA", "a variadic argument shares the caller's slice: what is kept must be copied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range test.times {
				got := serve(test.chain, hello, parse(t, get("/"))).content.String()
				if got != test.want {
					testkit.Report{Doing: test.doing + "; each middleware writes its letter before next, and as a capital behind it; the handler writes hello", Want: test.want, Got: got, Why: test.why}.Error(t)
				}
			}
		})
	}
}
