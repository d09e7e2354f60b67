package exam

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/driver/wire"
	"barewire/checker/grader/result"
)

// A liar is a driver that answers what it likes.
type liar struct {
	answer func(nc net.Conn)
	done   chan struct{}
	once   sync.Once
	exit   Exit
}

func (l *liar) Dial(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		l.answer(theirs)
	}()
	return ours, nil
}

func (l *liar) Usage() (Usage, bool)  { return Usage{}, false }
func (l *liar) Done() <-chan struct{} { return l.done }
func (l *liar) Stop() Exit            { l.once.Do(func() { close(l.done) }); return l.exit }

// lies starts liars.
func lies(answer func(nc net.Conn)) Driver {
	return func(context.Context, int, string) (Process, error) {
		return &liar{answer: answer, done: make(chan struct{})}, nil
	}
}

// always answers every call with one value.
func always(value string) func(nc net.Conn) {
	return func(nc net.Conn) {
		var hello wire.Hello
		if wire.ReadFrame(nc, &hello) != nil {
			return
		}
		if hello.Kind == "session" {
			_ = wire.WriteFrame(nc, wire.Reply{Key: hello.Key, Event: "ready"})
		}
		requests := make(chan wire.Request, 100_000) // a pipe has no buffer
		go func() {
			defer close(requests)
			for {
				var request wire.Request
				if wire.ReadFrame(nc, &request) != nil {
					return
				}
				requests <- request
			}
		}()
		for request := range requests {
			if wire.WriteFrame(nc, wire.Reply{Key: hello.Key, ID: request.ID, Value: json.RawMessage(value)}) != nil {
				return
			}
		}
	}
}

// A driver that says the same to everything, whatever it is, passes no check: each
// has inputs for which that is wrong.
func TestAlwaysTheSame(t *testing.T) {
	for name, value := range map[string]string{
		"an error":      `{"Err":{"kind":"protocol","status":400}}`,
		"nothing":       `{}`,
		"yes":           `true`,
		"no":            `false`,
		"an empty list": `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := Run(t.Context(), Config{Seed: *seed, Start: lies(always(value)), NoRetry: true, Patience: 200 * time.Millisecond, Parallel: 40})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Outcome == result.Passed {
					t.Errorf("%s is passed by a driver that always says %s", r.ID, value)
				}
			}
		})
	}
}

// Whatever a driver sends, the checks fail, in bounded time and memory, and nobody else
// is to blame.
func TestHostile(t *testing.T) {
	after := func(f func(nc net.Conn)) func(nc net.Conn) { // the greeting is answered
		greeted := false
		var mu sync.Mutex
		return func(nc net.Conn) {
			var hello wire.Hello
			var request wire.Request
			mu.Lock()
			first := !greeted
			greeted = true
			mu.Unlock()
			if first && wire.ReadFrame(nc, &hello) == nil && wire.ReadFrame(nc, &request) == nil {
				_ = wire.WriteFrame(nc, wire.Reply{Key: hello.Key, ID: request.ID})
				return
			}
			f(nc)
		}
	}
	for _, test := range []struct {
		name   string
		answer func(nc net.Conn)
		want   string // in every reason
	}{
		{"it says nothing", func(nc net.Conn) { _, _ = nc.Read(make([]byte, 1<<20)); time.Sleep(2 * time.Second) }, ""},
		{"it hangs up", func(net.Conn) {}, "no longer answers"},
		{"a frame of four gigabytes", after(func(nc net.Conn) {
			go func() { _, _ = nc.Write([]byte{0xff, 0xff, 0xff, 0xff}) }()
			for {
				if _, err := nc.Read(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}), ""},
		{"no JSON", after(func(nc net.Conn) {
			go func() { _, _ = nc.Write(append(binary.BigEndian.AppendUint32(nil, 5), "hello"...)) }()
			for {
				if _, err := nc.Read(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}), ""},
		{"more and more events", after(func(nc net.Conn) {
			var hello wire.Hello
			_ = wire.ReadFrame(nc, &hello)
			for wire.WriteFrame(nc, wire.Reply{Key: hello.Key, Event: "log", Value: json.RawMessage(`"` + strings.Repeat("x", 1<<16) + `"`)}) == nil {
			}
		}), ""},
		{"answers of somebody who has not read the hello", func(nc net.Conn) {
			var hello wire.Hello
			if wire.ReadFrame(nc, &hello) == nil {
				_ = wire.WriteFrame(nc, wire.Reply{ID: 1, Event: map[string]string{"session": "ready"}[hello.Kind]})
			}
		}, "somebody else answers in its place"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			results, err := Run(t.Context(), Config{Seed: *seed, Steps: []int{1, 2, 5}, Start: lies(test.answer), NoRetry: true, Patience: 200 * time.Millisecond, StepTime: 5 * time.Second})
			if err != nil || len(results) == 0 {
				t.Fatalf("%d results, %v", len(results), err)
			}
			for _, r := range results {
				if r.Outcome == result.Passed || r.Reason == "" || !strings.Contains(r.Reason, test.want) && !strings.Contains(r.Reason, "needs") {
					t.Errorf("%s: %s, %q", r.ID, r.Outcome, r.Reason)
				}
			}
		})
	}
}

// A fault of the box is nobody's failure.
func TestFault(t *testing.T) {
	full := errors.New("the machine has no memory left")
	_, err := Run(t.Context(), Config{Steps: []int{2}, Start: func(context.Context, int, string) (Process, error) {
		l := &liar{answer: func(net.Conn) {}, done: make(chan struct{}), exit: Exit{Fault: full}}
		close(l.done)
		l.once.Do(func() {})
		return l, nil
	}})
	if !errors.Is(err, full) {
		t.Errorf("error %v, want the fault of the box", err)
	}
}

// Nor is a failure of the reference.
func TestReferenceFault(t *testing.T) {
	saved := steps[0]
	t.Cleanup(func() { steps[0] = saved })
	steps[0] = []Check{{ID: "1.1/stuck", run: func(x *X) {
		Compare(x, "it", func(int) wire.Err {
			if err := wire.Bubble(func() { select {} }); err != nil {
				return wire.Err{Kind: err.Error()}
			}
			return wire.Err{}
		}, []Case[int]{{Class: "any"}})
	}}}
	_, err := Run(t.Context(), Config{Steps: []int{1}, Start: lies(always(`{"kind":"deadlock"}`))})
	if err == nil || !strings.Contains(err.Error(), "the reference fails: ") {
		t.Errorf("error %v, want a fault", err)
	}
}

// A check that fails once and passes with the same inputs is reported as such, if it
// talks to something that runs.
func TestFlaky(t *testing.T) {
	saved := steps[0]
	t.Cleanup(func() { steps[0] = saved })
	for _, live := range []bool{true, false} {
		var drawn []int
		steps[0] = []Check{{ID: "1.1/flaky", Title: "it is so now and then", Live: live, run: func(x *X) {
			if drawn = append(drawn, x.IntN(1e9)); len(drawn) == 1 {
				x.Failf("the machine was busy")
			}
		}}}
		results, err := Run(t.Context(), Config{Seed: 7, Steps: []int{1}, Start: lies(always("null"))})
		if err != nil || len(results) != 1 {
			t.Fatal(results, err)
		}
		r := results[0]
		if live && (r.Outcome != result.Passed || r.Retried != 1 || !strings.Contains(r.Detail, "the machine was busy") || len(drawn) != 2 || drawn[0] != drawn[1]) {
			t.Errorf("live: %+v, drawn %v; want it to pass at the second try, with the same inputs", r, drawn)
		}
		if !live && (r.Outcome != result.Failed || r.Retried != 0) {
			t.Errorf("not live: %+v; want it to have failed", r)
		}
	}
}

// What is hidden is in no text for the student.
func TestHidden(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		results, err := Run(t.Context(), Config{Seed: *seed, Steps: []int{2}, Only: []string{"2.1/tokens", "2.4/bytes", "2.6/lines", "2.9/query"}, Start: lies(always(`{"Err":{"kind":"other","text":"SECRET"}}`)), Hidden: func(string) bool { return hidden }})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if shown := strings.Contains(r.Reason, "\ninput ") || strings.Contains(r.Reason, "SECRET"); shown == hidden || r.Hidden != hidden || !strings.Contains(r.Detail, "\ninput ") || !strings.Contains(r.Reason, "\nwhy ") {
				t.Errorf("hidden %v: %s tells the student\n%s\nand the instructor\n%s", hidden, r.ID, r.Reason, r.Detail)
			}
		}
	}
}

// The same seed and ID draw the same inputs, alone or with others; another seed draws
// others.
func TestReplay(t *testing.T) {
	inputs := func(seed uint64, only ...string) map[string]string {
		results, err := Run(t.Context(), Config{Seed: seed, Steps: []int{3}, Only: only, Patience: 20 * time.Second, Start: lies(always("null"))})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, r := range results {
			out[r.ID] = r.Detail
		}
		return out
	}
	all, again, other := inputs(1), inputs(1), inputs(2)
	if !reflect.DeepEqual(all, again) {
		t.Error("the same seed draws other inputs")
	}
	alone := inputs(1, "3.9/heads")
	if len(alone) != 1 || alone["3.9/heads"] != all["3.9/heads"] {
		t.Errorf("alone it is\n%v\nand with others\n%s", alone, all["3.9/heads"])
	}
	if other["3.9/heads"] == all["3.9/heads"] {
		t.Error("another seed draws the same inputs")
	}
}

// Every task has a check, no check is there twice, and what a check needs stands before
// it.
func TestChecks(t *testing.T) {
	c, err := course.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, step := range c.Steps {
		tasks := map[string]bool{}
		for _, check := range Checks(step.Number) {
			if seen[check.ID] || check.Title == "" || check.Why == "" || check.run == nil || !strings.HasPrefix(check.ID, check.Task()+"/") {
				t.Errorf("%s is there twice, or not complete", check.ID)
			}
			for _, id := range check.Needs {
				if !seen[id] {
					t.Errorf("%s needs %s, which does not stand before it", check.ID, id)
				}
			}
			seen[check.ID], tasks[check.Task()] = true, true
		}
		for _, task := range step.Tasks {
			if !tasks[task.ID] {
				t.Errorf("task %s (%s) has no check", task.ID, task.Title)
			}
			delete(tasks, task.ID)
		}
		if len(tasks) > 0 {
			t.Errorf("checks of tasks that there are not: %v", tasks)
		}
	}
	if !slices.Contains(checkIDs(), "2.1/tokens") {
		t.Error("there is no check 2.1/tokens")
	}
}

func checkIDs() (ids []string) {
	for step := range 10 {
		for _, c := range Checks(step + 1) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// What a student is told can be printed anywhere, and is not endless.
func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[2J\x00\xff::error::\r\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text, mostShown)
		if len(got) > 1600 {
			t.Errorf("%d bytes", len(got))
		}
		for _, r := range got {
			if r != '\n' && !isPrint(r) || r == 0xFFFD {
				t.Fatalf("%q has %q in it", got, r)
			}
		}
		_ = fmt.Sprint(got)
	})
}
