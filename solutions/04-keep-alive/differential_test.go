package keepalive_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
)

// A framed is one request as a server has understood it: where it began and ended
// follows from what came out.
type framed struct {
	method, target, content string
}

// ours returns the requests that our server handles on a connection that brings input
// and then ends.
func ours(input []byte) (all []framed) {
	conn := &oneInput{r: bytes.NewReader(input)}
	srv := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		content, err := r.Content()
		if err != nil {
			return // refused, like a bad head
		}
		all = append(all, framed{r.Method, string(r.Target.Raw), string(content)})
	})}
	srv.ServeConn(context.Background(), conn)
	return all
}

// oneInput is a connection that brings some bytes and takes any.
type oneInput struct {
	net.Conn
	r *bytes.Reader
}

func (c *oneInput) Read(p []byte) (int, error)       { return c.r.Read(p) }
func (c *oneInput) Write(p []byte) (int, error)      { return len(p), nil }
func (c *oneInput) Close() error                     { return nil }
func (c *oneInput) RemoteAddr() net.Addr             { return replayAddr{} }
func (c *oneInput) SetDeadline(time.Time) error      { return nil }
func (c *oneInput) SetReadDeadline(time.Time) error  { return nil }
func (c *oneInput) SetWriteDeadline(time.Time) error { return nil }

// theirs returns the first n requests that Go's own parser finds in input, and why it
// found no more.
func theirs(input []byte, n int) (all []framed, err error) {
	// One empty line before a request is to be ignored (RFC 9112 §2.2), which
	// net/http does not do.
	r := bufio.NewReader(bytes.NewReader(input))
	for len(all) < n {
		if line, _ := r.Peek(2); string(line) == "\r\n" {
			r.Discard(2)
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return all, err
		}
		content, err := io.ReadAll(req.Body)
		if err != nil {
			return all, err
		}
		all = append(all, framed{req.Method, req.RequestURI, string(content)})
	}
	return all, nil
}

// knownToDiffer says why net/http does not read a request that we accept, or "".
func knownToDiffer(err error, last framed) string {
	switch text := fmt.Sprint(err); {
	case strings.Contains(text, "invalid URI") || strings.Contains(text, "parse ") || strings.Contains(text, "invalid host"):
		return "net/url has a grammar of its own for targets, of which it refuses some that RFC 3986 allows"
	case strings.Contains(text, "malformed HTTP version") || strings.Contains(text, "invalid method"):
		return ""
	case strings.Contains(text, "malformed MIME header") && last.method == "":
		return ""
	}
	return ""
}

// FuzzFraming: what our server accepts, Go's own parser frames the same way, request
// by request; or there is a reason in knownToDiffer.
func FuzzFraming(f *testing.F) {
	for _, in := range inputs {
		f.Add([]byte(in.input))
	}
	for _, seed := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\nT: v\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\nGET http://b/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPOST /2 HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: \xff\t y \r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var accepted []framed
		synctest.Test(t, func(t *testing.T) { accepted = ours(input) }) // what waits, waits on a fake clock
		if len(accepted) == 0 {
			return
		}
		second, err := theirs(input, len(accepted))
		for i, a := range accepted {
			if i >= len(second) {
				if reason := knownToDiffer(err, a); reason == "" {
					t.Fatalf("request %d of %q: ours %q, net/http says %v", i+1, input, a, err)
				}
				return
			}
			if a != second[i] {
				t.Fatalf("request %d of %q: ours %q, net/http %q", i+1, input, a, second[i])
			}
		}
	})
}
