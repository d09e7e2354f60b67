package keepalive_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

func TestTask7_Refused(t *testing.T) {
	var rows []row
	for _, test := range []struct {
		name, send, why string
		status          int
	}{
		{"no Host", "GET / HTTP/1.1\r\n\r\n", "RFC 9112 §3.2", 400},
		{"a bare LF", "GET / HTTP/1.1\nHost: a\n\n", "RFC 9112 §2.2", 400},
		{"a space before the colon", get("/", "A : b"), "RFC 9112 §5.1", 400},
		{"Content-Length and Transfer-Encoding", request("POST", "/", "0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"), "RFC 9112 §6.3", 400},
		{"an unknown transfer coding", request("POST", "/", "", "Transfer-Encoding: gzip, chunked"), "RFC 9112 §6.1", 501},
		{"a target that is too long", get("/" + strings.Repeat("x", 9000)), "RFC 9112 §3", 414},
		{"a header section that is too large", get("/", "A: "+strings.Repeat("x", 70000)), "RFC 6585 §5", 431},
		{"another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "RFC 9110 §15.6.6", 505},
	} {
		rows = append(rows, row{
			name: test.name,
			why:  "answered once with the status of the error, and nothing behind it is read as a request: nobody knows where that would start (" + test.why + ")",
			send: []string{get("/1") + test.send + get("/evil")},
			want: fmt.Sprintf("200, %d, then closed", test.status), check: field("Connection", "close"),
		})
	}
	limited := handle(echo)
	limited.Limits.Content = 8
	rows = append(rows, row{
		name: "a length above the limit", server: limited, does: doesEcho,
		why:  "Limits.Content is 8 bytes here: a 413 before any content is read, and before the handler is called (RFC 9110 §15.5.14)",
		send: []string{post("/", "12345678"), request("POST", "/", "", "Content-Length: 9")},
		want: "200, 413, then closed",
	}, row{
		name: "content that breaks behind the head of the response", does: "the handler calls Flush and r.Content, and writes nothing",
		why: "a second status line would be content of the response that has begun: it can only end, or be cut off (RFC 9112 §8)",
		server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Flush()
			r.Content()
		}),
		send: []string{request("POST", "/", "5\r\nhelloX\r\n", "Transfer-Encoding: chunked") + get("/evil")},
		want: "200, then closed", or: "200 (content cut off), then closed",
	}, row{
		name: "HTTP/1.0 without Host is no error", why: "Host came with HTTP/1.1 (RFC 9112 §3.2)",
		send: []string{"GET / HTTP/1.0\r\n\r\n"},
		want: "200, then closed",
	})
	run(t, rows)
}

func TestTask7_RefusedIsTold(t *testing.T) {
	for _, r := range []struct {
		name, why string
		server    keepalive.Server
		send      []string
		want      string
	}{
		{"a good line and a bad section", "a log that has none of the requests that are refused hides whoever is looking for a hole", keepalive.Server{},
			[]string{get("/1") + "GET /evil HTTP/1.1\r\nUser-Agent: me\r\n\r\n" + get("/3")}, `200, 400, then closed; told: 400 GET "/evil" of "me"`},
		{"a bad line", "what could not be parsed is not there, and nothing is left of the request before", keepalive.Server{},
			[]string{get("/1", "User-Agent: me") + "GET /evil  HTTP/1.1\r\nHost: a\r\n\r\n" + get("/3")}, `200, 400, then closed; told: 400  "" of ""`},
		{"half a head", "so is a client that was too slow", keepalive.Server{HeaderTimeout: silence / 2},
			[]string{get("/1") + "GET /slow HTTP/1.1\r\nUser-Agent: m"}, `200, 408, then closed; told: 408 GET "/slow" of ""`},
		{"an expectation that nobody knows", "no handler sees this one either", keepalive.Server{},
			[]string{get("/1") + get("/2", "User-Agent: me", "Expect: a miracle") + get("/3")}, `200, 417, then closed; told: 417 GET "/2" of "me"`},
		{"a connection that is idle for too long", "there was no request, and there is no answer", keepalive.Server{IdleTimeout: silence / 2},
			[]string{get("/1")}, `200, then closed; told:`},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				told := "; told:"
				srv := r.server
				srv.Handler, srv.ErrorLog = keepalive.HandlerFunc(hello), quiet
				srv.Refused = func(r *keepalive.Request, status int) {
					told += fmt.Sprintf(" %d %s %q of %q", status, r.Method, r.Target.Raw, r.Header.Value("User-Agent"))
					if r.Fault == nil {
						told += ", and Fault is nil"
					}
					if r.RemoteAddr == nil || r.Body == nil {
						told += ", and RemoteAddr or Body is nil"
					}
				}
				k := converse(t, &srv, r.send...)
				if got := k.summary() + told; got != r.want {
					k.report("Refused notes what it is told", r.want, got, r.why).Error(t)
				}
			})
		})
	}
}

func TestTask7_Panic(t *testing.T) {
	panicking := handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		switch r.Path() {
		case "/early":
			w.Header().Set("Content-Encoding", "gzip")
			panic("before anything is written")
		case "/held":
			io.WriteString(w, "half of")
			panic("before anything has left")
		case "/late":
			io.WriteString(w, "half of the content")
			w.Flush()
			panic("after the head has left")
		case "/7":
			w.WriteHeader(7)
		case "/99":
			w.WriteHeader(99)
		case "/1000":
			w.WriteHeader(1000)
		}
		hello(w, r)
	})
	for _, test := range []struct{ name, path, does, want string }{
		{"before anything is written", "/early", "sets Content-Encoding: gzip and panics", "200, 500, then closed"},
		{"before anything has left", "/held", `calls Write("half of") and panics`, "200, 500, then closed"},
		{"after the head has left", "/late", `calls Write("half of the content") and Flush, and panics`, "200, 200 (content cut off), then closed"},
		{"a status of one digit", "/7", "calls WriteHeader(7), which panics, or is treated as if it had", "200, 500, then closed"},
		{"a status of two digits", "/99", "calls WriteHeader(99), which panics, or is treated as if it had", "200, 500, then closed"},
		{"a status of four digits", "/1000", "calls WriteHeader(1000), which panics, or is treated as if it had", "200, 500, then closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := testkit.Report{Sent: get("/1") + get(test.path) + get("/3"), Doing: "the handler of " + test.path + " " + test.does, Want: test.want,
				Why: "a panic in a handler must not end the program, nor look like a complete response: a 500 if nothing of the response has left (RFC 9110 §15.6.1), and a response that is visibly cut off otherwise (RFC 9112 §8)"}
			if strings.HasPrefix(test.name, "a status") {
				report.Why = "a status line has three digits: a client could not read this one. It is a mistake of the program, as a panic is, and the 500 says so (RFC 9110 §15)"
			}
			testkit.Apart(t, report, func(t *testing.T) {
				testkit.Bubble(t, func(t *testing.T) {
					srv := panicking
					srv.ErrorLog = quiet
					k := converse(t, &srv, report.Sent)
					report.Got = k.summary()
					if all, _ := k.replies(); len(all) == 2 && all[1].StatusCode == 500 && all[1].Header.Get("Content-Encoding") != "" {
						report.Got += ", and the 500 has the handler's Content-Encoding"
						report.Why = "the fields of the handler speak of the content that it did not come to write, or set a cookie that it had not decided on: the 500 is the server's"
					}
					if report.Got != report.Want {
						report.Error(t)
					}
				})
			})
		})
	}
}

// A client that sends more than the server wants to read still gets the answer. This
// is about what the kernel does with unread bytes, so it runs on real sockets.
func TestTask7_Lingering(t *testing.T) {
	big := strings.Repeat("x", 600<<10)
	for _, test := range []struct{ name, send, want string }{
		{"a refused request with content behind it", "POST / HTTP/1.1\r\n\r\n" + big, "400"},
		{"content that nobody reads", request("POST", "/", big, "Content-Length: 100000000"), "413"},
		{"a request that says close, and more behind it", get("/", bye) + big, "200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // with the others here, which all wait
			srv := &keepalive.Server{Handler: keepalive.HandlerFunc(hello), ErrorLog: quiet}
			client := dialTCP(t, srv)
			var raw []byte
			var err error
			testkit.Within(t, 20*time.Second, "the response, and the end of the connection", func() {
				// The client sends all of it before it reads: it has not
				// noticed yet that nobody listens any more.
				io.WriteString(client, test.send)
				time.Sleep(50 * time.Millisecond) // a real clock: time for a reset to arrive
				client.SetReadDeadline(time.Now().Add(10 * time.Second))
				if tcp, ok := client.(*net.TCPConn); ok {
					tcp.CloseWrite()
				}
				raw, err = io.ReadAll(client)
			})
			k := &talk{sent: test.send, reads: []piece{{text: string(raw)}}, closed: true}
			got, want := k.summary(), test.want+", then closed"
			if err != nil {
				got += ", with " + testkit.Symptom(err)
			}
			if got != want {
				k.report("the client sends all of this before it reads", want, got,
					"a connection that is closed with bytes unread is reset, and the reset throws away the answer: close the sending side, read on for a little, then close (RFC 9112 §9.6)").Error(t)
			}
		})
	}
}

// A halfPipe is a connection without a kernel of which one side can be closed, as
// far as the server can see.
type halfPipe struct {
	net.Conn
	half bool // the server has closed its side
}

func (p *halfPipe) CloseWrite() error {
	p.half = true
	return nil
}

// Lingering is for a client that reads its answer. One that never ends must not hold
// the connection.
func TestTask7_LingeringEnds(t *testing.T) {
	for _, test := range []struct {
		name, does string
		goOn       bool
	}{
		{"a client that stays silent", "the client then says nothing, and does not close", false},
		{"a client that goes on sending", "the client then sends a byte every 100ms, and does not close", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				server := &halfPipe{Conn: theirs}
				var took time.Duration
				begun := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					(&keepalive.Server{Handler: keepalive.HandlerFunc(hello), ErrorLog: quiet}).ServeConn(context.Background(), testkit.Guard(t, server))
					took = time.Since(begun)
				}()
				const sent = "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
				var client sync.WaitGroup
				client.Go(func() {
					_, err := io.WriteString(ours, sent)
					for err == nil && test.goOn {
						time.Sleep(100 * time.Millisecond)
						_, err = io.WriteString(ours, "x")
					}
				})
				client.Go(func() { io.Copy(io.Discard, ours) })
				got := "it has not ended after an hour"
				select {
				case <-done:
					if got = fmt.Sprintf("it has ended after %v", took); took <= 10*time.Second {
						got = "it has ended after 10s at most"
					}
				case <-time.After(time.Hour):
				}
				ours.Close()
				<-done
				client.Wait()
				if !server.half {
					got = "the server's side was not closed first (CloseWrite)"
				}
				if want := "it has ended after 10s at most"; got != want {
					testkit.Report{Sent: sent, Doing: test.does, Want: want, Got: got,
						Why: "a client that is refused, and neither reads nor closes, would hold a goroutine and a socket for as long as it likes"}.Error(t)
				}
			})
		})
	}
}

func TestTask7_ErrorLog(t *testing.T) {
	for _, test := range []struct {
		name, does, why string
		panics          bool
		handler         keepalive.HandlerFunc
	}{
		{"a panic", "the handler panics", "a panic that nobody is told of is a bug that nobody mends", true,
			func(keepalive.ResponseWriter, *keepalive.Request) { panic("in the handler") }},
		{"a response that is too short", `the handler sets Content-Length: 10 and calls Write("1234")`, "the client sees a connection that breaks; only the log can say why", false,
			func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				w.Header().Set("Content-Length", "10")
				io.WriteString(w, "1234")
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := testkit.Report{Sent: get("/", bye), Doing: test.does, Want: "something is written to ErrorLog", Why: test.why}
			look := func(t *testing.T) {
				testkit.Bubble(t, func(t *testing.T) {
					var log strings.Builder
					srv := &keepalive.Server{Handler: test.handler, ErrorLog: slog.New(slog.NewTextHandler(&log, nil))}
					converse(t, srv, report.Sent)
					if log.Len() == 0 {
						report.Got = "nothing"
						report.Error(t)
					}
				})
			}
			if test.panics {
				testkit.Apart(t, report, look)
			} else {
				look(t)
			}
		})
	}
}

// dialTCP serves one connection over loopback, and returns the client's end.
func dialTCP(t *testing.T, srv *keepalive.Server) net.Conn {
	t.Helper()
	return dialTCPWith(t, func(conn net.Conn) { srv.ServeConn(context.Background(), testkit.Guard(t, conn)) })
}

// dialTCPWith lets serve have the server's end of a connection over loopback, which is
// a *net.TCPConn, and returns the client's.
func dialTCPWith(t *testing.T, serve func(conn net.Conn)) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer conn.Close()
		serve(conn)
	}()
	t.Cleanup(func() {
		client.Close()
		<-done
	})
	return client
}

// A deaf connection takes nothing: the client has gone.
type deaf struct{ net.Conn }

func (deaf) Write([]byte) (int, error) { return 0, net.ErrClosed }

// A torn connection gives what it has and then fails, as one does that was reset.
type torn struct{ net.Conn }

func (c torn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		err = net.ErrClosed
	}
	return n, err
}

// A handler that gives up when the connection is torn has not panicked, and there is
// nobody to answer.
func TestTask7_TornInTheContent(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		var log strings.Builder
		handled := 0
		srv := &keepalive.Server{ErrorLog: slog.New(slog.NewTextHandler(&log, nil)), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			r.Content()
			handled++
		})}
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			srv.ServeConn(context.Background(), testkit.Guard(t, torn{theirs}))
		}()
		sent := request("POST", "/", "hel", "Content-Length: 5")
		ours.SetWriteDeadline(time.Now().Add(silence))
		io.WriteString(ours, sent)
		ours.Close()
		<-done
		if got, want := fmt.Sprintf("requests handled: %d; in ErrorLog: %s", handled, testkit.LogLines(log.String())), "requests handled: 1; in ErrorLog: nothing"; got != want {
			testkit.Report{Sent: sent, Doing: "then the connection is reset; the handler reads the content and writes nothing", Want: want, Got: got,
				Why: "clients go away all day. An error in the log that nobody can mend hides those that somebody should"}.Error(t)
		}
	})
}

func TestTask7_ClientThatHasGone(t *testing.T) {
	for _, r := range []struct {
		name, does string
		call       func(w keepalive.ResponseWriter) error
	}{
		{"Flush says so", "Flush", keepalive.ResponseWriter.Flush},
		{"Write says so", "Write with 1 MiB", func(w keepalive.ResponseWriter) error { _, err := w.Write(make([]byte, 1<<20)); return err }},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				var handled []string
				srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, q *keepalive.Request) {
					handled = append(handled, fmt.Sprintf("%s (an error: %v)", q.Path(), r.call(w) != nil))
				})}
				ours, theirs := net.Pipe()
				done := make(chan struct{})
				go func() {
					defer close(done)
					srv.ServeConn(context.Background(), testkit.Guard(t, deaf{theirs}))
				}()
				sent := get("/1") + get("/2") + get("/3")
				ours.SetWriteDeadline(time.Now().Add(silence))
				io.WriteString(ours, sent)
				ours.Close()
				<-done
				if got, want := strings.Join(handled, ", "), "/1 (an error: true)"; got != want {
					testkit.Report{Sent: sent, Doing: "the handler calls " + r.does + ", and every Write to the connection fails", Want: "handled: " + want, Got: "handled: " + got,
						Why: "nobody will read the responses to come: a request that is handled all the same is work that is lost, or an order that is placed and never confirmed"}.Error(t)
				}
			})
		})
	}
}
