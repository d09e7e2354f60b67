package gotest

import (
	"regexp"
	"strconv"
	"strings"
)

// readOutput sorts the lines that a package printed: the dump of a panic or a
// time-out, data races, the lines of the go command, and the rest, which goes
// to the test that printed it.
func readOutput(s *stream, p *building) {
	end := len(p.lines)
	if at := dumpStart(p); at >= 0 {
		readDump(s, p, p.lines[at:])
		end = at
	}
	for i := 0; i < len(p.lines); i++ {
		l := p.lines[i]
		if strings.HasPrefix(l.text, "exit status ") || strings.HasPrefix(l.text, "signal: ") {
			p.Exit = l.text
		}
		if i >= end || ofTheGoCommand(l) {
			continue
		}
		l.text = exampleEnd.ReplaceAllString(l.text, "")
		if n := raceLines(p.lines[i:end]); n > 0 {
			p.Races = append(p.Races, readRace(s, p.lines[i:i+n]))
			i += n - 1
			continue
		}
		if t := p.tests[l.test]; t != nil {
			t.Output = append(t.Output, l.text)
		} else {
			p.Output = append(p.Output, l.text)
		}
	}
}

var (
	testFrame    = regexp.MustCompile(`^(=== (RUN|PAUSE|CONT|NAME|ATTR|ARTIFACTS) | *--- (PASS|FAIL|SKIP|BENCH): |runtime: (goroutine stack exceeds|sp=))`)
	packageFrame = regexp.MustCompile(`^(PASS|FAIL|ok  \t.*|FAIL\t.*|\?   \t.*|exit status \d+|signal: .*|coverage: .*|-test\.shuffle \d+|testing: warning: no tests to run)$`)
)

// exampleEnd may follow on what an example printed without a line end.
var exampleEnd = regexp.MustCompile(`--- FAIL: Example\w* \(\d+\.\d\ds\)$`)

// ofTheGoCommand reports whether the line was printed by package testing, the
// runtime or the go command.
func ofTheGoCommand(l line) bool {
	return testFrame.MatchString(l.text) || l.test == "" && packageFrame.MatchString(l.text)
}

// A Message is what a test said about itself, with t.Error or t.Log.
type Message struct {
	File string // without its folder
	Line int
	Text string
}

var messageStart = regexp.MustCompile(`^    ([^\s:/\\]+\.go):(\d+): (.*)$`)

// Messages splits the test's output into what the test said, and what the
// program printed meanwhile. A line that package testing has indented as the
// continuation of a message belongs to that message.
func (t *Test) Messages() (said []Message, printed []string) {
	open := false
	for _, text := range t.Output {
		if m := messageStart.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[2])
			said = append(said, Message{m[1], n, m[3]})
			open = true
			continue
		}
		// Output without a line end stands before the message on the same line.
		if i := strings.Index(text, "    "); i > 0 {
			if m := messageStart.FindStringSubmatch(text[i:]); m != nil {
				n, _ := strconv.Atoi(m[2])
				printed = append(printed, text[:i])
				said = append(said, Message{m[1], n, m[3]})
				open = true
				continue
			}
		}
		more, indented := strings.CutPrefix(text, "        ")
		if open && indented {
			said[len(said)-1].Text += "\n" + more
			continue
		}
		open = false
		printed = append(printed, text)
	}
	for i := range said {
		said[i].Text = strings.Trim(said[i].Text, "\n")
	}
	return said, printed
}
