package testkit

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bubbleLimit is how long a bubble may take on the wall clock. Nothing in a
// bubble waits for real time, so one that is still busy then is a loop that
// does not end.
var bubbleLimit = 20 * time.Second

const (
	deadlockWhy = "what each goroutine waits for (a channel, a condition, another goroutine) only another one can bring, and none is left that could: look at the lines above, and ask who should have"
	lockWhy     = "a sync.Mutex is given back by Unlock alone, on every way out of the function (a return, a panic); whoever has it and locks it again waits for itself, so call nothing with it held that takes it, and no code that is not yours"
)

const leakWhy = "nothing in Go ends a goroutine from outside: unless what it waits for comes, it stays for as long as the program runs"

// Within runs f and ends the test if f is still running after d: what says what
// was being waited for, such as "the server to send back \"hello\"". The
// goroutine that runs f is left behind then; nothing in Go can end it.
func Within(t testing.TB, d time.Duration, what string, f func()) {
	t.Helper()
	returned := false // false as well if f ended its own goroutine with Fatal
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
		returned = true
	}()
	select {
	case <-done:
		if !returned {
			t.FailNow()
		}
	case <-time.After(d):
		Report{
			Got: fmt.Sprintf("nothing for %v: still waiting for %s", d, what),
			At:  stuckAt(goroutines(ownBubble())),
		}.Fatal(t)
	}
}

// Bubble runs f in a synctest bubble, where sleeps and deadlines cost no time
// and are exact. A bubble that cannot go on, because everything in it waits for
// something else, or that leaves goroutines behind although nothing was wrong, or
// that is still busy after 20 seconds on the wall clock, is reported as a failure with the line of the
// learner's code where it is; none of these ends the program.
func Bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	BubbleFor(t, Report{}, f)
}

// BubbleFor is Bubble for a test that can say beforehand what it sends or does, what
// it wants and why: if f does not come to an end that is reported with it.
func BubbleFor(t *testing.T, about Report, f func(t *testing.T)) {
	t.Helper()
	var (
		returned bool
		panicked any
		bubble   = make(chan string, 1)
		done     = make(chan struct{})
	)
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		synctest.Test(t, func(t *testing.T) {
			bubble <- ownBubble()
			f(t)
		})
		returned = true
	}()

	watchdog := time.NewTimer(bubbleLimit)
	defer watchdog.Stop()
	select {
	case <-done:
	case <-watchdog.C:
		r, gs := about.orEnding(t), goroutines(<-bubble)
		r.Want, r.Got, r.At = cmp.Or(r.Want, "an end"), fmt.Sprintf("still busy after %v: a loop that does not end", bubbleLimit), stuckAt(gs)
		if slices.ContainsFunc(gs, waitsForLock) && !slices.ContainsFunc(gs, isBusy) {
			r.Got, r.Why = "a deadlock: a goroutine waits for a lock that is never given back", cmp.Or(r.Why, lockWhy)
		}
		r.Fatal(t)
	}

	about = about.orEnding(t)
	switch text := fmt.Sprint(panicked); {
	case returned:
	case panicked == nil:
		t.FailNow() // f ended with Fatal
	case strings.Contains(text, "main bubble goroutine has exited"):
		if t.Failed() {
			t.FailNow() // what went wrong has been said; this follows from it
		}
		Report{
			Want: "no goroutine left when the test ends",
			Got:  "a goroutine that waits for ever",
			At:   stuckAt(goroutines(<-bubble)),
			Why:  leakWhy,
		}.Fatal(t)
	case strings.Contains(text, "all goroutines in bubble are blocked"):
		r := about
		r.Want, r.Why = cmp.Or(r.Want, "an answer"), cmp.Or(r.Why, deadlockWhy)
		r.Got = "a deadlock: every goroutine waits for another one, and none can go on"
		r.At = stuckAt(goroutines(<-bubble))
		r.Fatal(t)
	default:
		panic(panicked)
	}
}

// endings are what tests do last, by their names.
var endings sync.Map

// Ending is called where a test in a bubble has seen all that it wants to see, and does
// something else to come to its end. If that is what never ends, the report says so.
func Ending(t testing.TB, doing string) { endings.Store(t.Name(), doing) }

// orEnding returns the report of what does not end: with what Ending was told, if it was
// called.
func (r Report) orEnding(t testing.TB) Report {
	if doing, ok := endings.LoadAndDelete(t.Name()); ok {
		r.Doing = doing.(string)
	}
	return r
}

// NoLeaks fails t, when it ends, if a goroutine that runs code of a step and
// was not there before is still there. It waits up to two seconds for those
// that are on their way out.
func NoLeaks(t testing.TB) {
	t.Helper()
	bubble := ownBubble()
	before := make(map[string]bool)
	for _, g := range goroutines(bubble) {
		before[g.id] = true
	}
	t.Cleanup(func() {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			var left []goroutine
			for _, g := range goroutines(bubble) {
				if !before[g.id] {
					left = append(left, g)
				}
			}
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				Report{
					Want: "no goroutine left when the test ends",
					Got:  fmt.Sprintf("%d still there", len(left)),
					At:   stuckAt(left),
					Why:  leakWhy,
				}.Error(t)
				return
			}
		}
	})
}

// StuckAt says where in the code of the steps goroutines wait right now: those of
// the bubble that it is called in, or those outside of any. It is for a Report's
// At, when the test itself has waited long enough.
func StuckAt() string { return stuckAt(goroutines(ownBubble())) }

// Goroutines counts the goroutines that StuckAt would describe.
func Goroutines() int { return len(goroutines(ownBubble())) }

// stuckAt says where in a step's own code goroutines are waiting, one a line:
// "Echo (echo.go:31), in a call of net.(*pipe).Read".
func stuckAt(gs []goroutine) string {
	if len(gs) == 0 {
		return "no goroutine is in your code: it returned, or never started"
	}
	const most = 3
	var lines []string
	for _, g := range gs[:min(len(gs), most)] {
		lines = append(lines, g.at)
	}
	if len(gs) > most {
		lines = append(lines, fmt.Sprintf("and %d more goroutines", len(gs)-most))
	}
	return strings.Join(lines, "\n")
}

// A goroutine is one that has a frame in a step's own code, not in its tests.
type goroutine struct {
	id    string // such as "goroutine 7"
	state string // what it waits for, such as "select" or "sync.Mutex.Lock"
	at    string // where in the step's code it is, and what it waits for
}

func waitsForLock(g goroutine) bool {
	return strings.HasPrefix(g.state, "sync.Mutex.") || strings.HasPrefix(g.state, "sync.RWMutex.")
}

func isBusy(g goroutine) bool { return g.state == "running" || g.state == "runnable" }

// ownBubble names the synctest bubble of the goroutine that calls it, "" if it
// is in none.
func ownBubble() string {
	buf := make([]byte, 256)
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "\n")
	_, bubble, _ := parseHead(head)
	return bubble
}

// goroutines describes the goroutines that have a frame in a step's own code.
// Only those of one bubble, or of none if bubble is "": others are what an
// earlier test, red as well, has left behind.
func goroutines(bubble string) []goroutine {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var found []goroutine
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if g, in := describe(stack); g.at != "" && in == bubble {
			found = append(found, g)
		}
	}
	slices.SortStableFunc(found, func(a, b goroutine) int { return cmp.Compare(a.at, b.at) }) // the runtime's order is chance
	return found
}

// describe reads the stack of one goroutine, and says which bubble it is in.
func describe(stack string) (g goroutine, bubble string) {
	head, frames, _ := strings.Cut(stack, "\n")
	id, bubble, state := parseHead(head)
	return goroutine{id, state, stepFrame(frames, state)}, bubble
}

// parseHead takes the first line of a goroutine's stack apart:
// "goroutine 7 [select (durable), synctest bubble 3]:".
func parseHead(head string) (id, bubble, state string) {
	id, rest, _ := strings.Cut(head, " [")
	for part := range strings.SplitSeq(strings.TrimSuffix(rest, "]:"), ", ") {
		switch {
		case strings.HasPrefix(part, "synctest bubble "):
			bubble = part
		case state == "":
			state = strings.TrimSuffix(part, " (durable)")
		}
	}
	return id, bubble, state
}

// stepFrame says where the innermost frame that is in a step's own code is, and
// what it calls or, if it calls nothing, what it waits for. It returns "" if
// there is no such frame.
func stepFrame(stack, state string) string {
	lines := strings.Split(stack, "\n")
	callee := ""
	for i := 0; i+1 < len(lines); i += 2 {
		fn, at := lines[i], strings.TrimSpace(lines[i+1])
		if strings.HasPrefix(fn, "created by ") {
			break
		}
		name := funcName(fn)
		if strings.Contains(at, "_test.go:") || strings.HasPrefix(fn, "barewire/checker/testkit.") {
			callee = fakeName(name)
			continue
		}
		if !strings.HasPrefix(fn, "barewire/steps/") && !strings.HasPrefix(fn, "barewire/solutions/") {
			callee = name
			continue
		}
		_, name, _ = strings.Cut(name, ".") // the file says which package it is
		// The path may have spaces; what follows it is " +0x1f".
		at = at[strings.LastIndexAny(at, `/\`)+1:]
		at, _, _ = strings.Cut(at, " ")
		if callee != "" {
			return fmt.Sprintf("%s (%s), in a call of %s", name, at, callee)
		}
		return fmt.Sprintf("%s (%s): %s", name, at, state)
	}
	return ""
}

// fakeName says what a step has called when it called a test: a method of one of
// its fakes, which stands for the real one, or a function.
func fakeName(name string) string {
	if strings.Contains(name, ".func") {
		return "a function of the test"
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// funcName shortens "a/b/c.(*T).F(0x1, 0x2)" to "c.(*T).F".
func funcName(fn string) string {
	if i := strings.LastIndexByte(fn, '('); i > 0 {
		fn = fn[:i]
	}
	return fn[strings.LastIndexByte(fn, '/')+1:]
}
