package middleware

// What this package has chosen where its contract leaves it free.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// A page is a ResponseWriter that counts the calls of WriteHeader.
type page struct {
	header  message.Header
	content bytes.Buffer
	calls   []int
}

func (p *page) Header() *message.Header        { return &p.header }
func (p *page) WriteHeader(status int)         { p.calls = append(p.calls, status) }
func (p *page) Flush() error                   { return nil }
func (p *page) Write(text []byte) (int, error) { return p.content.Write(text) }

func request(t *testing.T, method string, fields ...string) *keepalive.Request {
	t.Helper()
	r := new(keepalive.Request)
	text := method + " / HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n"
	if _, err := r.Head.Parse([]byte(text), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	r.Body = strings.NewReader("")
	return r
}

// TestOnce: the status goes on once, whatever a handler calls; the server would warn of a second one.
func TestOnce(t *testing.T) {
	text := strings.Repeat("x", 2*MinCompress)
	for name, around := range map[string]keepalive.Middleware{
		"Compress": Compress(0),
		"Recover":  Recover(nil),
		"Timeout":  Timeout(time.Minute),
	} {
		for _, media := range []string{"text/plain", "image/png"} {
			for what, handler := range map[string]keepalive.HandlerFunc{
				"Write": func(w keepalive.ResponseWriter, _ *keepalive.Request) {
					io.WriteString(w, text)
					io.WriteString(w, text)
				},
				"Flush": func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.Flush(); w.Flush() },
				"ReadFrom": func(w keepalive.ResponseWriter, _ *keepalive.Request) {
					io.Copy(w, strings.NewReader(text))
					io.Copy(w, struct{ io.Reader }{strings.NewReader(text)})
				},
			} {
				p := new(page)
				around(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					w.Header().Set("Content-Type", media)
					w.WriteHeader(200)
					handler(w, r)
				})).ServeHTTP(p, request(t, "GET", "Accept-Encoding: gzip"))
				if fmt.Sprint(p.calls) != "[200]" {
					t.Errorf("%s, %s of %s: WriteHeader of %v, want one of 200", name, what, media, p.calls)
				}
			}
		}
	}
	p := new(page)
	Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.WriteHeader(200)
		w.WriteHeader(500)
	})).ServeHTTP(p, request(t, "GET"))
	if fmt.Sprint(p.calls) != "[200 500]" {
		t.Errorf("WriteHeader of %v: of a second one the server has to know, so that it warns", p.calls)
	}
}

// TestRecord: a Recorder that has seen nothing yet does for those further in as well, and is
// not theirs to give back.
func TestRecord(t *testing.T) {
	p := new(page)
	outer := NewRecorder(p)
	inner := record(outer)
	if inner != outer {
		t.Error("there are two for one response that has not begun")
	}
	inner.release(outer)
	if outer.Unwrap() != keepalive.ResponseWriter(p) {
		t.Error("the one further out has lost its writer")
	}
	for name, begin := range map[string]func(){
		"a status":            func() { outer.status = 200 },
		"content":             func() { outer.bytes = 1 },
		"content of one byte": func() { outer.status, outer.bytes = 0, 1 },
		"any status":          func() { outer.status = 1 },
	} {
		outer.Reset(p)
		begin()
		if inner = record(outer); inner == outer {
			t.Errorf("one that has seen %s is taken for a new one", name)
		}
		if inner.Status() != 0 || inner.Bytes() != 0 || inner.Unwrap() != keepalive.ResponseWriter(outer) {
			t.Errorf("after %s: the new one has %d and %d", name, inner.Status(), inner.Bytes())
		}
		inner.release(outer)
	}
	if rec := record(p); rec.Unwrap() != keepalive.ResponseWriter(p) {
		t.Error("a writer that is no Recorder gets none")
	}
}

// TestFail: what speaks of the content that does not come is taken off.
func TestFail(t *testing.T) {
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Range", "Content-Disposition",
		"Content-Language", "ETag", "Last-Modified", "Cache-Control", "Expires", "Accept-Ranges"} {
		p := new(page)
		p.header.Set(name, "before")
		p.header.Set("X-Request-ID", "a")
		fail(p, 500)
		if p.header.Get(name) == "before" || !p.header.Has("X-Request-ID") || fmt.Sprint(p.calls) != "[500]" {
			t.Errorf("%s is %q after fail, X-Request-ID %q, the status %v", name, p.header.Get(name), p.header.Get("X-Request-ID"), p.calls)
		}
	}
}

func TestShrinks(t *testing.T) {
	for media, want := range map[string]bool{
		"application/x-javascript": true, "application/x-ndjson": true, "application/vnd.ms-fontobject": true, "font/ttf": true, "font/otf": true,
		"image/bmp": true, "image/x-icon": true, "image/vnd.microsoft.icon": true, "font/woff2": false, "application/zip": false,
	} {
		if got := shrinks([]byte(media)); got != want {
			t.Errorf("%s: %v", media, got)
		}
	}
}

func TestDeclaredLength(t *testing.T) {
	for value, want := range map[string]int64{"0": 0, "1": 1, "5000": 5000, "": -1, "many": -1, "5x": -1, "-5": -1, "-1": -1, "99999999999999999999": -1} {
		var h message.Header
		h.Set("Content-Length", value)
		if got := declaredLength(&h); got != want {
			t.Errorf("%q is %d, want %d", value, got, want)
		}
	}
	if got := declaredLength(new(message.Header)); got != -1 {
		t.Errorf("without the field it is %d", got)
	}
}

// TestAddVary: what the handler has said is not said again.
func TestAddVary(t *testing.T) {
	for before, want := range map[string]string{
		"Accept-Encoding": "Accept-Encoding", "accept-encoding, Cookie": "accept-encoding, Cookie", "*": "*", "Cookie": "Cookie and Accept-Encoding",
	} {
		var h message.Header
		h.Set("Vary", before)
		addVary(&h)
		var got []string
		for v := range h.Values("Vary") {
			got = append(got, string(v))
		}
		if strings.Join(got, " and ") != want {
			t.Errorf("%s becomes %q, want %s", before, got, want)
		}
	}
}

// TestLevel: Compress(0) is level 4.
func TestLevel(t *testing.T) {
	var text strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		fmt.Fprintf(&text, "<p>%d ", random.IntN(500))
	}
	sizes := map[int]int{}
	for _, level := range []int{0, 3, 4, 5} {
		p := new(page)
		Compress(level)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, text.String())
		})).ServeHTTP(p, request(t, "GET", "Accept-Encoding: gzip"))
		sizes[level] = p.content.Len()
	}
	if sizes[0] != sizes[DefaultGzipLevel] || sizes[0] == sizes[DefaultGzipLevel-1] || sizes[0] == sizes[DefaultGzipLevel+1] {
		t.Errorf("the sizes by level are %v: 0 is not like %d, or like another one", sizes, DefaultGzipLevel)
	}
}

// TestStar: the first star counts, as the first of each name does.
func TestStar(t *testing.T) {
	r := request(t, "GET", "Accept-Encoding: *;q=0, *")
	if got := Negotiate(&r.Header, "gzip"); got != "" {
		t.Errorf("%q", got)
	}
}

// TestOrigins: the list of origins may be changed afterwards.
func TestOrigins(t *testing.T) {
	origins := []string{"https://a.example"}
	around := CORS{AllowedOrigins: origins}.Middleware()
	origins[0] = "https://b.example"
	p := new(page)
	around(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {})).ServeHTTP(p, request(t, "GET", "Origin: https://a.example"))
	if got := p.header.Get("Access-Control-Allow-Origin"); got != "https://a.example" {
		t.Errorf("%q", got)
	}
}

// TestSilent: whom nobody answers, the server does.
func TestSilent(t *testing.T) {
	for _, test := range []struct {
		method, length string
		want           string
	}{
		{"GET", "", "[]"}, {"HEAD", "", "[]"}, {"POST", "", "[]"}, {"GET", "5000", "[]"}, {"HEAD", "5000", "[200]"},
	} {
		p := new(page)
		Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Header().Set("Content-Type", "text/plain")
			if test.length != "" {
				w.Header().Set("Content-Length", test.length)
			}
		})).ServeHTTP(p, request(t, test.method, "Accept-Encoding: gzip"))
		if got := fmt.Sprint(p.calls); got != test.want {
			t.Errorf("%s with Content-Length %q: WriteHeader of %s, want %s", test.method, test.length, got, test.want)
		}
	}
	p := new(page)
	Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Content-Length", "5000")
		w.WriteHeader(404)
	})).ServeHTTP(p, request(t, "HEAD", "Accept-Encoding: gzip"))
	if fmt.Sprint(p.calls) != "[404]" {
		t.Errorf("WriteHeader of %v, after one of 404", p.calls)
	}
}

// A line is a page whose connection can be taken over, and whose client is gone then.
type line struct {
	page
	taken bool
	fails error
}

func (l *line) Hijack(func(context.Context, net.Conn)) error { l.taken = true; return nil }

func (l *line) Flush() error { return l.fails }

func (l *line) Write(p []byte) (int, error) {
	if l.taken {
		return 0, keepalive.ErrHijackTooLate
	}
	return l.page.Write(p)
}

// TestTaken: who has taken the connection over cannot write a response.
func TestTaken(t *testing.T) {
	l := new(line)
	Compress(0)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
		w.Header().Set("Content-Type", "text/plain")
		keepalive.Hijack(w, func(context.Context, net.Conn) {})
		if _, err := io.WriteString(w, "late"); !errors.Is(err, keepalive.ErrHijackTooLate) {
			t.Errorf("Write says %v", err)
		}
	})).ServeHTTP(l, request(t, "GET", "Accept-Encoding: gzip"))
	if len(l.calls) > 0 {
		t.Errorf("WriteHeader of %v", l.calls)
	}
}

// TestFlushFails: a handler is told that the client is gone.
func TestFlushFails(t *testing.T) {
	for name, around := range map[string]keepalive.Middleware{"Compress": Compress(0), "Recover": Recover(nil), "Timeout": Timeout(time.Minute)} {
		around(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			if err := w.Flush(); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: Flush says %v", name, err)
			}
		})).ServeHTTP(&line{fails: io.ErrClosedPipe}, request(t, "GET"))
	}
}

// TestNewID: 26 letters and digits, and no two generators make the same.
func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id := newID()
		if len(id) != 26 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" || seen[id] {
			t.Errorf("%q, again: %v", id, seen[id])
		}
		seen[id] = true
	}
	one, other := generators.New().(*rand.ChaCha8), generators.New().(*rand.ChaCha8)
	if one.Uint64() == other.Uint64() {
		t.Error("two generators begin with the same number")
	}
}

// TestHead: the bytes of the last request are not those of a HEAD.
func TestHead(t *testing.T) {
	var seen []int64
	h := Observe(func(e *Exchange) { seen = append(seen, e.Bytes) })(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, "hello") }))
	for range 20 { // the pool may forget an Exchange
		h.ServeHTTP(new(page), request(t, "GET"))
		h.ServeHTTP(new(page), request(t, "HEAD"))
	}
	for i, n := range seen {
		if n != []int64{5, 0}[i%2] {
			t.Fatalf("%v", seen)
		}
	}
}

// TestBrokenOnce: a Body that has broken off is broken, also if it says nothing more.
func TestBrokenOnce(t *testing.T) {
	b := watchedBody{from: &once{io.ErrUnexpectedEOF}}
	for range 2 {
		b.Read(nil)
	}
	if b.status() != 400 {
		t.Errorf("%d", b.status())
	}
}

// A once fails once.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	err := o.err
	o.err = nil
	return 0, err
}

func TestPanicMessage(t *testing.T) {
	var log strings.Builder
	Recover(slog.New(slog.NewTextHandler(&log, nil)))(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) { panic("oops") })).ServeHTTP(new(page), request(t, "GET"))
	if !strings.Contains(log.String(), `msg="http: handler panicked" panic=oops`) {
		t.Error(log.String())
	}
}

// TestTimeoutEnds: what a handler has left behind with its context ends with it.
func TestTimeoutEnds(t *testing.T) {
	var ctx context.Context
	Timeout(time.Hour)(keepalive.HandlerFunc(func(_ keepalive.ResponseWriter, r *keepalive.Request) { ctx = r.Context() })).ServeHTTP(new(page), request(t, "GET"))
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("%v", ctx.Err())
	}
}
