package keepalive_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
)

// A call is a conversation of which testdata/calls.txt says what it asks of the connection.
type call struct {
	name    string
	handler func(w keepalive.ResponseWriter, r *keepalive.Request)
	in      []string // the pieces in which it comes; then end, or the client's end
	end     error
	atOnce  bool          // the end comes with the last piece, as TLS has it
	later   []string      // what comes when a connection that can be parked is served again
	pause   time.Duration // before each piece
	torn    int           // the write that fails
	half    error         // of CloseWrite
	more    error         // of WriteMore
	stops   bool          // the server is told to stop when the first request has been handled
	stopsIn time.Duration // or after so long
	headBy  time.Duration // when a first head has to be complete that was waited for elsewhere
}

// What the server asks of a connection, and what it answers: the sizes of its reads and
// writes, their deadlines, how it ends. Much of that is this reference's own choice, and is
// what it costs; nobody else has to do it so. "UPDATE=1 go test" writes the file anew.
func TestCalls(t *testing.T) {
	var b strings.Builder
	for _, c := range slices.Concat(waiting, content, answers, files, ends) {
		fmt.Fprintf(&b, "%s\n", c.name)
		tcp, parked := &tcpWire{half: c.half}, &parkedWire{by: c.headBy, more: c.more}
		plain, other, third := c.serve(t, &wire{}), c.serve(t, tcp), c.serve(t, parked)
		kept := reflect.ValueOf(parked.kept).Elem()
		third.note("keeps %d", kept.FieldByName("in").Len())
		if n := kept.FieldByName("out").Cap(); n > 128<<10 {
			third.note("and %d", n)
		}
		show := func(way, calls, out string) {
			fmt.Fprintf(&b, "  %-7s %s\n", way, calls)
			var lines []string
			for line := range strings.Lines(squeeze(out)) {
				lines = append(lines, "    "+strings.TrimSuffix(strconv.Quote(line)[1:], `"`)+"\n")
			}
			b.WriteString(folded(lines))
		}
		var last string // where two ways say the same, it is there once
		for _, way := range []struct {
			name string
			*wire
		}{{"wire", plain}, {"tcp", other}, {"parked", third}} {
			calls, out := runs(way.calls), way.out.String()
			switch {
			case way.wire == plain && calls == runs(other.calls) && out == other.out.String():
				continue
			case out == last:
				show(way.name, calls, "")
			default:
				show(way.name, calls, out)
			}
			last = out
		}
	}
	compare(t, "testdata/calls.txt", b.String())
}

// What a response is like, for requests, statuses and lengths of all kinds. A date is in
// each of them, and is left out.
func TestFramings(t *testing.T) {
	const date = "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
	var b strings.Builder
	for _, request := range []string{minimal, head, old, oldKA, strings.Replace(oldKA, "GET", "HEAD", 1), connect} {
		line, _, _ := strings.Cut(request, "\r\n")
		fmt.Fprintf(&b, "%s\n", line)
		for _, code := range []int{100, 101, 102, 199, 200, 204, 205, 299, 300, 304, 999} {
			for _, n := range []int{0, 1, 4096, 4097} {
				c := call{handler: status(code, n), in: []string{request}}
				out := c.serve(t, &wire{}).out.String()
				if !strings.Contains(out, date) {
					t.Errorf("%d with %d bytes to %s: no date", code, n, line)
				}
				fmt.Fprintf(&b, "  %d, %d bytes: %q\n", code, n, squeeze(strings.Replace(out, date, "", 1)))
			}
		}
	}
	compare(t, "testdata/framings.txt", b.String())
}

// compare compares got with a file, or writes it there.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wants, gots := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), strings.Split(got, "\n")
	name := ""
	for i := range max(len(wants), len(gots)) {
		want, got := "(nothing more)", "(nothing more)"
		if i < len(wants) {
			want = wants[i]
		}
		if i < len(gots) {
			got = gots[i]
		}
		if want != got {
			t.Fatalf("%s: line %d of %s\nwant: %s\ngot:  %s", name, i+1, file, want, got)
		}
		if !strings.HasPrefix(want, " ") {
			name = want
		}
	}
}

func (w *wire) all() *wire { return w }

type wireKey struct{}

// tell notes what a handler has seen among the calls.
func tell(r *keepalive.Request, format string, args ...any) {
	r.Context().Value(wireKey{}).(*wire).note(format, args...)
}

// serve serves nc in a bubble, where the year 2000 begins.
func (c call) serve(t *testing.T, nc interface {
	net.Conn
	all() *wire
}) *wire {
	t.Helper()
	w := nc.all()
	w.in, w.end, w.atOnce, w.torn, w.pause = slices.Clone(c.in), c.end, c.atOnce, c.torn, c.pause
	synctest.Test(t, func(t *testing.T) {
		w.began = time.Now()
		ctx, stop := context.WithCancel(context.WithValue(context.Background(), wireKey{}, w))
		defer stop()
		srv := &keepalive.Server{ErrorLog: slog.New(slog.DiscardHandler), Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if c.handler(w, r); c.stops {
				stop()
				synctest.Wait()
			}
		})}
		if c.stopsIn > 0 {
			time.AfterFunc(c.stopsIn, stop)
		}
		srv.ServeConn(ctx, nc)
		if _, parks := nc.(*parkedWire); parks && c.later != nil {
			w.in = slices.Clone(c.later)
			srv.ServeConn(ctx, nc)
		}
	})
	return w
}
