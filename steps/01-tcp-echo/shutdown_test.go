package echo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

// mustStop fails the test if Serve does not return ErrServerClosed, or has left
// the listener open.
func (r *running) mustStop(doing string) {
	r.t.Helper()
	report := testkit.Report{
		Doing: doing,
		Want:  "Serve returns ErrServerClosed, and the listener is closed",
		Why:   "a client that connects to a listener that nobody serves waits for ever; refused, it would try elsewhere",
	}
	switch {
	case !r.hasReturned(patience):
		report.Got = fmt.Sprintf("Serve still runs %v after Shutdown", patience)
		report.At = testkit.StuckAt()
	case !errors.Is(r.err, echo.ErrServerClosed):
		report.Got = fmt.Sprintf("Serve returned: %v", r.err)
	case !r.ln.isClosed():
		report.Got = "the listener is still open"
	default:
		return
	}
	report.Fatal(r.t)
}

// await waits for Shutdown to return; it fails the test if that takes more than
// d, or if it returns something else than want. What the test does stands in doing.
func (r *running) await(done <-chan outcome, d time.Duration, want error, doing, why string) outcome {
	r.t.Helper()
	report := testkit.Report{Doing: doing, Want: "Shutdown returns nil", Why: why}
	if want != nil {
		report.Want = fmt.Sprintf("Shutdown returns the error %q", want)
	}
	select {
	case o := <-done:
		if !errors.Is(o.err, want) {
			report.Got = o.String() + r.note()
			report.Fatal(r.t)
		}
		return o
	case <-time.After(d):
		report.Got = fmt.Sprintf("Shutdown has not returned %v later", d)
		report.At = testkit.StuckAt()
		report.Fatal(r.t)
	}
	panic("not reached")
}

func TestTask5_Shutdown(t *testing.T) {
	t.Run("a server that nobody talks to stops at once", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Serve waits in Accept, no client is connected, and Shutdown is called"
			r := serve(t, greet)
			synctest.Wait()
			r.await(r.shutdown(time.Minute), patience, nil, doing, "no handler runs, so there is nothing to wait for; a Serve that sits in Accept wakes when its listener is closed, and not before")
			r.mustStop(doing)
		})
	})

	t.Run("a Serve that comes after Shutdown returns at once", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Shutdown is called first, and then Serve"
			r := newServer(t, greet)
			r.await(r.shutdown(time.Minute), patience, nil, doing, "no handler runs, so there is nothing to wait for; a Serve that sits in Accept wakes when its listener is closed, and not before")
			r.begin()
			r.mustStop(doing)
		})
	})

	t.Run("a client that waits when Serve comes after Shutdown is not served", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "a client has connected and nobody has accepted it; Shutdown is called, and then Serve"
			var ran atomic.Bool
			r := newServer(t, func(ctx context.Context, conn net.Conn) { ran.Store(true) })
			r.dial()
			r.await(r.shutdown(time.Minute), patience, nil, doing, "no handler runs, so there is nothing to wait for")
			r.begin()
			r.mustStop(doing)
			synctest.Wait()
			if ran.Load() {
				testkit.Report{
					Doing: doing,
					Want:  "no handler runs: Serve looks whether Shutdown was called before it accepts anybody",
					Got:   "a handler ran after Shutdown had returned nil",
					Why:   "whoever called Shutdown believes that everything is over, and ends the program or closes what the handlers use",
				}.Error(t)
			}
		})
	})

	t.Run("the handlers are told, and have time to finish", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "a handler waits for its ctx, sleeps for 3s, and writes \"done\"; Shutdown is called with a ctx of a minute"
			early := false
			var told atomic.Bool
			r := serve(t, func(ctx context.Context, conn net.Conn) {
				select {
				case <-ctx.Done():
					early = true
				case <-time.After(500 * time.Millisecond):
				}
				<-ctx.Done()
				told.Store(true)
				time.Sleep(3 * time.Second)
				io.WriteString(conn, "done")
			})
			report := testkit.Report{
				Doing: doing,
				Want:  "ctx is done when Shutdown begins, not before; and Shutdown waits until the handler has returned",
				Why:   "a handler that is told can finish its work; one that is cut off leaves its client with half an answer",
			}
			c := r.dial()
			time.Sleep(time.Second)
			done := r.shutdown(time.Minute)
			if symptom := c.hearEnd("done"); symptom != "" {
				report.Got = "the client heard " + symptom
				if !told.Load() {
					report.Got = "the handler's ctx was not done; " + report.Got
				}
				report.At = c.at()
				report.Fatal(t)
			}
			if early {
				report.Got = "ctx was done before Shutdown was called"
				report.Fatal(t)
			}
			if o := r.await(done, patience, nil, doing, report.Why); o.took < 3*time.Second {
				report.Got = fmt.Sprintf("%v; the handler took 3s more", o)
				report.Fatal(t)
			}
			r.mustStop(doing)
		})
	})

	t.Run("a handler that is not done at the deadline loses its connection", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "a handler waits for its client, who says nothing; Shutdown is called with a ctx that ends after 2s"
			returned := make(chan struct{})
			r := serve(t, func(ctx context.Context, conn net.Conn) {
				defer close(returned)
				greet(ctx, conn)
			})
			c := r.dial()
			c.hear("hi")
			const deadline = 2 * time.Second
			why := "who asks for a shutdown within 2 s has something planned for afterwards, such as to be killed"
			o := r.await(r.shutdown(deadline), deadline+patience, context.DeadlineExceeded, doing, why)
			if o.took != deadline {
				testkit.Report{Doing: doing, Want: "Shutdown returns when its ctx ends, after 2s", Got: o.String(), Why: why}.Fatal(t)
			}
			if symptom := c.hearEnd(""); symptom != "" {
				testkit.Report{
					Doing: doing,
					Want:  "the connection is closed",
					Got:   "the client heard " + symptom,
					Why:   "closing it is what wakes the handler: its Read fails, and it returns",
				}.Fatal(t)
			}
			<-returned // or Bubble says what waits for ever
			r.mustStop(doing)
		})
	})

	t.Run("a handler that cannot be woken does not hold Shutdown", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "a handler waits for a channel, and not for its connection or its ctx; Shutdown is called with a ctx that ends after 2s"
			release := make(chan struct{})
			r := serve(t, func(ctx context.Context, conn net.Conn) { <-release })
			t.Cleanup(func() { close(release) })
			r.dial()
			synctest.Wait()
			r.await(r.shutdown(2*time.Second), 2*time.Second+patience, context.DeadlineExceeded, doing,
				"a handler that waits for something else than its connection notices nothing; a program that wants to end must not depend on it")
		})
	})

	t.Run("two Shutdowns at the same time both wait, and a third one may follow", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Shutdown is called twice at the same time, and a third time; a handler needs 3s to end"
			r := serve(t, func(ctx context.Context, conn net.Conn) {
				<-ctx.Done()
				time.Sleep(3 * time.Second)
			})
			r.dial()
			synctest.Wait()
			const why = "a second Ctrl-C, or a deferred Shutdown, is normal; closing a channel twice would panic"
			first, second := r.shutdown(time.Minute), r.shutdown(time.Minute)
			for i, done := range []<-chan outcome{first, second} {
				if o := r.await(done, patience, nil, doing, why); o.took < 3*time.Second {
					testkit.Report{
						Doing: doing,
						Want:  "both return when the handler has, after 3s",
						Got:   fmt.Sprintf("call %d: %v", i+1, o),
						Why:   "nil means that everything is finished, whoever asks",
					}.Fatal(t)
				}
			}
			r.await(r.shutdown(time.Minute), patience, nil, doing, why)
			r.mustStop(doing)
		})
	})

	// Accept and Close race in every real server: this listener lets Accept win.
	t.Run("a connection accepted at the very moment of Shutdown is served", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Shutdown closes the listener at the very moment at which Accept returns a connection; its handler takes 3s"
			var ran atomic.Bool
			r := newServer(t, func(ctx context.Context, conn net.Conn) {
				time.Sleep(3 * time.Second)
				ran.Store(true)
				io.WriteString(conn, "served")
			})
			c := r.lastDial()
			r.begin()
			synctest.Wait()
			report := testkit.Report{
				Doing: doing,
				Want:  "its handler runs, and Shutdown waits for it",
				Why:   "Accept had returned it before the listener was closed: the client is connected and has sent its request",
			}
			done := r.shutdown(time.Minute)
			if symptom := c.hearEnd("served"); symptom != "" {
				report.Got = "the client heard " + symptom
				if !ran.Load() {
					report.Got += "; its handler did not run"
				}
				report.Fatal(t)
			}
			if o := r.await(done, patience, nil, doing, report.Why); o.took < 3*time.Second {
				report.Got = fmt.Sprintf("%v; the handler took 3s", o)
				report.Fatal(t)
			}
			r.mustStop(doing)
		})
	})

	t.Run("a connection accepted when the time is already up is closed", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Shutdown is called with a ctx that has ended, and Accept returns a connection a second later"
			r := newServer(t, func(ctx context.Context, conn net.Conn) {
				io.Copy(io.Discard, conn)
			})
			c := r.lastDial()
			r.ln.delay = time.Second
			r.begin()
			synctest.Wait()
			r.await(r.shutdown(0), patience, context.DeadlineExceeded, doing, "its deadline has passed, and Serve is still in Accept")
			time.Sleep(2 * time.Second) // now Accept has returned the connection
			if symptom := c.hearEnd(""); symptom != "" {
				testkit.Report{
					Doing: doing,
					Want:  "the connection is closed, for Shutdown has given up waiting",
					Got:   "the client heard " + symptom,
					At:    testkit.StuckAt(),
					Why:   "whatever closes the connections that are left has to think of one that comes a moment later",
				}.Fatal(t)
			}
			r.mustStop(doing)
		})
	})

	t.Run("Shutdown does not wait for a pause of Serve", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			const doing = "Accept fails again and again, Serve pauses for 1s each time, and Shutdown is called in such a pause"
			r := newServer(t, greet)
			r.ln.errs = failures(1000)
			r.begin()
			time.Sleep(10*time.Second + 100*time.Millisecond) // by now the pauses take 1 s
			done := r.shutdown(time.Minute)
			synctest.Wait()
			if !r.hasReturned(0) {
				testkit.Report{
					Doing: doing,
					Want:  "Serve wakes from its pause, and returns ErrServerClosed at once",
					Got:   "Serve is still asleep",
					At:    testkit.StuckAt(),
					Why:   "time.Sleep cannot be woken; a select on a timer and on \"Shutdown has begun\" can",
				}.Fatal(t)
			}
			r.await(done, patience, nil, doing, "nobody was connected")
			r.mustStop(doing)
		})
	})
}

// lastDial connects a client whose connection Accept returns although the
// listener is being closed.
func (r *running) lastDial() *client {
	server, other := net.Pipe()
	r.t.Cleanup(func() { other.Close() })
	r.ln.last = testkit.Guard(r.t, server)
	return &client{Conn: other, note: r.note}
}
