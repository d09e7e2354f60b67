package exam

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// A worker is a driver that does not answer, and uses processor time.
type worker struct {
	liar
	cpu time.Duration
}

func (w *worker) Usage() (Usage, bool) { return Usage{CPU: w.cpu}, true }

func TestGreet(t *testing.T) {
	nothing := func(nc net.Conn) { _, _ = nc.Read(make([]byte, 1<<10)); select {} }
	for _, test := range []struct {
		name   string
		answer func(net.Conn)
		cpu    time.Duration
		want   string
		slow   bool
		why    string
	}{
		{"one that answers", always(`{}`), 0, "", false, ""},
		{"one that used much and answers", always(`{}`), time.Minute, "", false, "it is asked before it is looked at"},
		{"one that waits", nothing, 0, "no answer within 300ms", true, "it may be the machine, so somebody asks again"},
		{"one that works without an end", nothing, 3 * time.Second, "no answer after 2s of processor time", false, "that is not the machine"},
		{"one that lies", func(nc net.Conn) {
			_, _ = nc.Read(make([]byte, 1<<10))
			_, _ = nc.Write([]byte("HTTP/1.1 200"))
		}, 0, "no longer answers", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := &worker{liar{answer: test.answer, done: make(chan struct{})}, test.cpu}
			err := Greet(w, 300*time.Millisecond)
			silent, ok := errors.AsType[*Silent](err)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("%v: %s", err, test.why)
			case test.want != "" && (!ok || !strings.HasPrefix(err.Error(), "at its start, ") || !strings.Contains(err.Error(), test.want) || silent.Slow != test.slow):
				t.Errorf("%v; want one that says %q: %s", err, test.want, test.why)
			}
			select {
			case <-w.done:
				if test.want == "" {
					t.Error("it was stopped")
				}
			default:
				if test.want != "" {
					t.Error("it was not stopped")
				}
			}
		})
	}
}
