package testkit_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/checker/testkit"
)

// failing are tests that fail. TestFailing runs each of them in a child process
// and looks at what it prints.
var failing = map[string]struct {
	run  func(t *testing.T)
	want string // stands in what is printed, line by line
	not  string // does not
}{
	"Within: too late": {
		run: func(t *testing.T) {
			testkit.Within(t, 10*time.Millisecond, "the server to answer", func() { select {} })
			t.Error("went on")
		},
		want: `
got    nothing for 10ms: still waiting for the server to answer
at     no goroutine is in your code: it returned, or never started`,
		not: "went on",
	},
	"Within: Fatal inside ends the test": {
		run: func(t *testing.T) {
			testkit.Within(t, time.Minute, "", func() { t.Fatal("inside") })
			t.Error("went on")
		},
		want: "inside",
		not:  "went on",
	},
	"Within: an earlier Error does not end the test": {
		run: func(t *testing.T) {
			t.Error("earlier")
			testkit.Within(t, time.Minute, "", func() {})
			t.Error("went on")
		},
		want: "went on",
	},
	"Bubble: a deadlock at the end": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				testkit.Ending(t, "all is seen, and the server is shut down")
				select {}
			})
		},
		want: `
while  all is seen, and the server is shut down
want   an answer
got    a deadlock`,
	},
	"Bubble: a deadlock": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				t.Error("said before")
				select {}
			})
			t.Error("went on")
		},
		want: `
said before
wait_test.go:
want   an answer
got    a deadlock: every goroutine waits for another one, and none can go on`,
		not: "went on",
	},
	"Bubble: what a deadlock is about": {
		run: func(t *testing.T) {
			testkit.BubbleFor(t, testkit.Report{Doing: "a task is submitted", Want: "it runs", Why: "a yes is a promise"}, func(t *testing.T) { select {} })
		},
		want: `
while  a task is submitted
want   it runs
got    a deadlock: every goroutine waits for another one, and none can go on`,
		not: "an answer",
	},
	"Bubble: a goroutine left behind": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) { go func() { select {} }() })
		},
		want: `
wait_test.go:
want   no goroutine left when the test ends
got    a goroutine that waits for ever`,
	},
	"Bubble: a loop without an end": {
		run: func(t *testing.T) {
			testkit.SetBubbleLimit(50 * time.Millisecond)
			testkit.Bubble(t, func(t *testing.T) {
				for t.Name() != "" {
				}
			})
			t.Error("went on")
		},
		want: `
want   an end
got    still busy after 50ms: a loop that does not end`,
		not: "went on",
	},
	"Bubble: a goroutine left behind by a test that has failed already": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				go func() { select {} }()
				t.Error("inside")
			})
			t.Error("went on")
		},
		want: "inside",
		not:  "waits for ever",
	},
	"Bubble: Fatal inside ends the test": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) { t.Fatal("inside") })
			t.Error("went on")
		},
		want: "inside",
		not:  "went on",
	},
	"Guard: a loop that overlooks EOF": {
		run: func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				client, server := net.Pipe()
				go func() {
					server := testkit.Guard(t, server)
					for {
						server.Read(make([]byte, 1))
					}
				}()
				client.Close()
				synctest.Wait()
			})
		},
		want: `
while  Read returns the error "EOF"
want   an end
got    Read called 99 times more, with the same end each time`,
	},
	"Guard: nothing is reported when the test is over": {
		run: func(t *testing.T) {
			client, server := net.Pipe()
			client.Close()
			done := make(chan bool)
			t.Run("sub", func(t *testing.T) { server = testkit.Guard(t, server) })
			go func() {
				defer close(done)
				for {
					server.Read(make([]byte, 1))
				}
			}()
			<-done
			t.Error("ended")
		},
		want: "ended",
		not:  "an end after",
	},
	"Apart: a panic in a goroutine": {
		run: func(t *testing.T) {
			testkit.Apart(t, testkit.Report{Want: "no harm", Why: "others"}, func(t *testing.T) {
				go func() { panic("boom") }()
				select {}
			})
			t.Error("went on")
		},
		want: `
want   no harm
got    the whole program ended: panic: boom
why    others`,
		not: "went on",
	},
	"Apart: a failure without a panic": {
		run: func(t *testing.T) {
			testkit.Apart(t, testkit.Report{Want: "no harm"}, func(t *testing.T) { t.Error("plain") })
		},
		want: "plain",
		not:  "no harm",
	},
}

const failingEnv = "BAREWIRE_TESTKIT_FAILING"

func TestFailing(t *testing.T) {
	for name, tt := range failing {
		t.Run(name, func(t *testing.T) {
			if os.Getenv(failingEnv) != "" {
				tt.run(t)
				return
			}
			child := exec.Command(os.Args[0], "-test.run=^TestFailing$/^"+regexp.QuoteMeta(strings.TrimPrefix(t.Name(), "TestFailing/"))+"$")
			child.Env = append(os.Environ(), failingEnv+"=1")
			out, err := child.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("child: %v, want exit status 1", err)
			}
			rest := string(out)
			for line := range strings.SplitSeq(strings.TrimSpace(tt.want), "\n") {
				_, after, found := strings.Cut(rest, line)
				if !found {
					t.Fatalf("%q is missing, or out of order, in\n%s", line, out)
				}
				rest = after
			}
			if tt.not != "" && strings.Contains(string(out), tt.not) {
				t.Errorf("%q stands in\n%s", tt.not, out)
			}
		})
	}
}

func TestPassing(t *testing.T) {
	t.Run("Within: in time", func(t *testing.T) {
		ran := false
		testkit.Within(t, time.Minute, "", func() { ran = true })
		if !ran {
			t.Error("f did not run")
		}
	})
	t.Run("Bubble: an hour costs nothing", func(t *testing.T) {
		begin := time.Now()
		testkit.Bubble(t, func(t *testing.T) { time.Sleep(time.Hour) })
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
	})
	t.Run("NoLeaks: a goroutine that is on its way out", func(t *testing.T) {
		testkit.NoLeaks(t)
		go time.Sleep(20 * time.Millisecond)
	})
	t.Run("Guard: a loop that sets a new deadline may go on", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			server = testkit.Guard(t, server)
			for range 1000 {
				server.SetReadDeadline(time.Now().Add(time.Millisecond))
				server.Read(make([]byte, 1))
			}
		})
	})
	t.Run("Guard: CloseWrite stays", func(t *testing.T) {
		type closeWriter interface{ CloseWrite() error }
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		if _, ok := testkit.Guard(t, server).(closeWriter); ok {
			t.Error("a pipe has got a CloseWrite")
		}
		if _, ok := testkit.Guard(t, &net.TCPConn{}).(closeWriter); !ok {
			t.Error("a TCP connection has lost its CloseWrite")
		}
	})
	t.Run("Guard: bytes and errors pass", func(t *testing.T) {
		client, server := net.Pipe()
		server = testkit.Guard(t, server)
		go func() {
			defer client.Close()
			client.Write([]byte("hello"))
		}()
		got, err := io.ReadAll(server)
		if string(got) != "hello" || err != nil {
			t.Errorf("ReadAll = %q, %v", got, err)
		}
	})
	t.Run("Apart: f runs here as well", func(t *testing.T) {
		ran := false
		testkit.Apart(t, testkit.Report{}, func(t *testing.T) { ran = true })
		if !ran {
			t.Error("f did not run")
		}
	})
	t.Run("Bubble: the context of the bubble", func(t *testing.T) {
		testkit.Bubble(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			<-ctx.Done()
		})
	})
}
