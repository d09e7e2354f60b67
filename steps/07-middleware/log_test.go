package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
)

func TestTask5_Escaped(t *testing.T) {
	for _, test := range []struct{ name, in, want, why string }{
		{"visible ASCII and spaces stay", "GET /a?b=c~ ", "GET /a?b=c~ ", "most of what is logged is harmless, and is read by people"},
		{"a line end", "a\r\nb", `a\x0D\x0Ab`, "behind a line end, a client writes lines of our log"},
		{"a quote", `a" 200 "b`, `a\x22 200 \x22b`, "behind a quote, a client writes the next value"},
		{"a backslash", `\x41`, `\x5Cx41`, "otherwise nobody can tell an escape from one that was sent"},
		{"a terminal's escape", "\x1b[2J", `\x1B[2J`, "whoever reads the log with cat obeys it"},
		{"bytes above 127", "é\xff", `\xC3\xA9\xFF`, "there is C1 in it, and half of a character"},
		{"the last of the controls", "\x1f", `\x1F`, "all bytes below 0x20 are controls, and 0x20 is a space"},
		{"DEL and NUL", "\x7f\x00", `\x7F\x00`, "they are controls too"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := string(middleware.AppendEscaped([]byte("> "), []byte(test.in)))
			if got != "> "+test.want {
				testkit.Report{Sent: test.in, Want: "> " + test.want, Got: got, Why: test.why}.Error(t)
			}
		})
	}
}

// What is escaped is visible, has no quote, and means one input only.
func FuzzTask5_Escaped(f *testing.F) {
	for _, seed := range []string{"a", "\r\n", `\"`, "é", `\x41`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		in = "x" + in
		out := string(middleware.AppendEscaped(nil, []byte(in)))
		for _, c := range []byte(out) {
			if c < ' ' || c > '~' || c == '"' {
				t.Fatalf("%q has %q in it", out, c)
			}
		}
		var back []byte
		for i := 0; i < len(out); i++ {
			if out[i] != '\\' {
				back = append(back, out[i])
				continue
			}
			var c byte
			if _, err := fmt.Sscanf(out[i:min(i+4, len(out))], `\x%02X`, &c); err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			back = append(back, c)
			i += 3
		}
		if string(back) != in {
			t.Errorf("%q was escaped as %q", in, out)
		}
	})
}

func TestTask5_Observe(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name, why, method string
		body              io.Reader
		handler           keepalive.HandlerFunc
		want              string
	}{
		{name: "status, bytes and time", why: "404 and \"no\" were written, and the time is that from the first to the last line of the handler",
			handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				time.Sleep(3 * second)
				keepalive.Text(w, 404, "no")
			}, want: "404, 2 bytes, 3s"},
		{name: "a handler that writes nothing", why: "the server makes a 200 of it",
			handler: func(keepalive.ResponseWriter, *keepalive.Request) {}, want: "200, 0 bytes, 0s"},
		{name: "HEAD has no content", why: "the handler writes it and the connection drops it", method: "HEAD",
			handler: hello, want: "200, 0 bytes, 0s"},
		{name: "a panic before the response", why: "whoever recovers makes a 500 of it",
			handler: func(keepalive.ResponseWriter, *keepalive.Request) { time.Sleep(second); panic("oops") },
			want:    "500, 0 bytes, 1s, aborted, panicked oops"},
		{name: "a panic within the response", why: "the status has left; that the rest has not is worth a word",
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, "half"); panic("oops") },
			want:    "200, 4 bytes, 0s, aborted, panicked oops"},
		{name: "content that breaks off is a 400", why: "the handler returned without a word, and the server answers for it (step 4)",
			body: iotest.ErrReader(io.ErrUnexpectedEOF), handler: readAll, want: "400, 0 bytes, 0s"},
		{name: "content that does not come is a 408", why: "the handler returned without a word, and the server answers for it (step 4)",
			body: iotest.ErrReader(os.ErrDeadlineExceeded), handler: readAll, want: "408, 0 bytes, 0s"},
		{name: "content that breaks a rule has the status of its error", why: "the handler returned without a word, and the server answers for it (step 4)",
			body: iotest.ErrReader(&reqline.ProtocolError{Status: 413}), handler: readAll, want: "413, 0 bytes, 0s"},
		{name: "what the handler answers to that counts", why: "the handler has the first word",
			body: iotest.ErrReader(io.ErrUnexpectedEOF), handler: func(w keepalive.ResponseWriter, r *keepalive.Request) {
				readAll(w, r)
				w.WriteHeader(422)
			}, want: "422, 0 bytes, 0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				r := parse(t, request(cmpOr(test.method, "POST"), "/", "content"))
				if test.body != nil {
					r.Body = test.body
				}
				body, began := r.Body, time.Now()
				got := "done was not called"
				a := serve(middleware.Observe(func(e *middleware.Exchange) {
					got = fmt.Sprintf("%d, %d bytes, %v", e.Status, e.Bytes, e.Duration)
					if e.Aborted {
						got += ", aborted"
					}
					if e.Request != r || !e.Began.Equal(began) {
						got += ", with another request or start"
					}
				}), test.handler, r)
				if a.panicked != nil {
					got += fmt.Sprint(", panicked ", a.panicked)
				}
				if got != test.want {
					testkit.Report{Doing: "Observe around a handler, " + cmpOr(test.method, "POST") + ": " + test.name, Want: test.want, Got: got, Why: test.why}.Error(t)
				}
				if r.Body != body {
					testkit.Report{Doing: "Observe around a handler: " + test.name, Want: "after the handler, the Body that was there before", Got: "another Body",
						Why: "Observe puts a reader around Body to see what it ends with; the connection uses the Request for the next one, and must find its own"}.Error(t)
				}
			})
		})
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// readAll reads the content and says nothing.
func readAll(_ keepalive.ResponseWriter, r *keepalive.Request) { r.Content() }

// plainText is a slog.Handler that writes values as they are.
type plainText struct{ out *strings.Builder }

func (h plainText) Enabled(context.Context, slog.Level) bool { return true }
func (h plainText) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h plainText) WithGroup(string) slog.Handler            { return h }
func (h plainText) Handle(_ context.Context, r slog.Record) error {
	fmt.Fprintf(h.out, "%v %s", r.Level, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(h.out, " %s=%v", a.Key, a.Value)
		return true
	})
	h.out.WriteString("\n")
	return nil
}

func TestTask5_AccessLog(t *testing.T) {
	for _, test := range []struct {
		name, send, want, why string
		handler               keepalive.HandlerFunc
		fault                 error
	}{
		{name: "one record", send: get("/a?b=c", "User-Agent: curl/8", "X-Request-ID: sent"),
			want: "INFO request method=GET target=/a?b=c status=200 bytes=5 duration=2s remote=192.0.2.7 id=sent agent=curl/8\n",
			why:  "what went by, in one place"},
		{name: "without a User-Agent", send: request("POST", "/", "", "X-Request-ID: sent"),
			want: "INFO request method=POST target=/ status=200 bytes=5 duration=2s remote=192.0.2.7 id=sent agent=\n",
			why:  "the field may be missing"},
		{name: "a server error is an error", send: get("/", "X-Request-ID: sent"),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(503) },
			want:    "ERROR request method=GET target=/ status=503 bytes=0 duration=2s remote=192.0.2.7 id=sent agent=\n",
			why:     "a 5xx is the server's fault, and somebody should look"},
		{name: "a client's error is not", send: get("/", "X-Request-ID: sent"),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(499) },
			want:    "INFO request method=GET target=/ status=499 bytes=0 duration=2s remote=192.0.2.7 id=sent agent=\n",
			why:     "anybody can cause a 404, and nobody should be woken by it"},
		{name: "a panic", send: get("/", "X-Request-ID: sent"),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { panic("oops") },
			want:    "ERROR request method=GET target=/ status=500 bytes=0 duration=2s remote=192.0.2.7 id=sent agent= aborted=true\n",
			why:     "the request that broke something is the one to find in the log"},
		{name: "a request that the connection has refused", send: get("/", "X-Request-ID: sent"), fault: errors.New("a fault at \"\n\""),
			handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(505) },
			want:    `INFO request method=GET target=/ status=505 bytes=0 duration=2s remote=192.0.2.7 id=sent agent= fault=a fault at \x22\x0A\x22` + "\n",
			why:     "only here does it say what was wrong with it; and whatever its status is, anybody can cause it"},
		{name: "what clients send is a value and nothing else", send: get("/", "X-Request-ID: sent", "User-Agent: a\" status=\"999 \xff\\"),
			want: `INFO request method=GET target=/ status=200 bytes=5 duration=2s remote=192.0.2.7 id=sent agent=a\x22 status=\x22999 \xFF\x5C` + "\n",
			why:  "a log that can be written by its subjects is no evidence"},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				var out strings.Builder
				h := test.handler
				if h == nil {
					h = hello
				}
				around := middleware.Chain(middleware.RequestID(), middleware.AccessLog(slog.New(plainText{&out})))
				r := parse(t, test.send)
				r.Fault = test.fault
				serve(around, func(w keepalive.ResponseWriter, r *keepalive.Request) {
					time.Sleep(2 * time.Second)
					h(w, r)
				}, r)
				if out.String() != test.want {
					testkit.Report{Sent: test.send, Want: test.want, Got: out.String(), Why: test.why}.Error(t)
				}
			})
		})
	}
}

func TestTask5_DefaultLog(t *testing.T) {
	kept := defaultLog(t)
	a := serve(middleware.AccessLog(nil), hello, parse(t, get("/a")))
	if got := kept.String(); !strings.Contains(got, "target=/a") || a.summary() != `200 "hello"` {
		testkit.Report{Doing: "a request for /a comes through AccessLog(nil)", Want: `200 "hello", and a record in slog.Default()`, Got: a.summary() + ", and there: " + cmpOr(got, "nothing"), Why: "a nil log is slog.Default()"}.Error(t)
	}
}

// A record that nobody wants has to be noticed before it is made.
func TestTask5_Disabled(t *testing.T) {
	asked := func(level slog.Level) int64 {
		addr := new(countingAddr)
		r := parse(t, get("/"))
		r.RemoteAddr = addr
		serve(middleware.AccessLog(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: level}))), hello, r)
		return addr.asked.Load()
	}
	got := fmt.Sprintf("at level Info, the address is asked for: %v; at level Error: %v", asked(slog.LevelInfo) > 0, asked(slog.LevelError) > 0)
	if want := "at level Info, the address is asked for: true; at level Error: false"; got != want {
		testkit.Report{Doing: "a request comes, and the test looks whether its address is written as text", Want: want, Got: got, Why: "a log that keeps only errors should not pay for eight attributes of each request: ask it with Enabled first"}.Error(t)
	}
}

// A countingAddr counts how often it is written out.
type countingAddr struct{ asked atomic.Int64 }

func (a *countingAddr) Network() string { return "test" }
func (a *countingAddr) String() string  { a.asked.Add(1); return "somewhere" }

func TestTask5_CommonLog(t *testing.T) {
	for _, test := range []struct {
		name, send, want, why string // @ stands for the time
		combined, broken      bool
		remote                net.Addr
		handler               keepalive.HandlerFunc
	}{
		{name: "one line", send: get("/a?b"), want: `192.0.2.7 - - [@] "GET /a?b HTTP/1.1" 200 5`, why: "this is the format"},
		{name: "many bytes", send: get("/"), handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { io.WriteString(w, strings.Repeat("x", 1994)) },
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 200 1994`, why: "the bytes of content are counted in decimal"},
		{name: "no content is a dash", send: get("/"), handler: func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(304) },
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 304 -`, why: "it is %b in Apache's words: a dash, not a zero"},
		{name: "HEAD sends no content", send: request("HEAD", "/", ""), want: `192.0.2.7 - - [@] "HEAD / HTTP/1.1" 200 -`, why: "the bytes are those that were sent"},
		{name: "HTTP/1.0", send: "GET / HTTP/1.0\r\n\r\n", want: `192.0.2.7 - - [@] "GET / HTTP/1.0" 200 5`, why: "the version is the client's"},
		{name: "an IPv6 address", send: get("/"), remote: &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 1},
			want: `2001:db8::1 - - [@] "GET / HTTP/1.1" 200 5`, why: "it has colons of its own; the port is what stands behind the last"},
		{name: "an address that is no IP address", send: get("/"), remote: &net.UnixAddr{Name: "/run/a.sock", Net: "unix"},
			want: `/run/a.sock - - [@] "GET / HTTP/1.1" 200 5`, why: "not every listener is TCP"},
		{name: "a request line that could not be parsed", send: get("/"), broken: true, want: `192.0.2.7 - - [@] "-" 200 5`, why: "the connection has refused it; there is no method, no target and no version"},
		{name: "without an address", send: get("/"), remote: noAddr, want: `- - - [@] "GET / HTTP/1.1" 200 5`, why: "a line has always the same parts"},
		{name: "a panic", send: get("/"), handler: func(keepalive.ResponseWriter, *keepalive.Request) { panic("oops") },
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 500 -`, why: "the request that broke something is the one to find in the log"},
		{name: "combined", combined: true, send: get("/", "User-Agent: curl/8", "Referer: http://a/"),
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 200 5 "http://a/" "curl/8"`, why: "this is the other format"},
		{name: "combined with neither", combined: true, send: get("/"),
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 200 5 "-" "-"`, why: "a line has always the same parts"},
		{name: "what clients send stays in its quotes", combined: true, send: get("/", "User-Agent: a\" \"b\\", "Referer: \xe9"),
			want: `192.0.2.7 - - [@] "GET / HTTP/1.1" 200 5 "\xE9" "a\x22 \x22b\x5C"`, why: "a log that can be written by its subjects is no evidence"},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				var out lineWriter
				around := middleware.CommonLog(&out)
				if test.combined {
					around = middleware.CombinedLog(&out)
				}
				began := time.Now()
				r := parse(t, test.send)
				if test.broken {
					r.RequestLine = reqline.RequestLine{}
				}
				if test.remote == noAddr {
					r.RemoteAddr = nil
				} else if test.remote != nil {
					r.RemoteAddr = test.remote
				}
				h := test.handler
				if h == nil {
					h = hello
				}
				serve(around, func(w keepalive.ResponseWriter, r *keepalive.Request) {
					time.Sleep(time.Hour)
					h(w, r)
				}, r)
				want := fmt.Sprintf("%q", []string{strings.ReplaceAll(test.want, "@", began.Format("02/Jan/2006:15:04:05 -0700")) + "\n"})
				if got := fmt.Sprintf("%q", out.writes); got != want {
					testkit.Report{Sent: test.send, Want: "these writes: " + want, Got: "these writes: " + got, Why: test.why}.Error(t)
				}
			})
		})
	}
	t.Run("lines do not mix", func(t *testing.T) {
		var out lineWriter
		around := middleware.CommonLog(&out)
		var all sync.WaitGroup
		for range 100 {
			r := parse(t, get("/"))
			all.Go(func() { serve(around, hello, r) })
		}
		all.Wait()
		got := fmt.Sprintf("%d lines, %d calls of Write while another one was going on", len(out.writes), out.mixed.Load())
		if want := "100 lines, 0 calls of Write while another one was going on"; got != want {
			testkit.Report{Doing: "100 requests are served at the same time, with one log", Want: want, Got: got, Why: "connections are served at the same time, and an io.Writer need not be safe for that"}.Error(t)
		}
	})
}

// noAddr stands for no address at all.
var noAddr net.Addr = &net.UnixAddr{}

// A lineWriter keeps each call of Write, and counts those that come while another
// one is going on.
type lineWriter struct {
	busy   atomic.Int32
	mixed  atomic.Int32
	mu     sync.Mutex
	writes []string
}

func (w *lineWriter) Write(p []byte) (int, error) {
	if w.busy.Add(1) > 1 {
		w.mixed.Add(1)
	}
	defer w.busy.Add(-1)
	before := bytes.Clone(p)
	for range 10 {
		runtime.Gosched() // the others may come now
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !bytes.Equal(before, p) {
		w.mixed.Add(1)
	}
	w.writes = append(w.writes, string(p))
	return len(p), nil
}
