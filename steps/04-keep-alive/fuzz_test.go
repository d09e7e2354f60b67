package keepalive_test

import (
	"fmt"
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// Whatever a client sends, each request that reaches the handler is answered once and
// in order, what comes back is responses and nothing else, and nothing is served behind
// an error that the server itself found.
func FuzzTask4_Connection(f *testing.F) {
	for _, seed := range []string{
		get("/1"), get("/1") + get("/2", bye) + get("/3"), post("/1", "hello") + get("/2"), chunks("a", "b") + get("/2"),
		get("/1") + "nonsense\r\n\r\n" + get("/2"), "GET / HTTP/1.0\r\n\r\n", "\r\n" + get("/1"), get("/1") + "GET /2 HT",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		if len(sent) > 2000 || strings.Contains(sent, "HEAD") || strings.Contains(sent, "CONNECT") {
			return // whether a response has content depends on the request's method
		}
		sent = get("/0") + sent // whatever else, this is a request
		testkit.Bubble(t, func(t *testing.T) {
			handled := 0
			srv := handle(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				handled++
				content, err := r.Content()
				fmt.Fprintf(w, "handled %d %d %s", handled, len(content), ending(err))
			})
			srv.ErrorLog = quiet
			k := converse(t, &srv, sent)
			all, err := k.replies()
			if err != nil {
				t.Fatalf("%q: %v", sent, err)
			}
			if handled == 0 {
				t.Errorf("%q: the first request was not handled", sent)
			}
			next, failed := 1, false
			for _, r := range all {
				switch {
				case r.StatusCode < 200:
				case failed:
					t.Fatalf("%q: a response behind an error of the server's own", sent)
				case strings.HasPrefix(r.content, fmt.Sprintf("handled %d ", next)):
					next++
				case r.StatusCode >= 400:
					failed = true
				default:
					t.Fatalf("%q: response %d is %d %q", sent, next, r.StatusCode, r.content)
				}
			}
			if next-1 > handled || len(all) == 0 && handled > 0 {
				t.Errorf("%q: %d requests handled, %d answered", sent, handled, next-1)
			}
		})
	})
}
