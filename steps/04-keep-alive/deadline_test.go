package keepalive_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// patience is longer than every deadline of the server.
const patience = time.Hour

// timed returns a server whose deadlines differ, so that a test can tell them apart.
func timed(f keepalive.HandlerFunc) *keepalive.Server {
	return &keepalive.Server{
		Handler: f, ErrorLog: quiet,
		HeaderTimeout: 7 * time.Second, IdleTimeout: 11 * time.Second,
		BodyTimeout: 13 * time.Second, WriteTimeout: 17 * time.Second,
	}
}

func TestTask8_Deadlines(t *testing.T) {
	slowly := func(text string) []string { // one byte in 10 ms
		return strings.Split(text, "")
	}
	long := "GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", 2000)
	for _, test := range []struct {
		name    string
		handler keepalive.HandlerFunc
		does    string
		send    []string
		want    string
		why     string
	}{
		{
			"a connection that never says anything", hello, doesHello, nil, "no response, then closed after 7s",
			"thousands of them cost as much memory as thousands of clients; there is no request that a 408 could answer",
		},
		{
			"half a head", hello, doesHello, []string{get("/1"), "GET /2 HTTP/1.1\r\nHo"}, "200, 408, then closed after 7.01s",
			"408: the request was not complete in time (RFC 9110 §15.5.9)",
		},
		{
			"a head that comes one byte at a time", hello, "the client sends a byte every 10ms", slowly(long), "408, then closed after 7s",
			"the deadline is for the whole head: one that each byte moves is never reached, and an attacker needs one byte in a while to hold a connection (slowloris)",
		},
		{
			"an idle connection", hello, doesHello, []string{get("/1")}, "200, then closed after 11s",
			"idle connections are closed without a word: no request is there to be answered (RFC 9112 §9.5)",
		},
		{
			"an idle connection that was used for a while", hello, doesHello, []string{get("/1"), get("/2"), get("/3")}, "200, 200, 200, then closed after 11.02s",
			"the time counts from the last response",
		},
		{
			"content that does not come", echo, doesEcho, []string{request("POST", "/", "", "Content-Length: 10"), "12345"}, "200, then closed after 13.01s",
			"a handler that waits for content is let go",
		},
		{
			"content that does not come, and a handler that gives up",
			func(w keepalive.ResponseWriter, r *keepalive.Request) {
				if _, err := r.Content(); !errors.Is(err, os.ErrDeadlineExceeded) {
					fmt.Fprint(w, err)
				}
			}, "the handler reads Body until it fails, and writes nothing",
			[]string{request("POST", "/", "", "Transfer-Encoding: chunked")}, "408, then closed after 13s",
			"the error of Body says that a deadline passed, and a handler that writes nothing leaves the answer to the server (RFC 9110 §15.5.9)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				k := listen(t, context.Background(), timed(test.handler), patience, test.send...)
				got := fmt.Sprintf("%s after %v", k.summary(), k.took)
				if got != test.want {
					k.report(test.does+". HeaderTimeout 7s, IdleTimeout 11s, BodyTimeout 13s, WriteTimeout 17s", test.want, got, test.why).Error(t)
				}
			})
		})
	}
}

// A client that does not read its response is let go, however long the response is.
func TestTask8_ClientThatDoesNotRead(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		var handled time.Duration
		begun := time.Now()
		srv := timed(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			w.Write(make([]byte, 10<<20))
			handled = time.Since(begun)
		})
		ours, theirs := pipe(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			srv.ServeConn(context.Background(), theirs)
		}()
		const sent = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		go ours.Write([]byte(sent))
		got := "ServeConn still runs"
		select {
		case <-done:
			got = fmt.Sprintf("the handler's Write returned after %v", handled)
		case <-time.After(patience):
		}
		ours.Close()
		<-done
		if want := "the handler's Write returned after 17s"; got != want {
			testkit.Report{Sent: sent, Doing: "the handler writes 10 MiB, and the client does not read. WriteTimeout is 17s", Want: want, Got: got, Why: "a client that never reads would hold a goroutine and a response in memory for ever"}.Error(t)
		}
	})
}

// Content that nobody reads is dropped for a while and not for ever.
func TestTask8_SlowUnreadContent(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		pieces := append([]string{request("POST", "/", "", "Content-Length: 100000")}, strings.Split(strings.Repeat("x", 5000), "")...)
		k := listen(t, context.Background(), timed(hello), patience, pieces...)
		got := fmt.Sprintf("%s after %v", k.summary(), k.took)
		if k.closed && k.took >= 13*time.Second && k.took <= 26*time.Second {
			got = k.summary() + " after 13s to 26s"
		}
		if want := "200, then closed after 13s to 26s"; got != want {
			testkit.Report{Sent: k.sent, Doing: "the client sends a byte of the content every 10ms, and the handler does not read it. BodyTimeout is 13s", Want: want, Got: got,
				Why: "a client that sends one byte at a time holds a goroutine although its request was answered long ago"}.Error(t)
		}
	})
}
