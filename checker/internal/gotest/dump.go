package gotest

import (
	"regexp"
	"strconv"
	"strings"
)

// A Panic is the end of a program by a panic, or by an error of the runtime.
type Panic struct {
	Test  string  // the test that was running, or ""
	Value string  // such as "assignment to entry in nil map"
	Fatal bool    // a "fatal error", which no program can recover from
	Stack []Frame // innermost first, from where the panic began
}

// A Frame is a function that was being called.
type Frame struct {
	Func string // with its package's path, such as "barewire/steps/01-tcp-echo.(*Server).Serve"
	File string // relative to Run.Dir where it is inside, with slashes
	Line int
}

// A Timeout is the end of a program that took too long.
type Timeout struct {
	After      string   // such as "30s"
	Tests      []string // those that were running, without their parents
	Goroutines []Goroutine
}

// A Goroutine is what one goroutine was doing.
type Goroutine struct {
	State string // such as "chan receive"
	Stack []Frame
}

// A Race is two accesses to the same memory, one of them a write, with nothing
// that puts them in order.
type Race struct {
	Test     string
	Accesses []Access // two, the later one first
}

// An Access is one side of a race.
type Access struct {
	What  string // such as "Write" or "Previous read"
	Stack []Frame
}

var (
	dumpHead      = regexp.MustCompile(`^(panic: |fatal error: |SIGQUIT: quit)`)
	goroutineHead = regexp.MustCompile(`^goroutine \d+ .*\[(.*)\]:$`)
	timedOut      = regexp.MustCompile(`^panic: test timed out after (\S+)$`)
	runningTest   = regexp.MustCompile(`^\t\t(\S+) \(.*\)$`)
	frameFile     = regexp.MustCompile(`^\s+(\S.*\.(?:go|s)):(\d+)(?: |$)`)
)

// dumpStart returns the index of the line that begins the dump with which the
// program ended, or -1. A program that prints a panic and goes on did not end.
func dumpStart(p *building) int {
	if p.Outcome == Pass {
		return -1
	}
	for i, l := range p.lines {
		if !dumpHead.MatchString(l.text) || l.begun != len(p.Tests) {
			continue
		}
		for _, next := range p.lines[i:] {
			if goroutineHead.MatchString(next.text) {
				return i
			}
		}
	}
	return -1
}

// readDump reads the last words of a program.
func readDump(s *stream, p *building, lines []line) {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	if m := timedOut.FindStringSubmatch(texts[0]); m != nil || strings.HasPrefix(texts[0], "SIGQUIT") {
		p.Timeout = &Timeout{Goroutines: readGoroutines(s, texts)}
		if m != nil {
			p.Timeout.After = m[1]
		}
		p.Timeout.Tests = runningTests(texts, lines[0].latest)
		return
	}
	p.Panic = &Panic{Value: panicValue(texts), Fatal: strings.HasPrefix(texts[0], "fatal error: ")}
	p.Panic.Test = lines[0].test
	if strings.HasPrefix(lines[0].latest, lines[0].test+"/") {
		p.Panic.Test = lines[0].latest // the panic has ended it and its parents
	}
	if all := readGoroutines(s, texts); len(all) > 0 {
		p.Panic.Stack = all[0].Stack
	}
}

// runningTests returns the tests in the list under "running tests:", without
// those whose subtests are in it too.
func runningTests(texts []string, latest string) []string {
	var names []string
	for _, text := range texts {
		if goroutineHead.MatchString(text) {
			break
		}
		m := runningTest.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		if n := len(names); n > 0 && strings.HasPrefix(m[1], names[n-1]+"/") {
			names[n-1] = m[1]
			continue
		}
		names = append(names, m[1])
	}
	if len(names) == 0 && latest != "" {
		names = []string{latest}
	}
	return names
}

// panicValue returns what stands after "panic: ", without the runtime's notes.
func panicValue(texts []string) string {
	_, value, _ := strings.Cut(texts[0], ": ")
	for _, text := range texts[1:] {
		if text == "" || strings.HasPrefix(text, "[signal ") || goroutineHead.MatchString(text) ||
			strings.HasPrefix(text, "\tpanic: ") {
			break
		}
		value += "\n" + strings.TrimPrefix(text, "\t")
	}
	value = strings.TrimSuffix(value, " [recovered, repanicked]")
	return strings.TrimSuffix(value, " [recovered]")
}

// readGoroutines reads every goroutine in a dump.
func readGoroutines(s *stream, texts []string) []Goroutine {
	var all []Goroutine
	for i, text := range texts {
		m := goroutineHead.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		state, _, _ := strings.Cut(m[1], ",")
		all = append(all, Goroutine{strings.TrimSuffix(state, " (durable)"), readStack(s, texts[i+1:])})
	}
	return all
}

// readStack reads frames up to an empty line or the line "created by". Where a
// panic is on the stack, what stands above it is package runtime's own.
func readStack(s *stream, texts []string) []Frame {
	var stack []Frame
	for i := 0; i+1 < len(texts); i++ {
		text := strings.TrimSpace(texts[i])
		if text == "" || strings.HasPrefix(text, "created by ") {
			break
		}
		m := frameFile.FindStringSubmatch(texts[i+1])
		if m == nil {
			continue // "...additional frames elided..."
		}
		if strings.HasPrefix(text, "panic(") {
			stack = nil
			i++
			continue
		}
		if at := strings.LastIndexByte(text, '('); at > 0 {
			text = text[:at]
		}
		n, _ := strconv.Atoi(m[2])
		stack = append(stack, Frame{text, s.relative(m[1]), n})
		i++
	}
	return stack
}

const raceBorder = "=================="

// raceLines returns how many of the lines are the report of a data race, which
// begins with the first one; 0 if it does not.
func raceLines(lines []line) int {
	if len(lines) < 2 || lines[0].text != raceBorder || lines[1].text != "WARNING: DATA RACE" {
		return 0
	}
	for i, l := range lines[1:] {
		if l.text == raceBorder {
			return i + 2
		}
	}
	return len(lines)
}

var accessHead = regexp.MustCompile(`^((?:Previous )?(?:atomic )?(?:[Rr]ead|[Ww]rite)) at 0x[0-9a-f]+ by `)

// readRace reads the report of a data race.
func readRace(s *stream, lines []line) Race {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	r := Race{Test: lines[0].test}
	for i, text := range texts {
		if m := accessHead.FindStringSubmatch(text); m != nil {
			r.Accesses = append(r.Accesses, Access{m[1], readStack(s, texts[i+1:])})
		}
	}
	return r
}
