package keepalive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// What learners get complete has its tests here: the helpers of requests and responses.

// A paper is a ResponseWriter that keeps what is written; err is what Write returns.
type paper struct {
	header message.Header
	status int
	text   strings.Builder
	err    error
}

func (p *paper) Header() *message.Header { return &p.header }
func (p *paper) WriteHeader(status int)  { p.status = status }
func (p *paper) Flush() error            { return nil }

func (p *paper) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	return p.text.Write(b)
}

func TestHelpersOfResponses(t *testing.T) {
	full := errors.New("no paper left")
	for _, c := range []struct {
		name   string
		answer func(w keepalive.ResponseWriter) error
		paper  paper
		want   string
	}{
		{"a text", func(w keepalive.ResponseWriter) error { return keepalive.Text(w, 201, "yes") }, paper{}, `201 "text/plain; charset=utf-8" "yes" <nil>`},
		{"a text that cannot be written", func(w keepalive.ResponseWriter) error { return keepalive.Text(w, 201, "yes") }, paper{err: full}, `201 "text/plain; charset=utf-8" "" no paper left`},
		{"JSON", func(w keepalive.ResponseWriter) error { return keepalive.JSON(w, 202, []int{1}) }, paper{}, `202 "application/json" "[1]\n" <nil>`},
		{"JSON that cannot be written", func(w keepalive.ResponseWriter) error { return keepalive.JSON(w, 202, 1) }, paper{err: full}, `202 "application/json" "" no paper left`},
		{"the name of a status", func(w keepalive.ResponseWriter) error { return keepalive.Error(w, 404) }, paper{}, `404 "text/plain; charset=utf-8" "404 Not Found\n" <nil>`},
		{"a name that cannot be written", func(w keepalive.ResponseWriter) error { return keepalive.Error(w, 404) }, paper{err: full}, `404 "text/plain; charset=utf-8" "" no paper left`},
	} {
		err := c.answer(&c.paper)
		got := fmt.Sprintf("%d %q %q %v", c.paper.status, c.paper.header.Value("Content-Type"), c.paper.text.String(), err)
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	var p paper
	if err := keepalive.JSON(&p, 200, func() {}); err == nil || p.status != 0 || p.header.Len() != 0 {
		t.Errorf("JSON of a function: %v, and %d is written; want an error, and nothing", err, p.status)
	}
	p.err = full
	for _, size := range []int{3, keepalive.MaxHeld} {
		text := xs(size)
		if n := testing.AllocsPerRun(100, func() { keepalive.Text(&p, 200, text) }); n != 0 {
			t.Errorf("a text of %d bytes costs %v allocations, want none", size, n)
		}
	}
}

func TestHelpersOfRequests(t *testing.T) {
	broken := errors.New("broken")
	var r keepalive.Request
	if r.Context() != context.Background() {
		t.Error("the context of an empty request is not the one that never ends")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if r.SetContext(ctx); r.Context() != ctx {
		t.Error("SetContext has no effect")
	}
	r.SetPathValue("a", []byte("x%20y"))
	r.SetPathValue("b", []byte("1"))
	r.SetPathValue("b", []byte("2"))
	r.SetPathValue("c", []byte("%zz"))
	if got := fmt.Sprintf("%q", []string{r.PathValue("a"), r.PathValue("b"), r.PathValue("c"), r.PathValue("d")}); got != `["x y" "2" "%zz" ""]` {
		t.Errorf("path values %s", got)
	}
	if trailer := r.Trailer(); trailer == nil || trailer.Len() != 0 {
		t.Error("a request without a body has no empty trailer section")
	}
	for _, c := range []struct{ path, want string }{{"/a/%2e%2e/b%20c", "/b c"}, {"*", "*"}, {"", ""}, {"/%zz", "/%zz"}} {
		r.Target.Path = []byte(c.path)
		if got := r.Path(); got != c.want {
			t.Errorf("path %q is %q, want %q", c.path, got, c.want)
		}
	}
	with := func(kind, content string, err error) *keepalive.Request {
		r := &keepalive.Request{Body: &failing{strings.NewReader(content), err}}
		r.Header.Set("Content-Type", kind)
		return r
	}
	const form, object = "application/x-www-form-urlencoded", "application/json"
	if q, err := with(form, "a=1", io.EOF).Form(); err != nil || q.Get("a") != "1" {
		t.Errorf("form: %v, %v", q, err)
	}
	if q, err := with(form, "a=1", broken).Form(); err != broken || q.Get("a") != "" {
		t.Errorf("form that breaks off: %v, %v", q, err)
	}
	var v struct{ A int }
	if err := with(object, `{"A":1}`, io.EOF).JSON(&v); err != nil || v.A != 1 {
		t.Errorf("JSON: %v, %v", v, err)
	}
	if err := with(object, `{"A":2}`, broken).JSON(&v); err != broken || v.A != 1 {
		t.Errorf("JSON that breaks off: %v, %v", v, err)
	}
	if err := with(object, `{"A":`, io.EOF).JSON(&v); err == nil {
		t.Error("half a JSON text is one")
	}
	if content, err := with(object, xs(100_000), io.EOF).Content(); err != nil || len(content) != 100_000 {
		t.Errorf("content: %d bytes, %v", len(content), err)
	}
}

// wrapped is a ResponseWriter of a middleware.
type wrapped struct{ keepalive.ResponseWriter }

func (w wrapped) Unwrap() keepalive.ResponseWriter { return w.ResponseWriter }

// Who may take a connection over, and what is left in the response of whoever may not.
func TestOffers(t *testing.T) {
	const connection, upgrade = "Connection: x, Upgrade\r\n", "Upgrade: a, echo\r\n"
	for _, c := range []struct {
		name, head string
		want       error
	}{
		{"an offer", "GET / HTTP/1.1\r\nHost: a\r\n" + connection + upgrade, nil},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n" + connection + upgrade, keepalive.ErrNoUpgrade},
		{"content in chunks", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + connection + upgrade, keepalive.ErrNoUpgrade},
		{"a byte of content", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n" + connection + upgrade, keepalive.ErrNoUpgrade},
		{"no content", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + connection + upgrade, nil},
		{"no Connection", "GET / HTTP/1.1\r\nHost: a\r\n" + upgrade, keepalive.ErrNoUpgrade},
		{"no Upgrade", "GET / HTTP/1.1\r\nHost: a\r\n" + connection, keepalive.ErrNoUpgrade},
		{"another protocol", "GET / HTTP/1.1\r\nHost: a\r\n" + connection + "Upgrade: echo2\r\n", keepalive.ErrNoUpgrade},
	} {
		var r keepalive.Request
		if _, err := r.Head.Parse([]byte(c.head+"\r\n"), message.Limits{}.OrDefaults()); err != nil {
			t.Fatal(c.name, err)
		}
		taken := &takes{}
		if err := keepalive.Upgrade(wrapped{wrapped{taken}}, &r, "echo", nil); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if taken.taken != (c.want == nil) || (taken.header.Len() > 0) != taken.taken {
			t.Errorf("%s: taken over: %v, with %d fields", c.name, taken.taken, taken.header.Len())
		}
	}
	var r keepalive.Request
	r.Head.Parse([]byte("GET / HTTP/1.1\r\nHost: a\r\n"+connection+upgrade+"\r\n"), message.Limits{}.OrDefaults())
	var p paper
	if err := keepalive.Upgrade(&p, &r, "echo", nil); err != keepalive.ErrNotHijacker || p.header.Len() != 0 {
		t.Errorf("on paper: %v, and %d fields are left", err, p.header.Len())
	}
}

// takes is a paper that can be taken over.
type takes struct {
	paper
	taken bool
}

func (p *takes) Hijack(func(context.Context, net.Conn)) error { p.taken = true; return nil }

// How a connection is taken over.
func TestTakenOver(t *testing.T) {
	const offer = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	echo := func(_ context.Context, nc net.Conn) {
		for {
			p := make([]byte, 4)
			n, err := nc.Read(p)
			if err != nil {
				return
			}
			fmt.Fprintf(nc, "<%s>", p[:n])
		}
	}
	upgrades := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if err := keepalive.Upgrade(w, r, "echo", echo); err != nil {
			io.WriteString(w, err.Error())
		}
	}
	for _, c := range []struct {
		name    string
		handler keepalive.HandlerFunc
		wire    *wire
		want    string
		logs    bool
	}{
		{"bytes behind the head", upgrades, &wire{in: []string{offer + "123456", "7"}},
			"read 1024: 69, reads within 10s; no call, both for ever; write 72, writes within 30s; write 6, writes for ever; write 4; read 4: 1; write 3; read 4: EOF; close", false},
		{"one byte behind it", upgrades, &wire{in: []string{offer + "1"}},
			"read 1024: 64, reads within 10s; no call, both for ever; write 72, writes within 30s; write 3, writes for ever; read 4: EOF; close", false},
		{"the answer cannot leave", upgrades, &wire{in: []string{offer + "1"}, torn: 1},
			"read 1024: 64, reads within 10s; no call, both for ever; write 72, writes within 30s; close", false},
		{"what is before it cannot leave", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if upgrades(w, r); r.Method == "POST" {
				io.WriteString(w, "x")
			}
		}, &wire{in: []string{minimal + offer}, torn: 1}, "read 1024: 90, reads within 10s; write 122, writes within 30s; close", false},
		{"the connection is none", upgrades, &wire{in: []string{offer}, none: errTorn},
			"read 1024: 63, reads within 10s; close, both for ever", false},
		{"twice", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			first := keepalive.Hijack(w, func(_ context.Context, nc net.Conn) { io.WriteString(nc, "first") })
			second := keepalive.Hijack(w, func(_ context.Context, nc net.Conn) { panic("second") })
			if first != nil || second != keepalive.ErrHijackTooLate {
				t.Errorf("taken over twice: %v, %v", first, second)
			}
			_, write := w.Write([]byte("x"))
			if write == nil || w.Flush() == nil {
				t.Errorf("Write is still good when the connection is taken: %v", write)
			}
		}, &wire{in: []string{minimal}}, "read 1024: 27, reads within 10s; write 5, both for ever; close", false},
		{"with a panic", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Hijack(w, func(context.Context, net.Conn) { panic("in talk") })
		}, &wire{in: []string{minimal}}, "read 1024: 27, reads within 10s; close, both for ever", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				srv := &keepalive.Server{ErrorLog: slog.New(slog.NewTextHandler(&log, nil)), Handler: c.handler}
				srv.ServeConn(context.Background(), c.wire)
			})
			if got := runs(c.wire.calls); got != c.want {
				t.Errorf("calls: %s\nwant: %s", got, c.want)
			}
			if (log.Len() > 0) != c.logs {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// What Refused is told of a request that nobody has seen, and of none before it.
func TestRefusedIsClean(t *testing.T) {
	type key struct{}
	mine := context.WithValue(context.Background(), key{}, 1)
	for _, c := range []struct{ in, want string }{
		{"GET /x HTTP/1.1\r\nA: b\r\n\r\n", `400 GET "/x" 1 fields 400`},
		{"GET /x HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", `417 GET "/x" 2 fields 417`},
		{"GET /x\r\nA: b\r\n\r\n", `400  "" 0 fields 400`},
		{"GET /x HTTP/1.1\r\nA b\r\n\r\n", `400 GET "/x" 0 fields 400`},
		{"GET /x HTTP/1.1\r\nHost: a\r\nA b\r\n\r\n", `400 GET "/x" 0 fields 400`},
	} {
		for _, before := range []string{"", minimal} {
			nc := &wire{in: []string{before + c.in}}
			got := ""
			srv := &keepalive.Server{
				Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					r.SetPathValue("name", []byte("value"))
					r.SetContext(context.WithValue(r.Context(), key{}, 2))
					r.RemoteAddr, r.Body = nil, nil
				}),
				Refused: func(r *keepalive.Request, status int) {
					fault, _ := errors.AsType[*reqline.ProtocolError](r.Fault)
					got = fmt.Sprintf("%d %s %q %d fields %d", status, r.Method, r.Target.Raw, r.Header.Len(), fault.Status)
					if r.PathValue("name") != "" || r.Context() != mine || r.RemoteAddr == nil {
						got += ", and something of the request before"
					}
					if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						got += fmt.Sprintf(", and content: %d, %v", n, err)
					}
				},
			}
			synctest.Test(t, func(t *testing.T) { srv.ServeConn(mine, nc) })
			if got != c.want {
				t.Errorf("%q behind %q: %s, want %s", c.in, before, got, c.want)
			}
		}
	}
}

// A bell is a context that is asked to ring.
type bell struct {
	context.Context
	asked, stopped int
}

func (b *bell) AfterFunc(func()) func() bool {
	b.asked++
	return func() bool { b.stopped++; return true }
}
func (b *bell) Done() <-chan struct{} { return make(chan struct{}) }

// A connection that has ended leaves nothing in the context of the server, and one that
// can be parked has nothing there at all.
func TestNothingIsLeftInTheContext(t *testing.T) {
	srv := &keepalive.Server{Handler: keepalive.HandlerFunc(short)}
	for _, c := range []struct {
		nc   net.Conn
		want int
	}{{&wire{in: []string{minimal}}, 1}, {&parkedWire{wire: wire{in: []string{minimal}}}, 0}} {
		ctx := &bell{Context: context.Background()}
		srv.ServeConn(ctx, c.nc)
		if ctx.asked != c.want || ctx.stopped != c.want {
			t.Errorf("%T: the context was asked %d times and let go %d times, want %d", c.nc, ctx.asked, ctx.stopped, c.want)
		}
	}
}

// A status that comes too late is for the log, and none comes by itself.
func TestSecondStatus(t *testing.T) {
	for _, c := range []struct {
		handler keepalive.HandlerFunc
		want    string
	}{
		{func(w keepalive.ResponseWriter, r *keepalive.Request) { w.WriteHeader(201); w.WriteHeader(500) }, "first=201 second=500"},
		{func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Flush()
			w.Write([]byte("x"))
			w.Flush()
			w.(io.ReaderFrom).ReadFrom(strings.NewReader("y"))
		}, ""},
	} {
		var log bytes.Buffer
		srv := &keepalive.Server{ErrorLog: slog.New(slog.NewTextHandler(&log, nil)), Handler: c.handler}
		srv.ServeConn(context.Background(), &wire{in: []string{minimal}})
		if !strings.Contains(log.String(), c.want) || c.want == "" && log.Len() > 0 {
			t.Errorf("log: %s, want %q", log.String(), c.want)
		}
	}
}
