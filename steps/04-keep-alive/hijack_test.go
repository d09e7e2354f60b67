package keepalive_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// upgradeTo is a handler that switches to a protocol at /up, and says hello
// elsewhere.
func upgradeTo(talk func(ctx context.Context, nc net.Conn)) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Path() != "/up" {
			hello(w, r)
			return
		}
		if err := keepalive.Upgrade(w, r, "shout", talk); err != nil {
			keepalive.Text(w, 426, err.Error())
		}
	})
}

// shout sends back each line in a louder form, until there are no more.
func shout(_ context.Context, nc net.Conn) {
	for lines := bufio.NewScanner(nc); lines.Scan(); {
		fmt.Fprintf(nc, "%s!\n", lines.Text())
	}
}

// once sends back one line and returns.
func once(_ context.Context, nc net.Conn) {
	line, err := bufio.NewReader(nc).ReadString('\n')
	fmt.Fprintf(nc, "first %q, failed: %v", line, err != nil)
}

func TestTask10_Hijack(t *testing.T) {
	const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"
	up := get("/up", "Connection: upgrade", "Upgrade: shout")
	const (
		doesShout = `sends back each line with a "!" behind it`
		doesOnce  = "reads one line, says what it was, and returns"
	)
	rows := []struct {
		name, why string
		does      string
		talk      func(ctx context.Context, nc net.Conn)
		send      []string
		want      string
		closed    bool
		silence   time.Duration // how long the client listens
	}{
		{"the bytes after the switch are the new protocol's", "after a 101 the server speaks the protocol that it named (RFC 9110 §7.8)", doesShout,
			shout, []string{up, "hey\n", "you\n"}, switched + "hey!\nyou!\n", false, silence},
		{"bytes that came with the request are not lost", "a client may send the first bytes of the new protocol in the same packet: they are in your buffer", doesShout,
			shout, []string{up + "hey\nyo", "u\n"}, switched + "hey!\nyou!\n", false, silence},
		{"the connection is closed when talk returns", "nobody else can end it: the server reads no requests from it any more", doesOnce,
			once, []string{up + "hey\n"}, switched + `first "hey\n", failed: false`, true, silence},
		{"what looks like a request is not one any more", "the bytes belong to the protocol that was switched to, whatever they look like", doesOnce,
			once, []string{up + get("/")}, switched + `first "GET / HTTP/1.1\r\n", failed: false`, true, silence},
		{"no deadline of HTTP is left on the connection", "a connection that was taken over may be silent for as long as its protocol allows", "sleeps for an hour, then " + doesOnce,
			func(ctx context.Context, nc net.Conn) { time.Sleep(time.Hour); once(ctx, nc) },
			[]string{up, "hey\n"}, switched + `first "hey\n", failed: false`, true, 2 * time.Hour},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				srv := &keepalive.Server{Handler: upgradeTo(r.talk), ErrorLog: quiet}
				k := listen(t, context.Background(), srv, r.silence, r.send...)
				if got := k.raw(); got != r.want || k.closed != r.closed {
					end := map[bool]string{true: "the connection is closed", false: "the connection stays open"}
					testkit.Report{Sent: k.sent, Cuts: k.cuts, Doing: "the handler calls Upgrade with a talk that " + r.does, Want: fmt.Sprintf("%q, and %s", r.want, end[r.closed]),
						Got: fmt.Sprintf("%q, and %s", got, end[k.closed]), Why: r.why}.Error(t)
				}
			})
		})
	}
}

// userKey is the key of a context's value.
type userKey struct{}

func TestTask10_Hijacked(t *testing.T) {
	up := get("/up", "Connection: upgrade", "Upgrade: shout")
	run(t, []row{
		{name: "responses before the switch leave first", does: "the handler calls Upgrade at /up, with a talk that writes a 299 and returns", why: "responses are in the order of the requests (RFC 9112 §9.3.2), and a 101 is one of them",
			server: keepalive.Server{Handler: upgradeTo(func(_ context.Context, nc net.Conn) {
				io.WriteString(nc, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n")
			})},
			send: []string{get("/a") + get("/b") + up}, want: "200, 200, 101, 299, then closed"},
		{name: "without an offer the handler answers as always", does: "the handler calls Upgrade, and answers 426 if that returns an error", why: "a client that did not ask would take the new protocol's bytes for a broken response",
			server: keepalive.Server{Handler: upgradeTo(shout)},
			send:   []string{get("/up"), up}, want: "426, 101, then open"},
		{name: "too late after the first byte of a response", does: `the handler calls Write("begun"), then Hijack, and writes ", too late" if that returns ErrHijackTooLate`, why: "the client is reading a response: what comes now is its content",
			server: keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				io.WriteString(w, "begun")
				if err := keepalive.Hijack(w, shout); errors.Is(err, keepalive.ErrHijackTooLate) {
					io.WriteString(w, ", too late")
				}
			})},
			send: []string{get("/")}, want: "200, then open", check: contents("begun, too late")},
		{name: "nothing can be written by the old way afterwards", does: `the handler calls Hijack with a talk that writes a 299, then Write("a response") and Flush`, why: "two writers on one connection mix their bytes",
			server: keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
					io.WriteString(nc, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n")
				})
				io.WriteString(w, "a response")
				w.Flush()
			})},
			send: []string{get("/")}, want: "299, then closed"},
		{name: "talk has the handler's context", does: `the handler calls SetContext with a user's name in it, then Hijack with a talk that writes a 299 if its context has the name, else a 298`, why: "what is known of a request, such as who has logged in, is in its context: talk goes on with this request",
			server: keepalive.Server{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				r.SetContext(context.WithValue(r.Context(), userKey{}, "ana"))
				keepalive.Hijack(w, func(ctx context.Context, nc net.Conn) {
					if ctx.Value(userKey{}) != "ana" {
						io.WriteString(nc, "HTTP/1.1 298 \r\nContent-Length: 0\r\n\r\n")
						return
					}
					io.WriteString(nc, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n")
				})
			})},
			send: []string{get("/")}, want: "299, then closed"},
	})
	const does = "the handler calls Hijack, and panics"
	report := testkit.Report{Sent: get("/"), Doing: does, Want: "500, then closed",
		Why: "a handler that panics has not finished what it set out to do: nothing has left yet, so the client gets the 500 of every panic, and talk is not called"}
	t.Run("a handler that panics after Hijack", func(t *testing.T) {
		testkit.Apart(t, report, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				srv := &keepalive.Server{ErrorLog: quiet, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
					err := keepalive.Hijack(w, func(_ context.Context, nc net.Conn) {
						io.WriteString(nc, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n")
					})
					if err == nil {
						panic("behind Hijack")
					}
				})}
				if report.Got = converse(t, srv, report.Sent).summary(); report.Got != report.Want {
					report.Error(t)
				}
			})
		})
	})
}

func TestTask10_PanicInTalk(t *testing.T) {
	report := testkit.Report{Sent: get("/up", "Connection: upgrade", "Upgrade: shout"), Doing: "the handler calls Upgrade, and talk panics", Want: "the connection is closed, and the server goes on",
		Why: "a panic in a goroutine that nobody recovers ends the whole program, with everybody's connections"}
	testkit.Apart(t, report, func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			srv := &keepalive.Server{Handler: upgradeTo(func(context.Context, net.Conn) { panic("in talk") }), ErrorLog: quiet}
			k := converse(t, srv, report.Sent)
			if report.Got = k.summary(); report.Got != "101, then closed" {
				report.Error(t)
			}
		})
	})
}
