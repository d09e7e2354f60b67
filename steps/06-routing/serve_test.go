package router_test

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	router "barewire/steps/06-routing"
)

// An answer is what a handler wrote, without a connection.
type answer struct {
	status  int // 0 if there was none
	header  message.Header
	content strings.Builder
}

func (a *answer) Header() *message.Header { return &a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(content []byte) (int, error) {
	a.WriteHeader(200)
	return a.content.Write(content)
}

func (a *answer) Flush() error { return nil }

// String says what matters of an answer: the route that gave it, or the field that
// says what to do next.
func (a *answer) String() string {
	switch {
	case a == nil || a.status == 0:
		return "no answer"
	case a.status == 200:
		return "200 " + a.content.String()
	case a.status >= 300 && a.status < 400:
		return fmt.Sprintf("%d, Location: %s", a.status, a.header.Get("Location"))
	case a.header.Has("Allow"):
		return fmt.Sprintf("%d, Allow: %s", a.status, a.header.Get("Allow"))
	}
	return fmt.Sprint(a.status)
}

// request builds the request for a line such as "GET /a", for the host h if the
// line has no other, as in "GET /a example.org:80".
func request(t testing.TB, line string) (string, *keepalive.Request) {
	t.Helper()
	f := strings.SplitN(line, " ", 3)
	host := "h"
	if len(f) == 3 {
		host = f[2]
	}
	sent := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", f[0], f[1], host)
	r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: &net.TCPAddr{}}
	if _, err := r.Head.Parse([]byte(sent), message.Limits{}); err != nil {
		testkit.Report{Sent: sent, Want: "a request", Got: err.Error(), Why: "this is for step 3: its Head.Parse refuses a request that it should take"}.Fatal(t)
	}
	return sent, r
}

// ask sends the request of a line to a handler. A panic is part of the answer.
func ask(t testing.TB, h keepalive.Handler, line string) (sent string, got string) {
	t.Helper()
	sent, r := request(t, line)
	return sent, asked(h, r)
}

func asked(h keepalive.Handler, r *keepalive.Request) (got string) {
	defer func() {
		if p := recover(); p != nil {
			got = fmt.Sprintf("a panic: %v", p)
		}
	}()
	var a answer
	h.ServeHTTP(&a, r)
	return a.String()
}

var names = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// says is a handler that names its route, and the path values that this has.
func says(pattern string) func(keepalive.ResponseWriter, *keepalive.Request) {
	return func(w keepalive.ResponseWriter, r *keepalive.Request) {
		io.WriteString(w, pattern)
		for _, m := range names.FindAllStringSubmatch(pattern, -1) {
			fmt.Fprintf(w, " %s=%s", m[1], r.PathValue(m[1]))
		}
	}
}

// build makes a router with these routes, or ends the test where one panics.
func build(t testing.TB, patterns ...string) *router.Router {
	t.Helper()
	r := new(router.Router)
	for _, p := range patterns {
		if said := panics(func() { r.HandleFunc(p, says(p)) }); said != "" {
			testkit.Report{Sent: p, Want: "a route, with the others: " + strings.Join(patterns, ", "), Got: "a panic: " + said,
				Why: "each of these patterns is right, and no two are for the same requests"}.Fatal(t)
		}
	}
	return r
}

// panics returns what f panics with, or "".
func panics(f func()) (said string) {
	defer func() {
		if p := recover(); p != nil {
			said = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

// A row is a set of routes, one request, and which of them answers.
type row struct {
	name   string
	why    string
	routes []string
	send   string // as request takes it
	want   string // as answer.String says it
}

// run runs the rows: with the routes in this order, and the other way round, which
// must make no difference.
func run(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			for _, routes := range [][]string{r.routes, reversed(r.routes)} {
				sent, got := ask(t, build(t, routes...), r.send)
				if got != r.want {
					testkit.Report{Sent: sent, Mark: strings.IndexByte(sent, ' ') + 1, Note: "with the routes " + strings.Join(routes, ", "),
						Want: r.want, Got: got, Why: r.why}.Fatal(t)
				}
			}
		})
	}
}

func reversed(s []string) []string {
	r := make([]string, 0, len(s))
	for i := range s {
		r = append(r, s[len(s)-1-i])
	}
	return r
}

// targeted builds a request for a target that step 2 would refuse, or that a
// middleware has changed.
func targeted(method, path string) *keepalive.Request {
	r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: &net.TCPAddr{}}
	r.Method = method
	r.Host = []byte("h")
	r.Target = reqline.Target{Form: reqline.OriginForm, Raw: []byte(path), Path: []byte(path)}
	return r
}
