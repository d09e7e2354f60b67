package middleware_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
)

// An answer is a ResponseWriter that keeps what is written to it.
type answer struct {
	header   message.Header
	fixed    message.Header // as it was when the status came
	status   int
	interim  []int
	content  bytes.Buffer
	flushed  []string // the content at each Flush
	from     []string // the types of what came through ReadFrom
	hijacked bool
	panicked any
}

func (a *answer) Header() *message.Header { return &a.header }

func (a *answer) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic("no status")
	case status < 200 && status != 101:
		a.interim = append(a.interim, status)
	case a.status == 0:
		a.status = status
		for name, value := range a.header.All() {
			a.fixed.Add(string(name), string(value))
		}
	}
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(200)
	}
	if a.status == 204 || a.status == 304 {
		return 0, keepalive.ErrNoContent
	}
	return a.content.Write(p)
}

func (a *answer) Flush() error {
	if a.status == 0 {
		a.WriteHeader(200)
	}
	a.flushed = append(a.flushed, a.content.String())
	return nil
}

func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	if a.status == 0 {
		a.WriteHeader(200)
	}
	a.from = append(a.from, fmt.Sprintf("%T", src))
	return io.Copy(&a.content, src)
}

func (a *answer) Hijack(func(context.Context, net.Conn)) error {
	if a.hijacked {
		return keepalive.ErrHijackTooLate
	}
	a.hijacked = true
	return nil
}

// summary is the status and the content.
func (a *answer) summary() string {
	if a.panicked != nil {
		return fmt.Sprintf("a panic: %v", a.panicked)
	}
	return fmt.Sprintf("%d %q", a.status, a.content.String())
}

// field returns a field of the response as it was sent, all its values in one line.
// The members of a list are sorted: their order and their lines mean nothing.
func (a *answer) field(name string) string {
	var all []string
	if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
		for m := range a.fixed.Members(name) {
			if name == "Vary" {
				m = []byte(http.CanonicalHeaderKey(string(m))) // names of fields have no case
			}
			all = append(all, string(m))
		}
		slices.Sort(all)
		all = []string{strings.Join(all, ", ")}
	} else {
		for v := range a.fixed.Values(name) {
			all = append(all, string(v))
		}
	}
	if !a.fixed.Has(name) {
		return "no " + name
	}
	return name + ": " + strings.Join(all, " and ")
}

// fields looks at several fields of a response.
func fields(names ...string) func(*answer) string {
	return func(a *answer) string {
		var all []string
		for _, name := range names {
			all = append(all, a.field(name))
		}
		return strings.Join(all, "\n")
	}
}

// gunzipped returns the content as a client of gzip reads it.
func gunzipped(content []byte) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return "", errors.New("content that is not gzip")
	}
	text, err := io.ReadAll(z)
	return string(text), err
}

// A row is a request, what stands around its handler, and what comes of it.
type row struct {
	name, why string
	around    keepalive.Middleware
	handler   keepalive.HandlerFunc // hello unless it is set
	send      string                // get("/") unless it is set
	want      string
	look      func(*answer) string // summary unless it is set
}

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.handler == nil {
				r.handler = hello
			}
			if r.look == nil {
				r.look = (*answer).summary
			}
			if r.send == "" {
				r.send = get("/")
			}
			a := serve(r.around, r.handler, parse(t, r.send))
			if got := r.look(a); got != r.want {
				testkit.Report{Sent: r.send, Want: r.want, Got: got, Why: r.why}.Error(t)
			}
		})
	}
}

// serve sends r through around and handler.
func serve(around keepalive.Middleware, handler keepalive.HandlerFunc, r *keepalive.Request) *answer {
	a := new(answer)
	func() {
		defer func() { a.panicked = recover() }()
		around(handler).ServeHTTP(a, r)
	}()
	if a.status == 0 {
		a.WriteHeader(200)
	}
	return a
}

// parse makes a request of its bytes. What stands behind the head is its Body, as it
// is, without any framing. An example has no t.
func parse(t testing.TB, sent string) *keepalive.Request {
	r := new(keepalive.Request)
	n, err := r.Head.Parse([]byte(sent), message.Limits{})
	if err != nil && t != nil {
		t.Helper()
		t.Fatalf("step 3 does not parse %q: %v", sent, err)
	}
	r.Body = strings.NewReader(sent[n:])
	r.RemoteAddr = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}
	return r
}

func get(target string, fields ...string) string { return request("GET", target, "", fields...) }

func request(method, target, content string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: a\r\n", method, target)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n" + content
}

// hello answers every request.
func hello(w keepalive.ResponseWriter, _ *keepalive.Request) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "hello")
}

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// defaultLog makes slog.Default() one that is kept, until the test ends.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var kept bytes.Buffer
	before, out, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(&kept, nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(out)
		log.SetFlags(flags)
	})
	return &kept
}

// talk sends bytes to a server with this handler and returns all that comes back
// before the connection is closed or silent for a minute. It must be called in a
// bubble.
func talk(t *testing.T, h keepalive.Handler, sent string) string {
	t.Helper()
	ours, theirs := net.Pipe()
	served, wrote := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		(&keepalive.Server{Handler: h, ErrorLog: quiet}).ServeConn(context.Background(), testkit.Guard(t, theirs))
	}()
	go func() {
		defer close(wrote)
		io.WriteString(ours, sent)
	}()
	ours.SetReadDeadline(time.Now().Add(time.Minute))
	raw, _ := io.ReadAll(ours)
	ours.Close()
	<-served
	<-wrote
	return string(raw)
}

// mustPanic reports it if f returns.
func mustPanic(t *testing.T, why string, f func() keepalive.Middleware) {
	t.Helper()
	defer func() {
		t.Helper()
		if recover() == nil {
			testkit.Report{Want: "a panic", Got: "a middleware", Why: why}.Error(t)
		}
	}()
	f()
}
