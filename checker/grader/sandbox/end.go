package sandbox

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// A Cause is why a program ended.
type Cause int

const (
	Exited    Cause = iota // by itself, with a status
	Signaled               // by a signal, its own fault
	Ended                  // because the checker was done with it
	CPUTime                // Spec.CPU was used up
	WallTime               // Spec.Wall was over
	Memory                 // it was refused more than Spec.Memory, or killed with much of it
	Overflow               // it wrote more output than anybody reads
	Disk                   // it wrote more than Spec.Scratch
	Threads                // it had more than Spec.Processes, where the kernel does not count them
	Cancelled              // the context of Start ended
)

// An End is how a program ended and what it used.
type End struct {
	Cause  Cause
	Status int            // the exit status, if it exited
	Signal syscall.Signal // what ended it, if it was a signal

	Wall time.Duration
	CPU  time.Duration // of all its processes
	Peak int64         // bytes of memory at most: of the largest, if there are several

	// Stdout and Stderr are what it has written, as much as Spec.Output allows. It
	// may be anything: escape it before it is shown.
	Stdout, Stderr []byte
	Truncated      bool // there was more

	limits Spec
}

// OK reports whether the program ended by itself with status 0.
func (e End) OK() bool { return e.Cause == Exited && e.Status == 0 }

// String says how the program ended, in words for a student.
func (e End) String() string {
	switch e.Cause {
	case Signaled:
		return fmt.Sprintf("it was ended by a signal: %v", e.Signal)
	case Ended:
		return "it was ended by the checker"
	case CPUTime:
		return fmt.Sprintf("it used more than %v of processor time", e.limits.CPU)
	case WallTime:
		return fmt.Sprintf("it was still running after %v", e.limits.Wall)
	case Memory:
		if e.Signal == syscall.SIGKILL {
			return fmt.Sprintf("it was killed for its memory: it had %d MiB of the %d MiB of its box", e.Peak>>20, e.limits.Memory>>20)
		}
		return fmt.Sprintf("it needed more than %d MiB of memory", e.limits.Memory>>20)
	case Overflow:
		return fmt.Sprintf("it wrote more than %d MiB of output", mostDrained>>20)
	case Disk:
		return fmt.Sprintf("it wrote more than %d MiB of files", e.limits.Scratch>>20)
	case Threads:
		return fmt.Sprintf("it had more than %d threads", e.limits.Processes)
	case Cancelled:
		return "the checker was stopped"
	}
	if crash := e.Crash(); crash != "" {
		return fmt.Sprintf("it ended with exit status %d: %s", e.Status, crash)
	}
	return fmt.Sprintf("it ended by itself with exit status %d", e.Status)
}

// longestCrash is how much of a panic's message is repeated.
const longestCrash = 200

// Crash returns the line in which the Go runtime says why it has ended the program,
// such as "panic: runtime error: index out of range", or "". It is text of the
// submission's: with nothing in it that a terminal would obey, but nothing more.
func (e End) Crash() string {
	for line := range bytes.Lines(e.Stderr) {
		if !bytes.HasPrefix(line, []byte("panic: ")) && !bytes.HasPrefix(line, []byte("fatal error: ")) && !bytes.HasPrefix(line, []byte("SIGSEGV: ")) {
			continue
		}
		text := strings.TrimSpace(Printable(string(line)))
		if len(text) > longestCrash {
			text = strings.ToValidUTF8(text[:longestCrash], "") + "…"
		}
		return text
	}
	return ""
}

// Printable returns s with control characters and broken UTF-8 made visible, line
// ends and tabs excepted.
func Printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case 0x80 <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff ||
			0x200b <= r && r <= 0x200f || 0x202a <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// outOfMemory reports whether the Go runtime says that it got no more memory, in
// one of its many ways. Where its garbage collector gets none, it crashes.
func outOfMemory(stderr []byte) bool {
	for _, says := range []string{"out of memory", "cannot allocate memory", "runtime.(*spanQueue)"} {
		if bytes.Contains(stderr, []byte(says)) {
			return true
		}
	}
	return false
}
