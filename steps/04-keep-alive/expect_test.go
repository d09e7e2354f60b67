package keepalive_test

import (
	"fmt"
	"io"
	"testing"

	keepalive "barewire/steps/04-keep-alive"
)

func TestTask6_Expect(t *testing.T) {
	const expect = "Expect: 100-continue"
	reading := handle(echo)
	// after says what has come back before the content was sent.
	before := func(want string) func(*talk, []reply) (string, string) {
		return func(k *talk, _ []reply) (string, string) {
			first := *k
			first.closed = false
			first.reads = nil
			for _, p := range k.reads {
				if p.at < gap {
					first.reads = append(first.reads, p)
				}
			}
			return "before the content: " + want, "before the content: " + first.summary()
		}
	}
	run(t, []row{
		{
			name: "the handler reads", server: reading, does: doesEcho,
			why:  "the client waits for the 100 before it sends the content (RFC 9110 §10.1.1)",
			send: []string{request("POST", "/", "", expect, "Content-Length: 5"), "hello"},
			want: "100, 200, then open", check: before("100, then open"),
		},
		{
			name: "chunked content", server: reading, does: doesEcho,
			why:  "an expectation is about content, however it is framed (RFC 9110 §10.1.1)",
			send: []string{request("POST", "/", "", expect, "Transfer-Encoding: chunked"), "5\r\nhello\r\n0\r\n\r\n"},
			want: "100, 200, then open", check: before("100, then open"),
		},
		{
			name: "the expectation is written in another case", server: reading, does: doesEcho,
			why:  "the value is case-insensitive (RFC 9110 §10.1.1)",
			send: []string{request("POST", "/", "", "Expect: 100-Continue", "Content-Length: 5"), "hello"},
			want: "100, 200, then open",
		},
		{
			name: "the handler does not read",
			does: "the handler answers 403, and does not read Body",
			why:  "a final status instead of the 100 says: do not send it. As the client may or may not, nobody knows what comes next, and the connection ends (RFC 9110 §10.1.1)",
			server: handle(func(w keepalive.ResponseWriter, _ *keepalive.Request) {
				keepalive.Error(w, 403)
			}),
			send: []string{request("POST", "/", "", expect, "Content-Length: 5")},
			want: "403, then closed", check: field("Connection", "close"),
		},
		{
			name: "HTTP/1.0", server: reading, does: doesEcho,
			why:  "MUST ignore the expectation in an HTTP/1.0 request: such a client takes the 100 for the response (RFC 9110 §10.1.1)",
			send: []string{"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello"},
			want: "200, then closed", check: contents("hello|complete"),
		},
		{
			name: "no content",
			why:  "there is nothing to continue with: MAY omit the 100, and MUST NOT wait (RFC 9110 §10.1.1)", server: reading, does: doesEcho,
			send: []string{request("GET", "/", "", expect)},
			want: "200, then open",
		},
		{
			name: "the 100 comes once",
			does: "the handler reads 2 bytes of Body, then 3, and writes them",
			why:  "one expectation, one answer",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				one, two := make([]byte, 2), make([]byte, 3)
				io.ReadFull(r.Body, one)
				io.ReadFull(r.Body, two)
				fmt.Fprintf(w, "%s%s", one, two)
			}),
			send: []string{request("POST", "/", "", expect, "Content-Length: 5"), "he", "llo"},
			want: "100, 200, then open", check: func(_ *talk, all []reply) (string, string) {
				return `content "hello"`, fmt.Sprintf("content %q", all[len(all)-1].content)
			},
		},
		{
			name: "the handler sends it itself",
			does: "the handler calls WriteHeader(100), reads Body to its end, and writes what it read",
			why:  "the client has been told once, and waits for no second time (RFC 9110 §10.1.1)",
			server: handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.WriteHeader(100)
				io.Copy(w, r.Body)
			}),
			send: []string{request("POST", "/", "", expect, "Content-Length: 5"), "hello"},
			want: "100, 200, then open",
		},
		{
			name: "something else is expected", server: reading, does: doesEcho,
			why:  "a server MAY refuse what it does not know with 417 (RFC 9110 §10.1.1), and ServeConn does, as its comment says",
			send: []string{get("/", "Expect: 200-ok") + get("/")},
			want: "417, then closed",
		},
	})
}
