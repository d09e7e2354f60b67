package echo_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"barewire/checker/testkit"
	echo "barewire/steps/01-tcp-echo"
)

// errTooMany is what Accept returns when the process has no file descriptor left.
var errTooMany = &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}

// failures returns n errors of Accept.
func failures(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = errTooMany
	}
	return errs
}

func TestTask4_Accept(t *testing.T) {
	t.Run("an accept error does not end the server", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := newServer(t, greet)
			r.ln.errs = failures(1)
			r.begin()
			c := r.dial()
			if symptom := c.hear("hi"); symptom != "" {
				testkit.Report{
					Doing: fmt.Sprintf("Accept returns an error once (%q), then a connection", errTooMany),
					Want:  "Serve tries again, and the next client is served",
					Got:   "the client heard " + symptom,
					At:    c.at(),
					Why:   "\"too many open files\" passes as soon as one connection ends; a server that gave up stays down until somebody wakes",
				}.Fatal(t)
			}
			if !strings.Contains(r.log.String(), errTooMany.Err.Error()) {
				testkit.Report{
					Doing: fmt.Sprintf("Accept returns an error once (%q), then a connection", errTooMany),
					Want:  "a line in ErrorLog that has the text of this error",
					Got:   testkit.LogLines(r.log.String()),
					Why:   "a server that turns clients away and says nothing looks healthy to whoever runs it",
				}.Error(t)
			}
		})
	})

	const ms = time.Millisecond
	tests := []struct {
		name  string
		doing string
		calls []error // what Accept returns, nil for a connection
		want  []time.Duration
		why   string
	}{
		{
			name:  "the pause doubles from 5 ms up to 1 s",
			doing: "Accept returns an error twelve times",
			calls: failures(12),
			want:  []time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, 1000 * ms, 1000 * ms, 1000 * ms, 1000 * ms},
			why:   "no pause burns a core that the handlers need to end; a long one from the start keeps clients waiting for nothing; one without an upper bound never comes back",
		},
		{
			name:  "a connection sets it back to 5 ms",
			doing: "Accept returns an error six times, then a connection, then an error three times",
			calls: append(append(failures(6), nil), failures(3)...),
			want:  []time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 0, 5 * ms, 10 * ms, 20 * ms},
			why:   "after a success the trouble is over; the next error is a new one",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				r := newServer(t, greet)
				r.ln.errs = tt.calls
				for _, err := range tt.calls {
					if err == nil {
						r.dial()
					}
				}
				r.begin()
				r.hasReturned(time.Minute)

				got := pauses(r.ln.calls())
				if agree(tt.want, got) {
					return
				}
				testkit.Report{
					Doing: tt.doing,
					Want:  "pauses between calls of Accept (half or twice as long is good as well, over 1 s is not):\n" + list(tt.want),
					Got:   list(got) + r.note(),
					Why:   tt.why,
				}.Error(t)
			})
		})
	}

	t.Run("a closed listener ends Serve", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			r := serve(t, greet)
			r.dial().hear("hi")
			report := testkit.Report{
				Doing: "the listener is closed, by ln.Close() and not by Shutdown",
				Want:  "Serve returns the error of Accept, for which errors.Is(err, net.ErrClosed)",
				Why:   "this error does not pass: nobody opens a listener again. It is not ErrServerClosed, for nobody called Shutdown",
			}
			r.ln.Close()
			switch {
			case !r.hasReturned(patience):
				report.Got = fmt.Sprintf("Serve still runs %v later; Accept was called %d times", patience, len(r.ln.calls()))
				report.At = testkit.StuckAt()
				report.Error(t)
			case !errors.Is(r.err, net.ErrClosed) || errors.Is(r.err, echo.ErrServerClosed):
				report.Got = fmt.Sprintf("Serve returned: %v", r.err)
				report.Error(t)
			}
		})
	})
}

// pauses returns the times between calls.
func pauses(calls []time.Time) []time.Duration {
	var ds []time.Duration
	for i := 1; i < len(calls); i++ {
		ds = append(ds, calls[i].Sub(calls[i-1]))
	}
	return ds
}

// agree says whether each pause is near the one that is wanted: a little chance
// in a pause is good style, for it keeps many servers from waking together.
func agree(want, got []time.Duration) bool {
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		if g := got[i]; g < w/2 || g > 2*w || g > time.Second {
			return false
		}
	}
	return true
}

// list writes durations one behind the other, in lines of eight.
func list(ds []time.Duration) string {
	var b strings.Builder
	for i, d := range ds {
		switch {
		case i > 0 && i%8 == 0:
			b.WriteString("\n")
		case i > 0:
			b.WriteString("  ")
		}
		b.WriteString(d.String())
	}
	if len(ds) == 0 {
		return "none: Accept was called once at most"
	}
	return b.String()
}
