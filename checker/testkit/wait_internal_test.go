package testkit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribe(t *testing.T) {
	tests := []struct {
		name   string
		stack  string
		want   goroutine
		bubble string
	}{
		{
			name: "waits in the step's own code",
			stack: `goroutine 7 [chan receive, 2 minutes]:
barewire/steps/01-tcp-echo.(*Server).Shutdown(0xc000112000, {0x6a1f40, 0xc000116000})
	/home/ada/barewire/steps/01-tcp-echo/server.go:88 +0x1d
barewire/steps/01-tcp-echo_test.TestTask5_Shutdown.func1(0xc000102540)
	/home/ada/barewire/steps/01-tcp-echo/shutdown_test.go:40 +0x1d
created by testing.(*T).Run in goroutine 1
	/usr/local/go/src/testing/testing.go:1997 +0x465`,
			want: goroutine{id: "goroutine 7", state: "chan receive", at: "(*Server).Shutdown (server.go:88): chan receive"},
		},
		{
			name: "waits in a call, in a bubble",
			stack: `goroutine 12 [select (durable), synctest bubble 2]:
net.(*pipe).read(0xc0000be000, {0xc0000140b8, 0x1, 0x1})
	/usr/local/go/src/net/pipe.go:168 +0x1a5
net.(*pipe).Read(0xc0000be000, {0xc0000140b8?, 0x0?, 0x0?})
	/usr/local/go/src/net/pipe.go:151 +0x25
barewire/solutions/01-tcp-echo.Echo({0x0, 0x0}, {0x0?, 0x0?})
	C:/Users/ada/my (own) code/barewire/solutions/01-tcp-echo/echo.go:31 +0x4b
barewire/solutions/01-tcp-echo.(*Server).Serve.func1()
	C:/Users/ada/barewire/solutions/01-tcp-echo/server.go:60 +0x4b
created by barewire/solutions/01-tcp-echo.(*Server).Serve in goroutine 9
	C:/Users/ada/barewire/solutions/01-tcp-echo/server.go:59 +0x70`,
			want:   goroutine{id: "goroutine 12", state: "select", at: "Echo (echo.go:31), in a call of net.(*pipe).Read"},
			bubble: "synctest bubble 2",
		},
		{
			name: "waits in a fake of the test",
			stack: `goroutine 12 [select (durable), synctest bubble 2]:
net.(*pipe).Read(0xc0000be000, {0xc0000140b8?, 0x0?, 0x0?})
	/usr/local/go/src/net/pipe.go:151 +0x25
barewire/checker/testkit.(*guarded).Read(0xc0000be000, {0xc0000140b8?, 0x0?, 0x0?})
	/home/ada/barewire/checker/testkit/guard.go:45 +0x25
barewire/steps/01-tcp-echo.Echo({0x0, 0x0}, {0x0?, 0x0?})
	/home/ada/barewire/steps/01-tcp-echo/echo.go:31 +0x4b`,
			want:   goroutine{id: "goroutine 12", state: "select", at: "Echo (echo.go:31), in a call of Read"},
			bubble: "synctest bubble 2",
		},
		{
			name: "was started by a step, and is not in it",
			stack: `goroutine 12 [select]:
time.Sleep(0x1)
	/usr/local/go/src/runtime/time.go:363 +0x1a5
created by barewire/steps/01-tcp-echo.(*Server).Serve in goroutine 9
	/home/ada/barewire/steps/01-tcp-echo/server.go:59 +0x70`,
			want: goroutine{id: "goroutine 12", state: "select", at: ""},
		},
		{
			name: "only its tests are on the stack",
			stack: `goroutine 12 [select]:
barewire/steps/01-tcp-echo_test.dial()
	/home/ada/barewire/steps/01-tcp-echo/fake_test.go:363 +0x1a5`,
			want: goroutine{id: "goroutine 12", state: "select", at: ""},
		},
		{
			name:  "nothing",
			stack: "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, bubble := describe(tt.stack)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(goroutine{})); diff != "" || bubble != tt.bubble {
				t.Errorf("bubble %q, want %q; goroutine (-want +got):\n%s", bubble, tt.bubble, diff)
			}
		})
	}
}

func TestStuckAt(t *testing.T) {
	at := func(lines ...string) (gs []goroutine) {
		for _, line := range lines {
			gs = append(gs, goroutine{at: line})
		}
		return gs
	}
	tests := []struct {
		goroutines []goroutine
		want       string
	}{
		{nil, "no goroutine is in your code: it returned, or never started"},
		{at("a"), "a"},
		{at("a", "b", "c"), "a\nb\nc"},
		{at("a", "b", "c", "d", "e"), "a\nb\nc\nand 2 more goroutines"},
	}
	for _, tt := range tests {
		if got := stuckAt(tt.goroutines); got != tt.want {
			t.Errorf("stuckAt(%v) = %q, want %q", tt.goroutines, got, tt.want)
		}
	}
}

func TestFindPanic(t *testing.T) {
	tests := []struct{ name, out, what, at string }{
		{name: "no panic", out: "--- FAIL: TestX\n    want panic: no\nFAIL\n"},
		{name: "a time-out of the child is not the code's panic", out: "panic: test timed out after 30s\n\ngoroutine 1 [running]:\n"},
		{
			name: "a panic in a handler",
			out: `panic: boom

goroutine 12 [running]:
barewire/steps/01-tcp-echo_test.TestTask3_Panic.func2({0x0?, 0x0?})
	/home/ada/barewire/steps/01-tcp-echo/serve_test.go:363 +0x1a5
barewire/steps/01-tcp-echo.(*Server).Serve.func1()
	/home/ada/barewire/steps/01-tcp-echo/server.go:60 +0x4b
created by barewire/steps/01-tcp-echo.(*Server).Serve in goroutine 9
	/home/ada/barewire/steps/01-tcp-echo/server.go:59 +0x70
exit status 2
`,
			what: "panic: boom",
			at:   "(*Server).Serve.func1 (server.go:60), in a call of a function of the test",
		},
		{name: "a fatal error", out: "fatal error: concurrent map writes\n", what: "fatal error: concurrent map writes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			what, at := findPanic(tt.out)
			if what != tt.what || at != tt.at {
				t.Errorf("findPanic = %q, %q; want %q, %q", what, at, tt.what, tt.at)
			}
		})
	}
}

// A goroutine that waits for a lock is no loop, and one that runs is.
func TestLock(t *testing.T) {
	for state, want := range map[string]struct{ waits, busy bool }{
		"sync.Mutex.Lock":    {waits: true},
		"sync.RWMutex.RLock": {waits: true},
		"running":            {busy: true},
		"runnable":           {busy: true},
		"select":             {},
	} {
		g, _ := describe("goroutine 7 [" + state + ", 2 minutes]:\nbarewire/steps/05-thread-pool.(*Pool).try(0x1)\n\t/home/ada/submit.go:110 +0x1d")
		if waitsForLock(g) != want.waits || isBusy(g) != want.busy {
			t.Errorf("%s: waits for a lock: %v, busy: %v, want %v", state, waitsForLock(g), isBusy(g), want)
		}
	}
}
