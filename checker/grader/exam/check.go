package exam

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A Check is one property of a task: it holds for every input, or the check fails.
type Check struct {
	ID    string // "2.1/tokens": the task, then a word
	Title string // what must hold, in a sentence that a student reads
	Why   string // why it matters, with the section of the RFC where there is one

	// Needs are checks of the same step without which this one says nothing. If
	// one of them has not passed, this one is not reached.
	Needs []string

	// Live checks talk to something that runs, so that a busy machine can spoil
	// them: one that fails is run once more with the same seed, alone.
	Live bool

	// Story checks are calls on a clock of their own, in which a wrong program may go on
	// for ever: after one that has failed, nobody else gets its driver.
	Story bool

	// Alone checks get a driver of their own: those that count what the driver
	// has open, and those that tend to end it where a step is wrong.
	Alone bool

	run func(x *X)
}

// Task is the task that the check belongs to, such as "2.1".
func (c Check) Task() string {
	task, _, _ := strings.Cut(c.ID, "/")
	return task
}

// Checks returns the checks of a step, in order.
func Checks(step int) []Check {
	if step < 1 || step > len(steps) {
		return nil
	}
	return steps[step-1]
}

// steps has the checks of each step.
var steps [10][]Check

// draw returns the random numbers of a check: those of one seed and ID are always
// the same, and say nothing about those of another ID.
func draw(seed uint64, id string) *rand.Rand {
	sum := sha256.Sum256(fmt.Appendf(nil, "barewire exam %d %s", seed, id))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])))
}

// An X is one run of a check.
type X struct {
	*Rand
	check    Check
	driver   *driver
	patience time.Duration
	calls    *calls
	memory   *Memory
	talks    int    // that have been had, with a memory
	doing    string // before each Brief
	cleanups []func()
}

// A Failure is why a check has failed, in two parts: Brief, which may be shown to
// a student whatever happens, and the rest, which has the input in it.
type Failure struct {
	Brief string // what is wrong, without the input: "a method of 33 letters: want status 501, got 400"
	Input string // what was sent, as Go writes it or as it stands in a message
	Want  string
	Got   string
	There string // where in those the difference is

	slow      bool // time was up
	gone      bool // the driver has ended
	unreached bool // the check could not begin
}

func (f *Failure) Error() string { return f.Brief }

// How much of a text is shown: in a report, and to somebody who asks for all of it.
const (
	mostShown = 1500
	mostWhole = 64 << 10
)

// text is the failure with so much of its input, or without it.
func (f *Failure) text(c Check, hidden bool, most int) string {
	var b strings.Builder
	b.WriteString(printable(f.Brief, mostShown))
	line := func(name, text string) {
		if text != "" && !hidden {
			fmt.Fprintf(&b, "\n%-5s %s", name, strings.ReplaceAll(printable(text, most), "\n", "\n      "))
		}
	}
	line("input", f.Input)
	line("want", f.Want)
	line("got", f.Got)
	line("there", f.There)
	if c.Why != "" {
		b.WriteString("\nwhy   " + c.Why)
	}
	return b.String()
}

// printable makes of untrusted text what can be shown: valid UTF-8 of a bounded
// length, with everything but line ends visible.
func printable(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() > most {
			b.WriteString("...")
			break
		}
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == 0xFFFD || r < ' ' || r == 0x7F || !isPrint(r):
			q := fmt.Sprintf("%+q", r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Fail ends the check.
func (x *X) Fail(f Failure) { panic(&f) }

// Failf ends the check with a Brief only.
func (x *X) Failf(format string, args ...any) { x.Fail(Failure{Brief: fmt.Sprintf(format, args...)}) }

// Cleanup has f called when the check has ended, the last first.
func (x *X) Cleanup(f func()) { x.cleanups = append(x.cleanups, f) }

func (x *X) cleanup() {
	for _, f := range slices.Backward(x.cleanups) {
		f()
	}
}

// Patience is how long something may take that takes no time.
func (x *X) Patience() time.Duration { return x.patience }
