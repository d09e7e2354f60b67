package keepalive_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// Where the content ends with the connection, a connection that ends as always says
// that the content is complete. This is about what the kernel sends, so it runs on a
// real socket.
func TestTask7_Reset(t *testing.T) {
	report := testkit.Report{Sent: "GET / HTTP/1.0\r\n\r\n", Doing: `the handler calls Write("half of the content") and Flush, and panics; ` +
		"the connection is a *net.TCPConn", Want: "the connection is reset",
		Why: "content without a length and without chunks ends where the connection does: to an HTTP/1.0 client an orderly end says that this was all of it, and only a reset (SetLinger(0), then Close) tells it otherwise (RFC 9112 §8)"}
	testkit.Apart(t, report, func(t *testing.T) {
		var called atomic.Bool
		srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
			called.Store(true)
			io.WriteString(w, "half of the content")
			w.Flush()
			panic("after the head has left")
		})}
		client := dialTCPWith(t, func(conn net.Conn) { srv.ServeConn(context.Background(), conn) })
		var raw []byte
		var err error
		testkit.Within(t, 20*time.Second, "the end of the connection", func() {
			io.WriteString(client, report.Sent)
			client.SetReadDeadline(time.Now().Add(10 * time.Second))
			raw, err = io.ReadAll(client)
		})
		switch reset := strings.HasPrefix(testkit.Symptom(err), "connection reset"); {
		case !called.Load():
			report.Got = "the handler was not called"
		case err == nil:
			_, content, _ := strings.Cut(string(raw), "\r\n\r\n")
			report.Got = "an orderly end, behind " + testkit.Excerpt(content)
		case !reset:
			report.Got = testkit.Symptom(err)
		default:
			return
		}
		report.Error(t)
	})
}

// What Body has not handed out yet is what talk reads first, wherever it is kept.
func TestTask10_ContentNotRead(t *testing.T) {
	for _, test := range []struct{ name, send string }{
		{"half of content with a length was read", request("POST", "/", "hello", "Content-Length: 5")},
		{"half of a chunk was read", request("POST", "/", "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked")},
	} {
		t.Run(test.name, func(t *testing.T) {
			about := testkit.Report{Sent: test.send, Doing: `the handler reads 2 bytes of Body and calls Hijack, with a talk that reads 3 bytes and writes them`, Want: `"llo"`,
				Why: "talk reads all that the client has sent and nobody has read yet, and content comes before what is behind it: bytes that Body had taken out of the buffer, and kept, are lost otherwise"}
			testkit.BubbleFor(t, about, func(t *testing.T) {
				srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					io.ReadFull(r.Body, make([]byte, 2))
					keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
						rest := make([]byte, 3)
						nc.SetReadDeadline(time.Now().Add(silence / 2))
						n, _ := io.ReadFull(nc, rest)
						nc.Write(rest[:n])
					})
				})}
				k := converse(t, srv, test.send)
				if about.Got = `"` + testkit.Visible(k.raw()) + `"`; about.Got != about.Want {
					about.Error(t)
				}
			})
		})
	}
}
