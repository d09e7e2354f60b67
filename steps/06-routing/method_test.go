package router_test

import (
	"io"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

func TestTask6_Methods(t *testing.T) {
	run(t, []row{
		{"the method chooses", "two routes for one path",
			[]string{"GET /a", "POST /a"}, "POST /a", "200 POST /a"},
		{"a route for any method", "no method stands for all of them",
			[]string{"/a"}, "BREW /a", "200 /a"},
		{"its own method before any", "the more specific one wins",
			[]string{"/a", "PUT /a"}, "PUT /a", "200 PUT /a"},
		{"any for the others", "the route with a method is for that method only",
			[]string{"/a", "PUT /a"}, "GET /a", "200 /a"},
		{"the case of a method matters", "methods are compared with regard to case (RFC 9110 §9.1); get is no method that anybody knows",
			[]string{"GET /a"}, "get /a", "501"},
		{"HEAD is answered by GET's handler", "the fields of both should be the same (RFC 9110 §9.3.2); the connection keeps the content back",
			[]string{"GET /a"}, "HEAD /a", "200 GET /a"},
		{"a route for HEAD goes first", "somebody knows a cheaper way to make the fields",
			[]string{"GET /a", "HEAD /a"}, "HEAD /a", "200 HEAD /a"},
		{"GET's handler before that for any", "for HEAD, GET is as good as its own method",
			[]string{"GET /a", "/a"}, "HEAD /a", "200 GET /a"},
		{"GET is not for HEAD's handler", "HEAD has no content, GET needs it",
			[]string{"HEAD /a"}, "GET /a", "405, Allow: HEAD, OPTIONS"},
		{"a method that the path does not have", "405, and Allow MUST be there (RFC 9110 §15.5.6)",
			[]string{"GET /a", "PUT /a", "DELETE /b"}, "POST /a", "405, Allow: GET, HEAD, OPTIONS, PUT"},
		{"a path that has no routes at all is a 404", "405 would say that the path is there",
			[]string{"GET /a"}, "POST /b", "404"},
		{"another route may have the method", "the path of /a is more specific, but it is not for POST; /{x} is",
			[]string{"GET /a", "POST /{x}"}, "POST /a", "200 POST /{x} x=a"},
		{"Allow has the methods of all routes that match", "a DELETE of /a would be answered by /{x}, a PUT by the rest",
			[]string{"GET /a", "DELETE /{x}", "PUT /{x...}"}, "POST /a", "405, Allow: DELETE, GET, HEAD, OPTIONS, PUT"},
		{"Allow has nothing of other paths", "PUT is for /a/b",
			[]string{"GET /a", "PUT /a/b", "DELETE /b"}, "POST /a", "405, Allow: GET, HEAD, OPTIONS"},
		{"a method that nobody knows", "a method that the server does not recognize is a 501 (RFC 9110 §9.1), one that it does is a 405",
			[]string{"GET /a"}, "BREW /a", "501"},
		{"a method that another route has", "PURGE is recognized here, and not allowed for this path (RFC 9110 §9.1)",
			[]string{"GET /a", "PURGE /b"}, "PURGE /a", "405, Allow: GET, HEAD, OPTIONS"},
		{"a route for any method knows them all", "BREW would be answered at /b, so it is recognized, and not allowed for /a (RFC 9110 §9.1)",
			[]string{"GET /a", "/b"}, "BREW /a", "405, Allow: GET, HEAD, OPTIONS"},
		{"TRACE is known everywhere", "RFC 9110 has it (§9.3.8), whether a route does or not",
			[]string{"GET /a"}, "TRACE /a", "405, Allow: GET, HEAD, OPTIONS"},
		{"PATCH is known everywhere", "RFC 5789 defines it",
			[]string{"GET /a"}, "PATCH /a", "405, Allow: GET, HEAD, OPTIONS"},
	})
}

func TestTask6_Options(t *testing.T) {
	run(t, []row{
		{"OPTIONS says what a path can do", "Allow is the answer to OPTIONS (RFC 9110 §9.3.7)",
			[]string{"GET /a", "POST /a"}, "OPTIONS /a", "204, Allow: GET, HEAD, OPTIONS, POST"},
		{"a route for OPTIONS goes first", "somebody has a better answer",
			[]string{"GET /a", "OPTIONS /a"}, "OPTIONS /a", "200 OPTIONS /a"},
		{"a route for any method is for OPTIONS too", "any is any",
			[]string{"GET /a", "/a"}, "OPTIONS /a", "200 /a"},
		{"OPTIONS of nothing is a 404", "there is no resource that could have options",
			[]string{"GET /a"}, "OPTIONS /b", "404"},
		{"OPTIONS * is about the server", "asterisk-form asks for the server as a whole (RFC 9110 §9.3.7)",
			[]string{"GET /a", "PUT /b", "PURGE /c/{x}"}, "OPTIONS *", "204, Allow: GET, HEAD, OPTIONS, PURGE, PUT"},
		{"OPTIONS of an absolute-form without a path is about the server", "a proxy makes the asterisk from it (RFC 9112 §3.2.4)",
			[]string{"GET /a"}, "OPTIONS http://h", "204, Allow: GET, HEAD, OPTIONS"},
		{"OPTIONS * where a route is for any method", "any method cannot be listed, so those of RFC 9110 and PATCH stand for it",
			[]string{"/a"}, "OPTIONS *", "204, Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"},
		{"OPTIONS * is not for the rest at the root", "* is no path below /",
			[]string{"GET /", "OPTIONS /"}, "OPTIONS *", "204, Allow: GET, HEAD, OPTIONS"},
	})
}

func TestTask6_Forms(t *testing.T) {
	run(t, []row{
		{"CONNECT is for proxies", "a method that is not implemented is a 501 (RFC 9110 §9.1); its target has no path",
			[]string{"/"}, "CONNECT h:443", "501"},
	})
	for _, row := range []struct{ name, method, path, why string }{
		{"no path at all", "GET", "", "a middleware that rewrites paths may have left nothing"},
		{"a path without its slash", "GET", "a", "the path of an http URI starts with a slash, or is empty (RFC 9110 §4.2.1)"},
		{"an asterisk with another method", "GET", "*", "asterisk-form is for OPTIONS only (RFC 9112 §3.2.4)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := asked(build(t, "/"), targeted(row.method, row.path)); got != "400" {
				testkit.Report{Sent: row.method + " " + row.path, Want: "400", Got: got, Why: row.why}.Error(t)
			}
		})
	}
}

func TestTask6_Handlers(t *testing.T) {
	mine := func(text string) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			io.WriteString(w, strings.Join([]string{text, w.Header().Get("Allow")}, " "))
		})
	}
	for _, row := range []struct{ name, send, want, why string }{
		{"NotFound answers where there is no route", "GET /b", "200 none ", "a site has a page of its own for this"},
		{"MethodNotAllowed answers where there is no method", "POST /a", "200 other GET, HEAD, OPTIONS", "a site has a page of its own for this; Allow MUST be there, so it is set already"},
		{"a method that nobody knows is a 501 all the same", "BREW /a", "501", "MethodNotAllowed is in the place of a 405: it finds Allow set, and 501 has none"},
		{"OPTIONS is not refused", "OPTIONS /a", "204, Allow: GET, HEAD, OPTIONS", "OPTIONS is answered, so it is allowed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := build(t, "GET /a")
			r.NotFound, r.MethodNotAllowed = mine("none"), mine("other")
			if sent, got := ask(t, r, row.send); got != row.want {
				testkit.Report{Sent: sent, Want: row.want, Got: got, Why: row.why}.Error(t)
			}
		})
	}
}
