package echo_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

func TestTask6_Echo(t *testing.T) {
	t.Run("an Echo that waits for its client returns when ctx is done", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := talkPiped(t, ctx)
			report := testkit.Report{
				Doing: "the client sends \"hello\", reads it, and then says nothing; ctx is cancelled",
				Want:  "Echo sends back what comes until ctx is done, then it returns",
				Why:   "a Read knows nothing of contexts: only a deadline, or Close, ends it from outside",
			}
			for i, step := range []func() string{
				func() string { return c.say("hello") },
				func() string { return c.hear("hello") },
				func() string {
					synctest.Wait() // for Echo to be in Read again
					cancel()
					return c.hearEnd("")
				},
			} {
				if symptom := step(); symptom != "" {
					report.Got = []string{"", "", "after ctx was done: "}[i] + symptom
					report.At = c.at()
					report.Fatal(t)
				}
			}
		})
	})

	t.Run("what Echo has read comes back although ctx is done", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := talkPiped(t, ctx)
			symptom := c.say("hello") // Echo has it now, and waits for the client to read
			cancel()
			synctest.Wait()
			time.Sleep(time.Second)
			if symptom == "" {
				symptom = c.hearEnd("hello")
			}
			if symptom != "" {
				testkit.Report{
					Sent: "hello",
					Mark: 5,
					Note: "then ctx was done, before the client read its answer",
					Want: "the 5 bytes back, then EOF",
					Got:  symptom,
					Why:  "SetDeadline and Close end a Write as well as a Read, and with it an answer that is on its way",
				}.Fatal(t)
			}
		})
	})

	t.Run("nothing stays behind when the client ends first", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := talkPiped(t, ctx)
			symptom := c.say("hello")
			if symptom == "" {
				symptom = c.hear("hello")
			}
			if symptom != "" {
				testkit.Report{Sent: "hello", Want: "the 5 bytes back", Got: symptom}.Fatal(t)
			}
			c.Close()
			synctest.Wait()
			if testkit.Goroutines() > 0 {
				testkit.Report{
					Doing: "the client closes its connection, and ctx is not done",
					Want:  "Echo returns, and so does every goroutine that it started",
					Got:   "a goroutine still waits",
					At:    testkit.StuckAt(),
					Why:   "a server that runs for a month serves millions of connections: one goroutine left by each is a leak that ends it",
				}.Fatal(t)
			}
		})
	})

	t.Run("an Echo that has returned leaves its connection alone", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			conn := &touched{script: newScript(t, plenty, []chunk{{"hello", nil}})}
			report := testkit.Report{
				Sent: "hello",
				Mark: 5,
				Note: "here the client closed its sending side; ctx is done later, when Echo has returned",
				Want: "the 5 bytes back, and no call of a method of conn after Echo has returned",
				Why:  "what waits for ctx lasts as long as the server if nobody calls it off: one for each client that ever came, with its connection",
			}
			echo.Echo(ctx, conn)
			synctest.Wait()
			if sent, _ := conn.result(); sent != "hello" {
				report.Got = fmt.Sprintf("%q", sent)
				report.Fatal(t)
			}
			before := conn.calls.Load()
			cancel()
			synctest.Wait()
			if conn.calls.Load() != before {
				report.Got = "when ctx was done, a deadline was set or the connection was closed"
				report.Error(t)
			}
		})
	})

	t.Run("ten clients on real TCP that say nothing do not hold up Shutdown", func(t *testing.T) {
		r := serveTCP(t)
		report := testkit.Report{
			Doing: "ten clients are connected and say nothing, and Shutdown is called",
			Want:  "every client gets EOF, Shutdown returns nil, Serve returns ErrServerClosed, and nobody can connect any more",
			Why:   "a client that says nothing would hold up a Shutdown for as long as it likes",
		}
		var clients []*client
		for range 10 {
			c := r.dial()
			clients = append(clients, c)
			symptom := c.say("x")
			if symptom == "" {
				symptom = c.hear("x")
			}
			if symptom != "" {
				report.Got = "before Shutdown: " + symptom
				report.Fatal(t)
			}
		}
		if err := r.shutdown(patience / 2); err != nil {
			report.Got = fmt.Sprintf("Shutdown returned the error %q", err)
			report.Fatal(t)
		}
		for _, c := range clients {
			if symptom := c.hearEnd(""); symptom != "" {
				report.Got = "after Shutdown: " + symptom
				report.Fatal(t)
			}
		}
		testkit.Within(t, patience, "Serve to return", func() {
			<-r.served
		})
		if !errors.Is(r.err, echo.ErrServerClosed) {
			report.Got = fmt.Sprintf("Serve returned: %v", r.err)
			report.Fatal(t)
		}
		if conn, err := net.Dial("tcp", r.ln.Addr().String()); err == nil {
			conn.Close()
			report.Got = "a client could still connect"
			report.Fatal(t)
		}
	})
}

// A touched is a script that counts what could wake its Read.
type touched struct {
	*script
	calls atomic.Int32
}

func (c *touched) SetDeadline(t time.Time) error {
	c.calls.Add(1)
	return c.script.SetDeadline(t)
}

func (c *touched) SetReadDeadline(t time.Time) error {
	c.calls.Add(1)
	return c.script.SetReadDeadline(t)
}

func (c *touched) Close() error {
	c.calls.Add(1)
	return c.script.Close()
}
