package keepalive_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
)

// A talk is what a client sent on one connection and what came back, with the
// times at which it did. The clock is a fake one.
type talk struct {
	sent   string
	cuts   []int   // where the client paused
	reads  []piece // what the server wrote, one for each of its writes
	closed bool    // the server closed the connection
	took   time.Duration
	stuck  bool // the server stopped reading before all was sent
}

type piece struct {
	text string
	at   time.Duration
}

// silence is how long a talk waits for more. It is longer than the pauses between
// the pieces that are sent, and shorter than every deadline of the server.
const silence = time.Second

// gap is the pause between two pieces that are sent.
const gap = 10 * time.Millisecond

// converse sends pieces to a server with a pause between them, and returns what
// came back until the server had closed the connection or was silent for a while.
// It must be called in a bubble.
func converse(t *testing.T, srv *keepalive.Server, pieces ...string) *talk {
	t.Helper()
	return listen(t, context.Background(), srv, silence, pieces...)
}

// listen is converse with a context for the server, and with a longer ear.
func listen(t *testing.T, ctx context.Context, srv *keepalive.Server, silence time.Duration, pieces ...string) *talk {
	t.Helper()
	ours, theirs := net.Pipe()
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		srv.ServeConn(ctx, testkit.Guard(t, theirs))
	}()
	begun := time.Now()
	sent := make(chan bool)
	go func() {
		for i, p := range pieces {
			if i > 0 {
				time.Sleep(gap)
			}
			if _, err := io.WriteString(ours, p); err != nil {
				sent <- false
				return
			}
		}
		sent <- true
	}()
	k := &talk{sent: strings.Join(pieces, "")}
	for at, i := 0, 0; i+1 < len(pieces); i++ {
		at += len(pieces[i])
		k.cuts = append(k.cuts, at)
	}
	k.read(ours, begun, silence)
	ours.Close()
	theirs.Close()
	k.stuck = !<-sent
	<-returned
	return k
}

// read collects what comes until the end, or until nothing has come for a while.
func (k *talk) read(conn net.Conn, begun time.Time, silence time.Duration) {
	buf := make([]byte, 1<<20)
	for {
		conn.SetReadDeadline(time.Now().Add(silence))
		n, err := conn.Read(buf)
		if n > 0 {
			k.reads = append(k.reads, piece{string(buf[:n]), time.Since(begun)})
		}
		if err != nil {
			k.closed = !errors.Is(err, os.ErrDeadlineExceeded)
			k.took = time.Since(begun)
			return
		}
	}
}

// raw returns all that came back.
func (k *talk) raw() string {
	var b strings.Builder
	for _, p := range k.reads {
		b.WriteString(p.text)
	}
	return b.String()
}

// A reply is one response as a client reads it.
type reply struct {
	*http.Response
	content string
	broken  error // why the content ended too early
}

// noResponse is what summary says of bytes with which no response begins.
const noResponse = "bytes that are no response:"

// replies reads the responses that came back, for requests with these methods;
// GET for those that are not named. A rest that is no response is an error.
func (k *talk) replies(methods ...string) ([]reply, error) {
	var all []reply
	raw := k.raw()
	left := strings.NewReader(raw)
	r := bufio.NewReader(left)
	for final := 0; ; {
		if _, err := r.Peek(1); err != nil {
			return all, nil
		}
		method := "GET"
		if final < len(methods) {
			method = methods[final]
		}
		begin := len(raw) - left.Len() - r.Buffered()
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return all, fmt.Errorf("%s %s", noResponse, testkit.Excerpt(raw[begin:]))
		}
		content, err := io.ReadAll(res.Body)
		all = append(all, reply{res, string(content), err})
		if res.StatusCode >= 200 {
			final++
		}
	}
}

// summary says in a few words what came back: the status codes in order, what was
// cut off, and whether the connection is still open.
func (k *talk) summary(methods ...string) string {
	all, err := k.replies(methods...)
	var words []string
	for _, r := range all {
		word := fmt.Sprint(r.StatusCode)
		if r.broken != nil {
			word += " (content cut off)"
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		words = append(words, "no response")
	}
	if err != nil {
		words = append(words, err.Error())
	}
	end := "open"
	if k.closed {
		end = "closed"
	}
	return strings.Join(words, ", ") + ", then " + end
}

// report returns a report of what was sent and of what came. If a response is cut
// off, or there are bytes that are no response, it has them.
func (k *talk) report(does, want, got, why string) testkit.Report {
	if want != got && (strings.Contains(got, "cut off") || strings.Contains(got, noResponse)) {
		raw := strings.ReplaceAll(testkit.Visible(k.raw()), `\n`, "\\n\n")
		if len(raw) > 600 {
			raw = raw[:300] + "\n... " + fmt.Sprint(len(raw)-600) + " bytes ...\n" + raw[len(raw)-300:]
		}
		got += "\nin all:\n" + strings.TrimSuffix(raw, "\n")
	}
	return testkit.Report{Sent: k.sent, Cuts: k.cuts, Doing: does, Want: want, Got: got, Why: why}
}

// A row is one conversation and how it has to go.
type row struct {
	name    string
	does    string // what the handler does
	why     string
	server  keepalive.Server // Handler is hello unless it is set
	send    []string
	methods []string // of the requests, where they are not GET
	want    string   // as summary says it
	or      string   // as good, where neither RFC nor comments choose
	// check looks closer, if the summary is right, and returns what is wanted
	// and what came instead; "" for both if all is well.
	check func(k *talk, all []reply) (want, got string)
}

// run runs the rows, each in a bubble of its own.
func run(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			srv := r.server
			if srv.Handler == nil {
				srv.Handler, r.does = keepalive.HandlerFunc(hello), doesHello
			}
			about := testkit.Report{Sent: strings.Join(r.send, ""), Doing: r.does, Want: r.want, Why: r.why}
			testkit.BubbleFor(t, about, func(t *testing.T) {
				t.Helper()
				srv.ErrorLog = quiet
				k := converse(t, &srv, r.send...)
				want, got := r.want, k.summary(r.methods...)
				if r.or != "" && got != want {
					want = r.or
				}
				if got == want && r.check != nil {
					all, _ := k.replies(r.methods...)
					want, got = r.check(k, all)
				}
				if want != got {
					if r.or != "" {
						want = r.want + "\nor " + r.or
					}
					k.report(r.does, want, got, r.why).Error(t)
				}
			})
		})
	}
}

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// What the two handlers do that most tests use.
const (
	doesHello = `the handler writes "hello " and the path`
	doesEcho  = `the handler reads Body to its end, and writes what it read, "|", and how it ended`
)

// hello answers every request with its path.
func hello(w keepalive.ResponseWriter, r *keepalive.Request) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "hello "+string(r.Target.Path))
}

// get returns a request for path with these further field lines.
func get(path string, fields ...string) string {
	return request("GET", path, "", fields...)
}

func request(method, path, content string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: a\r\n", method, path)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n" + content
}

// closing returns a request that asks for the connection to be closed.
func closing(request string) string {
	return strings.Replace(request, "\r\n\r\n", "\r\n"+bye+"\r\n\r\n", 1)
}

const bye = "Connection: close"

// post returns a request with content and its length.
func post(path, content string, fields ...string) string {
	return request("POST", path, content, append(fields, fmt.Sprintf("Content-Length: %d", len(content)))...)
}

// contents checks what the responses say.
func contents(want ...string) func(*talk, []reply) (string, string) {
	return func(_ *talk, all []reply) (string, string) {
		var got []string
		for _, r := range all {
			got = append(got, r.content)
		}
		return fmt.Sprintf("content %q", want), fmt.Sprintf("content %q", got)
	}
}

// field checks a field of the last response. The value "" stands for no field.
func field(name, want string) func(*talk, []reply) (string, string) {
	return func(_ *talk, all []reply) (string, string) {
		last := all[len(all)-1]
		got := strings.Join(last.Header.Values(name), " and ")
		switch name {
		case "Transfer-Encoding": // net/http takes these two out
			got = strings.Join(last.TransferEncoding, ", ")
		case "Connection":
			if last.Close && got == "" {
				got = "close"
			}
		}
		return describe(name, want), describe(name, got)
	}
}

func describe(name, value string) string {
	if value == "" {
		return "no field " + name
	}
	return name + ": " + value
}

// both joins checks.
func both(checks ...func(*talk, []reply) (string, string)) func(*talk, []reply) (string, string) {
	return func(k *talk, all []reply) (string, string) {
		for _, check := range checks {
			if want, got := check(k, all); want != got {
				return want, got
			}
		}
		return "", ""
	}
}
