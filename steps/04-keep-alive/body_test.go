package keepalive_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"barewire/checker/testkit"
	reqline "barewire/steps/02-request-line"
	keepalive "barewire/steps/04-keep-alive"
)

// echo sends the content back, and says how it ended.
func echo(w keepalive.ResponseWriter, r *keepalive.Request) {
	content, err := r.Content()
	fmt.Fprintf(w, "%s|%s", content, ending(err))
}

// ending names an error of Body as the tests want it.
func ending(err error) string {
	var p *reqline.ProtocolError
	switch {
	case err == nil:
		return "complete"
	case errors.As(err, &p):
		return fmt.Sprintf("ProtocolError %d", p.Status)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected EOF"
	}
	return err.Error()
}

// chunks returns a request with chunked content; each piece is a chunk.
func chunks(pieces ...string) string {
	var b strings.Builder
	for _, p := range pieces {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return chunksHead + b.String() + "0\r\n\r\n"
}

var chunksHead = request("POST", "/", "", "Transfer-Encoding: chunked")

// Each request asks for the connection to be closed: the loop comes with 4.4.
func TestTask3_Content(t *testing.T) {
	echoing := handle(echo)
	limited := handle(echo)
	limited.Limits.Content = 8
	big := strings.Repeat("0123456789", 10000)
	run(t, []row{
		{
			name: "content with a length", why: "case 6 of RFC 9112 §6.3", server: echoing, does: doesEcho,
			send: []string{closing(post("/", "hello"))},
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "content behind its head", why: "the content may arrive later, and in pieces", server: echoing, does: doesEcho,
			send: []string{request("POST", "/", "he", "Content-Length: 5", bye), "l", "lo"},
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "bytes behind the content", why: "content ends where its length says; what follows is another request, which this one's close makes void", server: echoing, does: doesEcho,
			send: []string{closing(post("/", "hello")) + get("/2")},
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "no content", why: "a request without a length has no content: case 7 of RFC 9112 §6.3", server: echoing, does: doesEcho,
			send: []string{get("/", bye)},
			want: "200, then closed", check: contents("|complete"),
		},
		{
			name: "chunked content", why: "case 4 of RFC 9112 §6.3", server: echoing, does: doesEcho,
			send: []string{closing(chunks("hel", "lo"))},
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "chunked content in pieces", why: "TCP keeps the order of bytes and not where a Read ends", server: echoing, does: doesEcho,
			send: strings.SplitAfter(closing(chunks("hel", "lo")), "l"),
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "the trailer section", why: "trailer fields are kept apart from the header section (RFC 9110 §6.5.1)",
			does: `the handler reads Body to its end, and writes Sum of r.Trailer(), ",", and Sum of r.Header`,
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.Copy(io.Discard, r.Body)
				fmt.Fprintf(w, "%s,%s", r.Trailer().Value("Sum"), r.Header.Value("Sum"))
			}),
			send: []string{request("POST", "/", "1\r\na\r\n0\r\nSum: 7\r\n\r\n", "Transfer-Encoding: chunked", bye)},
			want: "200, then closed", check: contents("7,"),
		},
		{
			name: "broken chunks, and a handler that gives up", why: "the content is not HTTP: a handler that writes nothing leaves it to the server to say so (RFC 9112 §7.1)",
			does: "the handler reads Body until it fails, and writes nothing",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				if _, err := r.Content(); ending(err) != "ProtocolError 400" {
					fmt.Fprint(w, ending(err))
				}
			}),
			send: []string{request("POST", "/", "5\r\nhelloworld\r\n", "Transfer-Encoding: chunked") + get("/")},
			want: "400, then closed",
		},
		{
			name: "broken chunks, and a handler that copies", why: "what was good before the fault is no answer: nothing has left yet, so the server can still say what was wrong (RFC 9112 §8)",
			does:   "the handler is io.Copy(w, r.Body)",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) { io.Copy(w, r.Body) }),
			send:   []string{request("POST", "/", "5\r\nhelloworld\r\n", "Transfer-Encoding: chunked") + get("/")},
			want:   "400, then closed",
		},
		{
			name: "content that is cut off, and a handler that says created", why: "a status that the handler has chosen is its answer",
			does: "the handler copies Body, and writes its answer, 201, only then",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(201)
			}),
			send: []string{request("POST", "/", "zz\r\n", "Transfer-Encoding: chunked") + get("/")},
			want: "201, then closed",
		},
		{
			name: "broken chunks, and a handler that answers all the same", why: "nobody knows where the next request starts: the connection has to end (RFC 9112 §6.3)", server: echoing, does: doesEcho,
			send: []string{request("POST", "/", "zz\r\n", "Transfer-Encoding: chunked") + get("/")},
			want: "200, then closed", check: contents("|ProtocolError 400"),
		},
		{
			name: "chunks up to the limit", why: "Limits.Content is the most that is allowed (8 bytes here)", server: limited, does: doesEcho,
			send: []string{closing(chunks("12345", "678"))},
			want: "200, then closed", check: contents("12345678|complete"),
		},
		{
			name: "chunks without end above the limit", why: "memory for a message is bounded (8 bytes here): chunks do not say how many they are, so they are refused when there are too many (RFC 9110 §15.5.14)",
			server: limited, does: doesEcho,
			send: []string{closing(chunks("12345", "6789"))},
			want: "200, then closed", check: contents("12345|ProtocolError 413"),
		},
	})
	for _, framed := range []struct {
		name string
		of   func(content string) string // a request that has it
	}{
		{"with a length", func(content string) string { return closing(post("/x", content, "A: b")) }},
		{"in chunks", func(content string) string {
			return request("POST", "/x", strings.TrimPrefix(chunks(content), chunksHead), "A: b", "Transfer-Encoding: chunked", bye)
		}},
	} {
		head, rest, _ := strings.Cut(framed.of(big), "\r\n\r\n")
		rows := []row{{
			name: "more content than a buffer holds", why: "content is read as a stream (RFC 9112 §2.2)", server: echoing, does: doesEcho,
			send: []string{framed.of(big)},
			want: "200, then closed", check: contents(big + "|complete"),
		}, {
			name: "the head stays good while the content is read", why: "the request's bytes are borrowed until the handler returns",
			does: "the handler reads Body to its end, and then writes Target.Raw, Host and the field A",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.Copy(io.Discard, r.Body)
				fmt.Fprintf(w, "%s %s %s", r.Target.Raw, r.Host, r.Header.Value("A"))
			}),
			send: []string{head + "\r\n\r\n", rest},
			want: "200, then closed", check: contents("/x a b"),
		}, {
			name: "a read into a small slice", why: "a Read returns at most what fits, and loses nothing",
			does: "the handler reads Body one byte at a time, and writes what it read and the error",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				var b strings.Builder
				p := make([]byte, 1)
				for {
					n, err := r.Body.Read(p)
					b.Write(p[:n])
					if err != nil {
						fmt.Fprintf(w, "%s %v", b.String(), err)
						return
					}
				}
			}),
			send: []string{framed.of("hello")},
			want: "200, then closed", check: contents("hello EOF"),
		}}
		t.Run(framed.name, func(t *testing.T) { run(t, rows) })
	}
}

func TestTask3_Truncated(t *testing.T) {
	for _, test := range []struct{ name, sent string }{
		{"with a length", request("POST", "/", "12345", "Content-Length: 10")},
		{"in a chunk", request("POST", "/", "a\r\n12345", "Transfer-Encoding: chunked")},
		{"between chunks", request("POST", "/", "5\r\n12345\r\n", "Transfer-Encoding: chunked")},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := make(chan string, 1)
			srv := handle(func(_ keepalive.ResponseWriter, r *keepalive.Request) {
				content, err := r.Content()
				said <- fmt.Sprintf("%q and %s", content, ending(err))
			})
			testkit.Bubble(t, func(t *testing.T) { converse(t, &srv, test.sent) })
			got := "the handler was not called, or did not return"
			select {
			case got = <-said:
			default:
			}
			if want := `"12345" and unexpected EOF`; got != want {
				testkit.Report{Sent: test.sent, Doing: "the client closes the connection behind this, and the handler calls r.Content", Want: want, Got: got, Why: "the client closed the connection: a handler that took what came for all of it would store half a file (RFC 9112 §8)"}.Error(t)
			}
		})
	}
}
