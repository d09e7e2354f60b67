package watch

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A script drives a loop inside a synctest bubble, and writes down what it does.
type script struct {
	t     *testing.T
	loop  *loop
	saved chan string
	keys  chan byte
	took  time.Duration // by a run of the tests
	mu    sync.Mutex
	log   []string
	ended chan struct{}
	stop  context.CancelFunc
}

// play starts the loop, lets f drive it, ends it, and returns what it did.
func play(t *testing.T, took time.Duration, f func(s *script)) (log []string) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, saved: make(chan string), keys: make(chan byte), took: took, ended: make(chan struct{})}
		s.loop = &loop{saved: s.saved, keys: s.keys, run: s.run, key: s.key, urgent: urgent, crashed: func() {}}
		ctx, stop := context.WithCancel(t.Context())
		s.stop = stop
		go func() {
			defer close(s.ended)
			s.loop.watch(ctx)
		}()
		synctest.Wait()
		f(s)
		stop()
		<-s.ended
		log = s.log
	})
	return log
}

func (s *script) run(ctx context.Context, saved string) {
	what := strings.TrimSpace("run " + saved)
	select {
	case <-time.After(s.took):
	case <-ctx.Done():
		what += " stopped"
	}
	s.note(what)
}

func (s *script) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
}

// count returns how many things were done so far.
func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.log)
}

func (s *script) key(_ context.Context, key byte) action {
	s.note("key " + string(key))
	switch key {
	case 'q':
		return quit
	case 'n':
		return rerun
	}
	return wait
}

// after lets d pass and everything that follows from it happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestLoop(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name string
		took time.Duration
		f    func(s *script)
		want []string
	}{
		{"the tests run at the beginning", second, func(s *script) { after(2 * second) }, []string{"run"}},
		{"a save runs them again", second, func(s *script) {
			after(2 * second)
			s.saved <- "a.go"
			after(2 * second)
		}, []string{"run", "run a.go"}},
		{"saves that follow close on each other are one", second, func(s *script) {
			after(2 * second)
			for _, name := range []string{"a.go", "b.go", "c.go"} {
				s.saved <- name
				after(settle / 2)
			}
			after(2 * second)
		}, []string{"run", "run a.go"}},
		{"the tests run when nothing was saved for a moment", 0, func(s *script) {
			s.saved <- "a.go"
			after(settle - 1)
			if s.count() != 1 {
				s.t.Error("too early")
			}
			after(1)
		}, []string{"run", "run a.go"}},
		{"a save stops the tests that run", second, func(s *script) {
			after(second / 2)
			s.saved <- "a.go"
			after(2 * second)
		}, []string{"run stopped", "run a.go"}},
		{"a key that is not urgent waits for the result", second, func(s *script) {
			s.keys <- 'h'
			after(2 * second)
		}, []string{"run", "key h"}},
		{"a key that is urgent does not", second, func(s *script) {
			s.keys <- 'n'
			after(2 * second)
		}, []string{"run stopped", "key n", "run"}},
		{"q ends the loop", second, func(s *script) {
			after(2 * second)
			s.keys <- 'q'
			<-s.ended
		}, []string{"run", "key q"}},
		{"q ends it while the tests run, too", time.Hour, func(s *script) {
			s.keys <- 'q'
			<-s.ended
		}, []string{"run stopped", "key q"}},
		{"the end of the terminal ends the loop", second, func(s *script) {
			after(2 * second)
			close(s.keys)
			<-s.ended
		}, []string{"run"}},
		{"a signal ends the tests and the loop", time.Hour, func(s *script) {
			s.stop()
			<-s.ended
		}, []string{"run stopped"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, play(t, test.took, test.f)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCrash says that the terminal is given back before a panic ends the program.
func TestCrash(t *testing.T) {
	closed := false
	l := &loop{crashed: func() { closed = true }}
	defer func() {
		if e := recover(); e != "broken" || !closed {
			t.Errorf("panic %v, terminal given back: %t", e, closed)
		}
	}()
	func() {
		defer l.onPanic()
		panic("broken")
	}()
}

func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		now := map[string]stamp{"a.go": {size: 1}, "b.go": {size: 1}}
		ticks, names := make(chan time.Time), make(chan string)
		go compare(ctx, ticks, func() map[string]stamp { return maps.Clone(now) }, maps.Clone(now), names)
		for _, change := range []struct {
			name string
			do   func()
			want string
		}{
			{"nothing", func() {}, ""},
			{"a file that grows", func() { now["a.go"] = stamp{size: 2} }, "a.go"},
			{"a file of the same size that is newer", func() { now["b.go"] = stamp{size: 1, changed: time.Unix(9, 0)} }, "b.go"},
			{"a new file", func() { now["c.go"] = stamp{} }, "c.go"},
			{"a file that is gone", func() { delete(now, "c.go") }, "c.go"},
		} {
			change.do()
			ticks <- time.Time{}
			synctest.Wait()
			got := ""
			select {
			case got = <-names:
			default:
			}
			if got != change.want {
				t.Errorf("%s: %q was reported, want %q", change.name, got, change.want)
			}
		}
		stop()
	})
}

// TestFiles saves real files, as editors do, with both ways of noticing it.
func TestFiles(t *testing.T) {
	for _, poll := range []bool{false, true} {
		t.Run(fmt.Sprintf("poll=%t", poll), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "01-tcp-echo", "echo.go")
			if err := os.Mkdir(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			saved, polling := files(t.Context(), dir, poll, func() {})
			if polling != poll {
				t.Fatalf("polling is %t", polling)
			}
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(os.WriteFile(filepath.Join(filepath.Dir(file), ".echo.go.swp"), nil, 0o666))
			must(os.WriteFile(file+"~", []byte("package echo"), 0o666))
			must(os.Rename(file+"~", file))
			select {
			case name := <-saved:
				if filepath.Base(name) != "echo.go" {
					t.Errorf("%q was reported", name)
				}
			case <-time.After(10 * time.Second):
				t.Error("nothing was reported")
			}
		})
	}
}

func TestMatters(t *testing.T) {
	for name, want := range map[string]bool{
		"steps/01-tcp-echo/echo.go": true, "echo_test.go": true,
		"echo.go~": false, ".echo.go": false, ".#echo.go": false, "#echo.go#": false, "4913": false, "notes.txt": false,
	} {
		if matters(name) != want {
			t.Errorf("matters(%q) = %t", name, !want)
		}
	}
}

func TestRawWriter(t *testing.T) {
	var b strings.Builder
	n, err := rawWriter{&b}.Write([]byte("a\nb\n"))
	if n != 4 || err != nil || b.String() != "a\r\nb\r\n" {
		t.Errorf("Write = %d, %v, written %q", n, err, b.String())
	}
}

func TestKeys(t *testing.T) {
	r, w := io.Pipe() // each Read returns what one Write wrote
	pressed := keys(t.Context(), r, func() {})
	var got []byte
	for _, key := range []string{"h", "\x1b[A", "q"} {
		if _, err := io.WriteString(w, key); err != nil {
			t.Fatal(err)
		}
		if len(key) == 1 {
			got = append(got, <-pressed)
		}
	}
	w.Close()
	if _, open := <-pressed; open || !slices.Equal(got, []byte("hq")) {
		t.Errorf("keys %q, still open: %t", got, open)
	}
}
