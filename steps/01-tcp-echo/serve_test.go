package echo_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

// greet is a Handler that says "hi" and waits until its client is gone.
func greet(ctx context.Context, conn net.Conn) {
	io.WriteString(conn, "hi")
	io.Copy(io.Discard, conn)
}

func TestTask3_Serve(t *testing.T) {
	t.Run("a second client is served while the first one says nothing", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := serve(t, greet)
			for i := range 3 {
				c := r.dial()
				if symptom := c.hear("hi"); symptom != "" {
					why := "a handler waits for its client, for hours if need be; whoever waits for the handler cannot accept the next client"
					if strings.Contains(symptom, "then EOF") {
						why = "somebody has closed the connection while its handler still needs it: that is to be done when the handler has returned, in the goroutine that calls it"
					}
					testkit.Report{
						Doing: "three clients connect, one after another, and say nothing; the handler writes \"hi\" and waits for its client to go",
						Want:  `"hi" to each of three clients, all of them connected and silent`,
						Got:   fmt.Sprintf("client %d: %s", i+1, symptom),
						At:    c.at(),
						Why:   why,
					}.Fatal(t)
				}
			}
		})
	})

	t.Run("a hundred clients are served at the same time", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const clients = 100
			var arrived atomic.Int32
			everybody := make(chan struct{})
			release := sync.OnceFunc(func() { close(everybody) })
			r := serve(t, func(ctx context.Context, conn net.Conn) {
				if arrived.Add(1) == clients {
					release()
				}
				<-everybody
				io.WriteString(conn, "all here")
			})
			t.Cleanup(release)
			var dialed []*client
			for range clients {
				dialed = append(dialed, r.dial())
			}
			for _, c := range dialed {
				if symptom := c.hear("all here"); symptom != "" {
					testkit.Report{
						Doing: fmt.Sprintf("%d clients connect; each handler waits until all have begun, and then writes \"all here\"", clients),
						Want:  fmt.Sprintf("%d handlers that run at the same time", clients),
						Got:   fmt.Sprintf("%d handlers have begun; the client heard %s", arrived.Load(), symptom),
						Why:   "these handlers wait for each other, as those of a chat would: one goroutine for each connection, however many there are",
					}.Fatal(t)
				}
			}
		})
	})

	t.Run("the connection is closed when its handler has returned", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := serve(t, func(ctx context.Context, conn net.Conn) { io.WriteString(conn, "bye") })
			for i := range 2 {
				if symptom := r.dial().hearEnd("bye"); symptom != "" {
					testkit.Report{
						Doing: `a client connects; the handler writes "bye" and returns`,
						Want:  `"bye", then EOF, while the server goes on`,
						Got:   fmt.Sprintf("client %d: %s", i+1, symptom),
						Why:   "without EOF the client cannot know that this was all, and each connection that stays open is a file descriptor the less",
					}.Fatal(t)
				}
			}
		})
	})

	t.Run("Echo for many clients on real TCP, one of which never reads", func(t *testing.T) {
		r := serveTCP(t)
		slow := r.dial()
		slow.say("an answer to this is never read")
		const clients, size = 20, 100_000
		symptoms := make(chan string, clients)
		for i := range clients {
			c := r.dial()
			go func() {
				text := strings.Repeat(fmt.Sprintf("client %2d\n", i), size/10)
				go func() {
					c.say(text)
					c.Conn.(*net.TCPConn).CloseWrite()
				}()
				symptom := c.hearEnd(text)
				if symptom != "" {
					symptom = fmt.Sprintf("client %d: %s", i, symptom)
				}
				symptoms <- symptom
			}()
		}
		for range clients {
			if symptom := <-symptoms; symptom != "" {
				why := "the handlers of all connections run at the same time, and must not have anything in common"
				if strings.Contains(symptom, "reset") {
					why = "a connection that is closed normally ends with EOF, when all bytes have arrived; a reset (SetLinger(0), or Close with bytes unread) looks to the client like a server that crashed, and may cost it bytes that were on their way"
				}
				testkit.Report{
					Doing: fmt.Sprintf("%d clients send %d bytes each, close their sending side and read; another one never reads", clients, size),
					Want:  fmt.Sprintf("each of %d clients gets its own %d bytes back, then EOF", clients, size),
					Got:   symptom,
					Why:   why,
				}.Fatal(t)
			}
		}
	})
}

// A runningTCP is a server that runs Echo on real TCP.
type runningTCP struct {
	t      *testing.T
	ln     net.Listener
	srv    *echo.Server
	served chan struct{} // closed when Serve has returned
	err    error         // what it returned then
	stops  bool          // shutdown was called
}

func serveTCP(t *testing.T) *runningTCP {
	t.Helper()
	testkit.NoLeaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &runningTCP{
		t: t, ln: ln, served: make(chan struct{}),
		srv: &echo.Server{Handler: echo.Echo, ErrorLog: slog.New(slog.DiscardHandler)},
	}
	go func() {
		defer close(r.served)
		defer ln.Close()
		r.err = r.srv.Serve(ln)
	}()
	t.Cleanup(func() {
		ln.Close()
		r.shutdown(patience)
	})
	return r
}

// shutdown calls Shutdown with a deadline, the first time that it is called.
func (r *runningTCP) shutdown(deadline time.Duration) (err error) {
	if r.stops {
		return nil
	}
	r.stops = true
	testkit.Within(r.t, 2*deadline, "Shutdown to return", func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		err = r.srv.Shutdown(ctx)
	})
	return err
}

// dial connects a client; the connection ends with the test.
func (r *runningTCP) dial() *client {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.ln.Addr().String())
	if err != nil {
		testkit.Report{
			Want: "a connection to " + r.ln.Addr().String(),
			Got:  testkit.Symptom(err) + r.note(),
		}.Fatal(r.t)
	}
	r.t.Cleanup(func() { conn.Close() })
	return &client{Conn: conn, note: r.note}
}

// note says that Serve has returned, if so.
func (r *runningTCP) note() string {
	select {
	case <-r.served:
		return fmt.Sprintf("; Serve has returned: %v", r.err)
	case <-time.After(moment):
		return ""
	}
}

func TestTask3_Panic(t *testing.T) {
	t.Run("a handler that panics costs its own connection only", func(t *testing.T) {
		report := testkit.Report{
			Doing: "three clients are connected, and the handler of one of them panics",
			Want:  "the connection of the handler that panicked is closed; the others, and the server, go on",
			Why:   "a panic that its own goroutine does not recover ends the whole program, and with it every other connection",
		}
		testkit.Apart(t, report, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				r := serve(t, func(ctx context.Context, conn net.Conn) {
					buf := make([]byte, 1)
					for {
						if _, err := conn.Read(buf); err != nil {
							return
						}
						if buf[0] == '!' {
							panic("a bug in the handler")
						}
						conn.Write(buf)
					}
				})
				before, bad := r.dial(), r.dial()
				var after *client
				for _, step := range []struct {
					who string
					do  func() string
				}{
					{"the client that makes its handler panic", func() string { return bad.say("!") }},
					{"the client that makes its handler panic", func() string { return bad.hearEnd("") }},
					{"a client from before", func() string { return before.say("x") }},
					{"a client from before", func() string { return before.hear("x") }},
					{"a client that came later", func() string { after = r.dial(); return after.say("x") }},
					{"a client that came later", func() string { return after.hear("x") }},
				} {
					if symptom := step.do(); symptom != "" {
						report.Got = step.who + ": " + symptom
						report.Fatal(t)
					}
				}
				if !strings.Contains(r.log.String(), "a bug in the handler") {
					testkit.Report{
						Doing: "a handler panics with \"a bug in the handler\"",
						Want:  "a line in ErrorLog that has this text",
						Got:   testkit.LogLines(r.log.String()),
						Why:   "a panic that nobody hears of is a bug that nobody mends",
					}.Error(t)
				}
			})
		})
	})
}

// TestTask3_Log is about what Serve says of handlers, and to whom.
func TestTask3_Log(t *testing.T) {
	t.Run("a handler that returns is no panic", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := serve(t, func(ctx context.Context, conn net.Conn) { io.WriteString(conn, "bye") })
			symptom := r.dial().hearEnd("bye")
			log := r.log.String()
			if symptom == "" && strings.Contains(strings.ToLower(log), "panic") {
				symptom = testkit.LogLines(log)
			}
			if symptom != "" {
				testkit.Report{
					Doing: `the handler writes "bye" and returns`,
					Want:  `"bye", then EOF, and nothing in ErrorLog about a panic`,
					Got:   symptom,
					Why:   "recover returns nil where nothing has panicked: without a look at it, each client that goes is reported as a bug",
				}.Error(t)
			}
		})
	})

	t.Run("without ErrorLog, slog.Default is told", func(t *testing.T) {
		report := testkit.Report{
			Doing: "ErrorLog is nil, and a handler panics with \"a bug in the handler\"",
			Want:  "a line in slog.Default() that has this text",
			Why:   "the methods of a nil *slog.Logger panic, and that ends the program",
		}
		testkit.Apart(t, report, func(t *testing.T) {
			log := new(logged)
			defer slog.SetDefault(slog.Default())
			slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
			testkit.Bubble(t, func(t *testing.T) {
				r := newServer(t, func(ctx context.Context, conn net.Conn) { panic("a bug in the handler") })
				r.srv.ErrorLog = nil
				r.begin()
				r.dial().hearEnd("")
				if !strings.Contains(log.String(), "a bug in the handler") {
					report.Got = testkit.LogLines(log.String())
					report.Error(t)
				}
			})
		})
	})
}
