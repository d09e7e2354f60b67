package keepalive_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

func TestTask4_Loop(t *testing.T) {
	ignore := handle(func(w keepalive.ResponseWriter, r *keepalive.Request) { w.Write(r.Target.Path) })
	const doesIgnore = "the handler writes the path, and does not read Body"
	run(t, []row{
		{
			name: "one request after another", why: "a connection persists (RFC 9112 §9.3)",
			send: []string{get("/1"), get("/2"), get("/3")},
			want: "200, 200, 200, then open", check: contents("hello /1", "hello /2", "hello /3"),
		},
		{
			name: "requests that arrive together are answered in order", why: "a client tells responses apart by their order only (RFC 9112 §9.2)",
			send: []string{get("/1") + get("/2") + get("/3")},
			want: "200, 200, 200, then open", check: contents("hello /1", "hello /2", "hello /3"),
		},
		{
			name: "and with one write", why: "a write for each of sixteen requests that came with one read is sixteen system calls",
			send: []string{strings.Repeat(get("/"), 16)},
			want: strings.Repeat("200, ", 16) + "then open",
			check: func(k *talk, _ []reply) (string, string) {
				return "writes to the connection: 1", fmt.Sprintf("writes to the connection: %d", len(k.reads))
			},
		},
		{
			name: "nothing is held back while the server waits", why: "a client may send its next request only when it has the answer to this one",
			send: []string{get("/1") + "GET /2 HT", "TP/1.1\r\nHost: a\r\n\r\n"},
			want: "200, 200, then open",
			check: func(k *talk, _ []reply) (string, string) {
				return "the first response after 0s", fmt.Sprintf("the first response after %v", k.reads[0].at)
			},
		},
		{
			name: "nor while a handler waits for content", why: "the client may wait for the first response before it sends the content of the second request",
			server: handle(echo), does: doesEcho,
			send: []string{get("/1") + request("POST", "/2", "", "Content-Length: 2"), "hi"},
			want: "200, 200, then open",
			check: func(k *talk, _ []reply) (string, string) {
				return "the first response after 0s", fmt.Sprintf("the first response after %v", k.reads[0].at)
			},
		},
		{
			name: "a handler that does nothing", does: "the handler does nothing",
			why:    "it has neither read nor written, and nothing has failed: a 200 without content, and then the next request (RFC 9112 §9.3)",
			server: handle(func(keepalive.ResponseWriter, *keepalive.Request) {}),
			send:   []string{post("/1", "content"), get("/2")},
			want:   "200, 200, then open",
		},
		{
			name: "the client asks to close", why: "MUST NOT process requests behind one that says close (RFC 9112 §9.6)",
			send: []string{get("/1") + get("/2", bye) + get("/3")},
			want: "200, 200, then closed", check: field("Connection", "close"),
		},
		{
			name: "the handler asks to close", does: "the handler sets Connection: close", why: "a handler closes the connection with the field that says so (RFC 9112 §9.6)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.Header().Set("Connection", "close") }),
			send:   []string{get("/1") + get("/2")},
			want:   "200, then closed", check: field("Connection", "close"),
		},
		{
			name: "HTTP/1.0 closes", why: "HTTP/1.0 does not persist unless asked (RFC 9112 §9.3)",
			send: []string{"GET /1 HTTP/1.0\r\n\r\n" + get("/2")},
			want: "200, then closed",
		},
		{
			name: "HTTP/1.0 with keep-alive is told that it persists", why: "an HTTP/1.0 client waits for the end of the connection unless the response says keep-alive (RFC 9112 §9.3)",
			send: []string{"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
			want: "200, 200, then open", check: field("Connection", "keep-alive"),
		},
		{
			name: "content that the handler did not read is no request", why: "MUST read all of the content or close (RFC 9112 §9.3): this content looks like a request",
			server: ignore, does: doesIgnore,
			send: []string{post("/1", get("/evil")) + get("/2")},
			want: "200, 200, then open", check: contents("/1", "/2"),
		},
		{
			name: "nor chunked content", why: "MUST read all of the content or close (RFC 9112 §9.3)",
			server: ignore, does: doesIgnore,
			send: []string{chunks(get("/evil"), get("/worse")) + get("/2")},
			want: "200, 200, then open", check: contents("/", "/2"),
		},
		{
			name: "nor content that is read in part", does: "the handler reads 3 bytes of Body, and writes the path", why: "the next request starts behind all of the content",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.ReadFull(r.Body, make([]byte, 3))
				w.Write(r.Target.Path)
			}),
			send: []string{post("/1", "abc"+get("/evil")) + get("/2")},
			want: "200, 200, then open", check: contents("/1", "/2"),
		},
		{
			name: "unread content that arrives later", why: "the response may leave before the content is here; what follows is still content",
			server: ignore, does: doesIgnore,
			send: []string{request("POST", "/1", "", "Content-Length: 5"), "12345" + get("/2")},
			want: "200, 200, then open", check: contents("/1", "/2"),
		},
		{
			name: "too much unread content closes", why: "reading a gigabyte to save a connection is a bad bargain; the client is told (RFC 9112 §9.6)",
			does:   doesIgnore,
			server: func() keepalive.Server { s := ignore; s.Limits.Content = 1 << 40; return s }(),
			send:   []string{request("POST", "/1", "", "Content-Length: 10000000")},
			want:   "200, then closed", check: field("Connection", "close"),
		},
		{
			name: "nor are too many unread chunks read", why: "chunks do not say how many they are: who reads them all reads for ever (RFC 9112 §9.6)",
			does: doesIgnore, server: ignore,
			send: []string{request("POST", "/1", strings.Repeat("4000\r\n"+strings.Repeat("x", 16<<10)+"\r\n", 20)+"0\r\n\r\n", "Transfer-Encoding: chunked") + get("/2")},
			want: "200, then closed",
		},
		{
			name: "another request behind content", why: "the next request starts behind the content of this one, and each has content of its own", server: handle(echo), does: doesEcho,
			send: []string{post("/", "hello") + chunks("hel", "lo") + chunks("a", "b") + get("/") + post("/", "x")},
			want: "200, 200, 200, 200, 200, then open", check: contents("hello|complete", "hello|complete", "ab|complete", "|complete", "x|complete"),
		},
		{
			name: "another response behind one that has no content", why: "the client stops reading behind the empty line: one byte more is the first byte of the next response (RFC 9112 §6.3)",
			does: `the handler calls WriteHeader with the number in the path, and Write("text")`,
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				status, _ := strconv.Atoi(r.Path()[1:])
				w.WriteHeader(status)
				io.WriteString(w, "text")
			}),
			send: []string{request("HEAD", "/200", "") + get("/204") + get("/205") + get("/304") + get("/200")}, methods: []string{"HEAD"},
			want: "200, 204, 205, 304, 200, then open", check: contents("", "", "", "", "text"),
		},
		{
			name: "an empty line before a request", why: "old clients sent one behind a form; a server SHOULD ignore it (RFC 9112 §2.2)",
			send: []string{get("/1") + "\r\n" + get("/2")},
			want: "200, 200, then open",
		},
	})
}

// However a client's bytes are cut on their way, the answers are the same.
func TestTask4_Splits(t *testing.T) {
	sent := get("/1") + post("/2", "content") + chunks("hel", "lo") + request("HEAD", "/4", "") + get("/5", bye)
	methods := []string{"GET", "POST", "POST", "HEAD", "GET"}
	srv := handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		content, err := r.Content()
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Target.Path, content, ending(err))
	})
	const want = "200, 200, 200, 200, 200, then closed"
	first := ""
	for name, pieces := range testkit.Splits(sent) {
		testkit.Bubble(t, func(t *testing.T) {
			k := converse(t, &srv, pieces...)
			raw := k.raw()
			got := k.summary(methods...)
			if first == "" {
				first = raw
			}
			if got == want && raw != first && !strings.Contains(raw, first[:20]) {
				got = "other bytes"
			}
			if got != want {
				k.report("the handler writes what it was asked for. The bytes were sent "+name, want, got, "TCP keeps the order of bytes and not where a Read ends").Error(t)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// A Request may be used again for the next one, and what was set on it must not.
func TestTask4_Fresh(t *testing.T) {
	type key struct{}
	run(t, []row{{
		name: "what a handler sets on a request is gone in the next one",
		does: `the handler writes PathValue("id") and a value of r.Context(), then calls SetPathValue and SetContext`,
		why:  "a value that outlives its request is another client's: behind a proxy the next request may be from anybody",
		server: keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Text(w, 200, fmt.Sprintf("id %q, user %v", r.PathValue("id"), r.Context().Value(key{})))
			r.SetPathValue("id", []byte("7"))
			r.SetContext(context.WithValue(r.Context(), key{}, "ann"))
		})},
		send: []string{get("/") + get("/"), get("/")}, want: "200, 200, 200, then open",
		check: contents(`id "", user <nil>`, `id "", user <nil>`, `id "", user <nil>`),
	}, {
		name: "what a handler puts into the fields of a request is gone in the next one",
		does: "the handler writes RemoteAddr and what Body has, then sets both to something else",
		why:  "a middleware may put its own reader around Body, or the address of a proxy's client into RemoteAddr: the next request has its own",
		server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			content, _ := r.Content()
			fmt.Fprintf(w, "%s from %v", content, r.RemoteAddr)
			r.Body, r.RemoteAddr = strings.NewReader("other"), &net.UnixAddr{Name: "elsewhere"}
		}),
		send: []string{post("/", "one") + post("/", "two")}, want: "200, 200, then open",
		check: contents("one from pipe", "two from pipe"),
	}, {
		name: "trailer fields are gone in the next request",
		does: "the handler reads Body to its end, and writes Sum of r.Trailer()",
		why:  "the second request has no trailer section: what it is given is the first one's, and behind a proxy that is somebody else's",
		server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "Sum is %q", r.Trailer().Value("Sum"))
		}),
		send: []string{request("POST", "/", "1\r\na\r\n0\r\nSum: 7\r\n\r\n", "Transfer-Encoding: chunked") + post("/", "a") + get("/")}, want: "200, 200, 200, then open",
		check: contents(`Sum is "7"`, `Sum is ""`, `Sum is ""`),
	}, {
		name: "fields of a response are gone in the next one",
		does: "the handler sets Set-Cookie: id=secret at /1, and does nothing at /2",
		why:  "the cookie of one user must not reach another: behind a proxy the next request on a connection may be from anybody",
		server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Path() == "/1" {
				w.Header().Set("Set-Cookie", "id=secret")
			}
		}),
		send: []string{get("/1") + get("/2")}, want: "200, 200, then open",
		check: func(_ *talk, all []reply) (string, string) {
			const want = "id=secret in the first response, and no Set-Cookie in the second"
			first, second := all[0].Header.Get("Set-Cookie"), all[1].Header.Get("Set-Cookie")
			if first == "id=secret" && second == "" {
				return want, want
			}
			return want, fmt.Sprintf("%q in the first response, and %q in the second", first, second)
		},
	}})
}
