package testkit

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Within runs f and ends the test if f is still running after d: what says what
// was being waited for, such as "the server to send back \"hello\"". The
// goroutine that runs f is left behind then; nothing in Go can end it.
func Within(t testing.TB, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		if t.Failed() {
			t.FailNow() // f may have ended its own goroutine with Fatal
		}
	case <-time.After(d):
		Report{
			Got: fmt.Sprintf("nothing for %v: still waiting for %s", d, what),
			Why: stuckAt(),
		}.Fatal(t)
	}
}

// Bubble runs f in a synctest bubble, where sleeps and deadlines cost no time
// and are exact. A bubble that cannot go on, because everything in it waits for
// something else, or that leaves goroutines behind, is reported as a failure
// with the line of the learner's code that waits; it does not end the program.
func Bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	defer func() {
		t.Helper()
		switch e := recover(); {
		case e == nil:
		case strings.Contains(fmt.Sprint(e), "main bubble goroutine has exited"):
			Report{
				Want: "no goroutine left when the test ends",
				Got:  "a goroutine that waits for ever",
				Why:  stuckAt(),
			}.Error(t)
		case strings.Contains(fmt.Sprint(e), "all goroutines in bubble are blocked"):
			Report{
				Want: "an answer",
				Got:  "a deadlock: every goroutine waits for another one, and none can go on",
				Why:  stuckAt(),
			}.Error(t)
		default:
			panic(e)
		}
	}()
	synctest.Test(t, f)
}

// NoLeaks fails t, when it ends, if a goroutine that runs code of a step is
// still there. It waits up to two seconds for those that are on their way out.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := len(stepGoroutines())
	t.Cleanup(func() {
		t.Helper()
		deadline := time.Now().Add(2 * time.Second)
		for len(stepGoroutines()) > before {
			if time.Now().After(deadline) {
				Report{
					Want: "no goroutine left when the test ends",
					Got:  fmt.Sprintf("%d goroutine(s) still running", len(stepGoroutines())-before),
					Why:  stuckAt(),
				}.Error(t)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// stuckAt says where in a step's own code goroutines are waiting, for example
// "goroutine 7 is in echo.(*Server).Shutdown (server.go:88): chan receive".
func stuckAt() string {
	var lines []string
	for _, g := range stepGoroutines() {
		lines = append(lines, g)
	}
	if len(lines) == 0 {
		return "no goroutine is in your code: it returned, or never started"
	}
	const most = 3
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return strings.Join(lines, "; ")
}

// stepGoroutines describes the goroutines that have a frame in a step's own
// code (not in its tests), one sentence each.
func stepGoroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var found []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if s := describeStack(stack); s != "" {
			found = append(found, s)
		}
	}
	return found
}

// describeStack returns a sentence on the innermost frame of stack that is in a
// step's own code, or "" if there is none.
func describeStack(stack string) string {
	head, rest, _ := strings.Cut(stack, "\n")
	lines := strings.Split(rest, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		fn, at := lines[i], strings.TrimSpace(lines[i+1])
		if strings.HasPrefix(fn, "created by ") || strings.Contains(at, "_test.go:") ||
			!strings.HasPrefix(fn, "barewire/steps/") && !strings.HasPrefix(fn, "barewire/solutions/") {
			continue
		}
		fn = fn[strings.LastIndexByte(fn, '/')+1:]
		if j := strings.LastIndexByte(fn, '('); j > 0 {
			fn = fn[:j]
		}
		at, _, _ = strings.Cut(at, " ")
		at = at[strings.LastIndexAny(at, `/\`)+1:]
		state := strings.TrimSuffix(head[strings.IndexByte(head, '[')+1:], "]:")
		name, _, _ := strings.Cut(head, " [")
		return fmt.Sprintf("%s is in %s (%s): %s", name, fn, at, state)
	}
	return ""
}
