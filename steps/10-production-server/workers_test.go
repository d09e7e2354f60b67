package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	pool "barewire/steps/05-thread-pool"
	server "barewire/steps/10-production-server"
)

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// A client is a connection to a handler on a fake clock.
type client struct {
	net.Conn
	r *bufio.Reader
}

// dial connects a client to the handler, over net.Pipe.
func dial(t *testing.T, h keepalive.Handler) *client {
	ours, theirs := net.Pipe()
	go (&keepalive.Server{Handler: h, ErrorLog: quiet}).ServeConn(context.Background(), testkit.Guard(t, theirs))
	return newClient(ours)
}

func newClient(nc net.Conn) *client { return &client{nc, bufio.NewReader(nc)} }

// answer reads one response and describes it: status, some fields, content.
func (c *client) answer() string {
	c.SetReadDeadline(time.Now().Add(time.Hour))
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return "no response: " + testkit.Symptom(err)
	}
	content, err := io.ReadAll(res.Body)
	text := fmt.Sprint(res.StatusCode)
	if v := res.Header.Get("Retry-After"); v != "" {
		text += ", Retry-After"
	}
	if res.StatusCode == 200 {
		text += fmt.Sprintf(", %q", content)
	}
	if err != nil {
		text += ", cut off"
	}
	return text
}

// ask sends a request and describes the response to it.
func (c *client) ask(request string) string {
	if _, err := io.WriteString(c, request); err != nil {
		return "cannot send: " + testkit.Symptom(err)
	}
	return c.answer()
}

const (
	getA  = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
	post5 = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
)

// echoing answers with the request's method and content, and takes a minute for
// GET.
func echoing(w keepalive.ResponseWriter, r *keepalive.Request) {
	content, err := r.Content()
	if r.Method == "GET" {
		time.Sleep(time.Minute)
	}
	if err != nil {
		keepalive.Error(w, 400)
		return
	}
	keepalive.Text(w, 200, r.Method+string(content))
}

func TestTask6_Workers(t *testing.T) {
	for _, r := range []struct {
		name, doing, why string
		max              int
		queue            int
		story            func(t *testing.T, p *pool.Pool, dial func() *client) string
		want             string
		done             int64 // requests that workers have handled
	}{
		{"a request is answered", "a client sends GET / to a handler behind Workers", "by a worker", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			return dial().ask(getA)
		}, `200, "GET"`, 1},
		{"content arrives as it was sent", "a client sends hello with Content-Length, and then hello, you! in chunks; the handler sends back what it reads", "some of it was read before the worker came", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			c := dial()
			return c.ask(post5+"hello") + "; " + c.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n, you!\r\n0\r\n\r\n")
		}, `200, "POSThello"; 200, "POSThello, you!"`, 2},
		{"content that is longer than what is read ahead", "a client sends 128 KiB of content; the handler sends it back. The same content, all of it:", "the rest is read by the worker", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			long := strings.Repeat("0123456789abcdef", 8<<10)
			c := dial()
			go fmt.Fprintf(c, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(long), long)
			got := c.answer()
			return fmt.Sprint(got == fmt.Sprintf("200, %q", "POST"+long), ", ", len(got) > len(long))
		}, "true, true", 1},
		{"no worker, no place in the queue: 503 at once", "the only worker has a request that takes a minute, and a second client sends one", "the client learns now that it should come back, and not after a minute", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			first, second := dial(), dial()
			io.WriteString(first, getA)
			settle()
			begun := time.Now()
			got := second.ask(getA)
			return fmt.Sprintf("%s after %v; %s", got, time.Since(begun), first.answer())
		}, `503, Retry-After after 0s; 200, "GET"`, 1},
		{"the connection goes on after a 503", "the only worker is busy, and a second client is refused; when the worker is free, it sends its request again on this connection", "the client has done nothing wrong", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			first, second := dial(), dial()
			io.WriteString(first, getA)
			settle()
			got := second.ask(post5 + "hello")
			first.answer()
			return got + "; " + second.ask(post5+"hello")
		}, `503, Retry-After; 200, "POSThello"`, 2},
		{"in the queue: answered when its turn comes", "the only worker has a request that takes a minute, one may wait, and a second client sends one", "a short burst is served, a little later", 1, 1, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			first, second := dial(), dial()
			io.WriteString(first, getA)
			settle()
			begun := time.Now()
			got := second.ask(post5 + "hello")
			return fmt.Sprintf("%s after %v; %s", got, time.Since(begun), first.answer())
		}, `200, "POSThello" after 1m0s; 200, "GET"`, 2},
		{"nobody is free for 90 seconds: 503", "the only worker is busy for ten minutes, and a client sends a request", "waiting has a bound of its own", 1, 2, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			p.TrySubmit(func() { time.Sleep(10 * time.Minute) })
			begun := time.Now()
			got := dial().ask(getA)
			return fmt.Sprintf("%s after %v", got, time.Since(begun))
		}, "503, Retry-After after 1m30s", 0},
		{"an idle connection has no worker", "three clients send a request each and stay connected; there is one worker", "with one worker a connection, one browser that does nothing stops the server", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			var got []string
			for range 3 {
				got = append(got, dial().ask(post5+"hello"))
			}
			settle()
			return fmt.Sprint(got, " running ", p.Stats().Running)
		}, `[200, "POSThello" 200, "POSThello" 200, "POSThello"] running 0`, 3},
		{"half a head has no worker", "a client sends half a head, and another one a request; there is one worker", "it may never become a request", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			io.WriteString(dial(), "GET / HTTP/1.1\r\nHos")
			return dial().ask(post5 + "hello")
		}, `200, "POSThello"`, 1},
		{"half of a short content has no worker", "a client sends half of its content, and another one a request; there is one worker; then the first one sends the rest", "a form that is sent one byte a second is not worth waiting for", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			slow := dial()
			io.WriteString(slow, post5+"hel")
			settle()
			got := dial().ask(post5 + "hello")
			return got + "; " + slow.ask("lo")
		}, `200, "POSThello"; 200, "POSThello"`, 2},
		{"short content that is broken has no worker", "a client sends content in chunks that are broken, and another one a good request", "the handler could not make more of it than the server can: 400, before anything is done with a half of it", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			return dial().ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n") + "; " + dial().ask(post5+"hello")
		}, `400; 200, "POSThello"`, 1},
		{"a client that waits for a 100 gets it", "a client sends Expect: 100-continue, waits for the 100, and then sends the content", "the handler decides whether the content is wanted, and the handler is on the worker", 1, 0, func(t *testing.T, p *pool.Pool, dial func() *client) string {
			c := dial()
			go io.WriteString(c, "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
			return c.answer() + "; " + c.ask("hello")
		}, `100; 200, "POSThello"`, 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			const by = "%s\nrequests handled by workers: %d"
			plain := strings.NewReplacer("; ", "\n")
			about := testkit.Report{Doing: fmt.Sprintf("(Max %d, Queue %d) %s", r.max, r.queue, r.doing), Want: fmt.Sprintf(by, plain.Replace(r.want), r.done), Why: r.why}
			testkit.BubbleFor(t, about, func(t *testing.T) {
				p := pool.New(pool.Config{Max: r.max, Queue: r.queue, ErrorLog: quiet})
				h := server.Workers(p, 90*time.Second)(keepalive.HandlerFunc(echoing))
				var clients []*client
				got := r.story(t, p, func() *client {
					c := dial(t, h)
					clients = append(clients, c)
					return c
				})
				for _, c := range clients {
					c.Close()
				}
				if done := p.Stats().Done; got != r.want || done != r.done {
					about.Got = fmt.Sprintf(by, plain.Replace(got), done)
					about.Error(t)
				}
				p.Shutdown(context.Background())
			})
		})
	}
}

// Whether the content is wanted is for the handler to say.
func TestTask6_Expect(t *testing.T) {
	const send = "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	report := testkit.Report{Sent: send, Doing: "the handler does not want the content: it answers with 403 and reads nothing", Want: "403",
		Why: "to read Body is what sends the 100 (step 4): who reads ahead for a client that waits for it has said yes in the handler's place (RFC 9110 §10.1.1)"}
	testkit.BubbleFor(t, report, func(t *testing.T) {
		p := pool.New(pool.Config{Max: 1, ErrorLog: quiet})
		c := dial(t, server.Workers(p, time.Second)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Error(w, 403) })))
		got := c.ask(send)
		c.Close()
		if done := p.Stats().Done; got != report.Want || done != 1 {
			report.Got = fmt.Sprintf("%s, tasks done by workers: %d", got, done)
			report.Error(t)
		}
		p.Shutdown(context.Background())
	})
}

// A handler behind Workers can take its connection over. What was read ahead is in Body.
func TestTask6_Hijack(t *testing.T) {
	const send = post5 + "hello"
	report := testkit.Report{Sent: send + "behind", Doing: "the handler reads Body, and takes the connection over; who has it then sends back both, what was in Body and the next 6 bytes of the connection", Want: `in Body "hello", in the connection "behind"`,
		Why: "the content was read ahead, so it is in Body and nowhere else; and the way to the connection must not end at Workers: a ResponseWriter that wraps another one has Unwrap (step 4)"}
	testkit.BubbleFor(t, report, func(t *testing.T) {
		p := pool.New(pool.Config{Max: 1, ErrorLog: quiet})
		c := dial(t, server.Workers(p, time.Second)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			content, err := io.ReadAll(r.Body)
			if err == nil {
				err = keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
					next := make([]byte, 6)
					n, _ := io.ReadFull(nc, next)
					fmt.Fprintf(nc, "in Body %q, in the connection %q", content, next[:n])
				})
			}
			if err != nil {
				w.Header().Set("Connection", "close")
				keepalive.Text(w, 500, "Body or Hijack: "+err.Error())
			}
		})))
		io.WriteString(c, send)
		go io.WriteString(c, "behind")
		c.SetReadDeadline(time.Now().Add(time.Minute))
		got, err := io.ReadAll(c.r)
		c.Close()
		done := p.Stats().Done
		if string(got) != report.Want || err != nil || done != 1 {
			report.Got = fmt.Sprintf("%s\n(tasks done by workers: %d)", got, done)
			if err != nil {
				report.Got += "\n" + testkit.Symptom(err)
			}
			report.Error(t)
		}
		p.Shutdown(context.Background())
	})
}

// A panic in a handler happens on a worker, and must end up where a handler's panic
// always does.
func TestTask6_Panic(t *testing.T) {
	report := testkit.Report{Sent: getA, Doing: "a handler behind Workers panics", Want: "500", Why: "the connection of step 4, and Recover of step 7, look for panics on the goroutine that called them"}
	testkit.Apart(t, report, func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			p := pool.New(pool.Config{Max: 1, ErrorLog: quiet})
			c := dial(t, server.Workers(p, time.Second)(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) { panic("in a handler") })))
			got := c.ask(getA)
			c.Close()
			if done := p.Stats().Done; got != report.Want || done != 1 {
				report.Got = fmt.Sprintf("%s, tasks done by workers: %d", got, done)
				report.Error(t)
			}
			p.Shutdown(context.Background())
		})
	})
}

func TestTask6_BlockingPanic(t *testing.T) {
	report := testkit.Report{Sent: getA, Doing: "a handler calls Blocking with a function that panics", Want: "500", Why: "f is a part of the handler, wherever it runs: its client is told, and its panic is logged with the request"}
	testkit.Apart(t, report, func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			p := pool.New(pool.Config{Max: 1, ErrorLog: quiet})
			c := dial(t, keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				server.Blocking(p, w, r, func(context.Context) { panic("in a part of a handler") })
			}))
			got := c.ask(getA)
			c.Close()
			if done := p.Stats().Done; got != report.Want || done != 1 {
				report.Got = fmt.Sprintf("%s, tasks done by workers: %d", got, done)
				report.Error(t)
			}
			p.Shutdown(context.Background())
		})
	})
}

// How long Blocking waits for its turn.
func TestTask6_BlockingWaits(t *testing.T) {
	for _, r := range []struct {
		name, doing, why string
		context          func() (context.Context, context.CancelFunc)
		want             string
	}{
		{"not longer than the deadline of the request", "the request's context has a deadline in 5s", "RequestTimeout is for all that a handler does, waiting too",
			func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), 5*time.Second)
			}, "f has run: false, after 5s"},
		{"also when the server is told to stop", "the request's context is cancelled after 5s, as when the server is told to stop", "the request was accepted, so it is answered: only its deadline ends the wait",
			func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(5*time.Second, cancel)
				return ctx, cancel
			}, "f has run: true, after 1m0s"},
	} {
		t.Run(r.name, func(t *testing.T) {
			about := testkit.Report{Doing: "the only worker of a pool is busy for a minute, and a handler calls Blocking; " + r.doing, Want: r.want, Why: r.why}
			testkit.BubbleFor(t, about, func(t *testing.T) {
				p := pool.New(pool.Config{Max: 1, Queue: 1, ErrorLog: quiet})
				p.TrySubmit(func() { time.Sleep(time.Minute) })
				settle()
				ctx, cancel := r.context()
				defer cancel()
				req := request(t, getA)
				req.SetContext(ctx)
				begun, ran := time.Now(), false
				said := server.Blocking(p, new(sheet), req, func(context.Context) { ran = true })
				got := fmt.Sprintf("f has run: %v, after %v", ran, time.Since(begun))
				if said != ran {
					got += fmt.Sprintf(", and Blocking returned %v", said)
				}
				if got != r.want {
					about.Got = got
					about.Error(t)
				}
				p.Shutdown(context.Background())
			})
		})
	}
}

func TestTask6_Blocking(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		p := pool.New(pool.Config{Max: 1, ErrorLog: quiet})
		h := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			found := ""
			if server.Blocking(p, w, r, func(context.Context) { time.Sleep(time.Minute); found = "a row" }) {
				keepalive.Text(w, 200, found)
			}
		})
		first, second := dial(t, h), dial(t, h)
		io.WriteString(first, getA)
		settle()
		got := second.ask(getA) + "; " + first.answer()
		first.Close()
		second.Close()
		if want := `503, Retry-After; 200, "a row"`; got != want {
			testkit.Report{Sent: getA, Doing: "two clients send this; the handler calls Blocking with something that takes a minute, and the pool has one worker and no queue", Want: strings.ReplaceAll(want, "; ", "\n"), Got: strings.ReplaceAll(got, "; ", "\n"), Why: "a database takes so many questions at once; the others are better refused than left to wait in the database"}.Error(t)
		}
		p.Shutdown(context.Background())
	})
}
