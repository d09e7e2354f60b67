package testkit

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// apartEnv names the one test that a child process is to run.
const apartEnv = "BAREWIRE_TESTKIT_APART"

// Apart runs f, which may make code under test panic in a goroutine of its own.
// Nothing can recover such a panic and every later test would be hidden, so f
// runs in a child process first: this test binary, started again with this test
// only. If that ends with a panic Apart reports r, with the panic as r.Got, and
// ends the test. Otherwise f runs here as well.
func Apart(t *testing.T, r Report, f func(t *testing.T)) {
	t.Helper()
	if os.Getenv(apartEnv) == "" {
		if what, at := panicOf(t); what != "" {
			r.Got, r.At = "the whole program ended: "+what, at
			r.Fatal(t)
		}
	}
	f(t)
}

// panicOf runs the test t in a child process and returns the first line of its
// panic, and where it was. A child that cannot be started has no panic: then
// the test shows it.
func panicOf(t *testing.T) (what, at string) {
	self, err := os.Executable()
	if err != nil {
		return "", ""
	}
	var only []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		only = append(only, "^"+regexp.QuoteMeta(part)+"$")
	}
	child := exec.Command(self, "-test.run="+strings.Join(only, "/"), "-test.timeout=30s")
	child.Env = append(os.Environ(), apartEnv+"="+t.Name())
	out, _ := child.CombinedOutput()
	return findPanic(strings.ReplaceAll(string(out), "\r\n", "\n"))
}

// findPanic looks for the message of a panic, and the stack below it, in what a
// test has printed.
func findPanic(out string) (what, at string) {
	for line := range strings.Lines(out) {
		out = out[len(line):]
		if isPanic(line) {
			_, stack, _ := strings.Cut(out, "goroutine ")
			stack, _, _ = strings.Cut("goroutine "+stack, "\n\n")
			g, _ := describe(stack)
			return strings.TrimSpace(line), g.at
		}
	}
	return "", ""
}

func isPanic(line string) bool {
	return strings.HasPrefix(line, "fatal error: ") ||
		strings.HasPrefix(line, "panic: ") && !strings.HasPrefix(line, "panic: test timed out")
}
