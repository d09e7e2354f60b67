package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
)

// Limits of what the compiler's messages become.
const (
	mostFindings = 10  // of each step
	longestText  = 400 // bytes of each
)

// A blame is what the go command said when it failed, by step.
type blame struct {
	end      sandbox.End
	found    map[int][]result.Finding
	commands map[int][]result.Finding // about commands of steps
	said     bool                     // something was said about some package
	others   bool                     // and about one that is no command's
	other    string
}

// An event is a line of "go build -json".
type event struct {
	ImportPath string
	Action     string
	Output     string
}

var (
	// packageOf finds the step in the path of a package.
	packageOf = regexp.MustCompile(`^barewire/(?:(?:steps|own)/(\d\d)-|checker/grader/driver/(?:own/)?step(\d\d)(?:$|/))`)
	// position is how a line begins that says where.
	position = regexp.MustCompile(`^(?:\./)?(?:steps|own)/(\d\d)-([^/:]+)/([^:]+\.go):(\d+)(?::(\d+))?: (.*)$`)
	// adapter is how a line begins that is about the checker's own files.
	adapter = regexp.MustCompile(`^(?:\./)?checker/grader/driver/[^:]*:\d+(?::\d+)?: (.*)$`)
	// elsewhere is how a line begins where the source claims to be another file.
	elsewhere = regexp.MustCompile(`^[^\s:]+:\d+(?::\d+)?: (.*)$`)
)

// read reads the output of a build that failed. Whose a message is, go says with the
// package; a position may be anything, as comments in the source can set it.
func (b *Builder) read(end sandbox.End) *blame {
	bl := &blame{end: end, found: map[int][]result.Finding{}, commands: map[int][]result.Finding{}}
	for line := range bytes.Lines(end.Stdout) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if bl.command(e, b) {
			continue
		}
		bl.others = true
		number := stepOf(e)
		switch {
		case e.Action == "build-fail":
			bl.said = true
			if number != 0 && bl.found[number] == nil {
				bl.found[number] = []result.Finding{}
			}
		case e.Action == "build-output" && number != 0:
			bl.add(number, e.Output, b)
		case e.Action == "build-output" && !strings.HasPrefix(e.Output, "#"):
			bl.other = b.words(e.Output)
		}
	}
	return bl
}

// stepOf returns the step that an event is about, or 0.
func stepOf(e event) int {
	m := packageOf.FindStringSubmatch(e.ImportPath)
	if m == nil && !strings.HasPrefix(e.ImportPath, "barewire/") || m == nil && strings.HasPrefix(e.Output, "steps/") || m == nil && strings.HasPrefix(e.Output, "own/") {
		// A package that is not there: the message is where it is imported.
		if at := position.FindStringSubmatch(strings.TrimRight(e.Output, "\n")); at != nil {
			return atoi(at[1])
		}
	}
	if m == nil {
		return 0
	}
	return atoi(m[1] + m[2])
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// add adds a line of output to what is said about a step.
func (bl *blame) add(number int, output string, b *Builder) {
	line := strings.TrimRight(output, "\n")
	found := bl.found[number]
	switch {
	case line == "" || strings.HasPrefix(line, "# "):
		return
	case strings.HasPrefix(line, "\t") && len(found) > 0:
		last := &found[len(found)-1] // such as the types that were wanted and found
		last.Text = clip(last.Text + " " + strings.TrimSpace(line))
		return
	case len(found) >= mostFindings:
		return
	}
	if m := position.FindStringSubmatch(line); m != nil && atoi(m[1]) == number {
		file := fmt.Sprintf("%s/%s-%s/%s", stepsDir, m[1], m[2], m[3])
		bl.found[number] = append(found, finding(clip(file), atoi(m[4]), atoi(m[5]), b.words(m[6])))
		return
	}
	if m := adapter.FindStringSubmatch(line); m != nil {
		bl.found[number] = append(found, finding("", 0, 0, "the step no longer has what its starter has: "+b.words(m[1])))
		return
	}
	if m := elsewhere.FindStringSubmatch(line); m != nil {
		line = m[1]
	}
	bl.found[number] = append(found, finding("", 0, 0, b.words(line)))
}

// words makes a message one that a student can follow: with the paths that they know.
func (b *Builder) words(text string) string {
	for _, limit := range []struct{ says, means string }{
		{"signal: killed", fmt.Sprintf("compiling it takes more than %v of processor time", b.CPU)},
		{"out of memory", fmt.Sprintf("compiling it takes more than %d MiB of memory", mostMemory>>20)},
		{"cannot allocate memory", fmt.Sprintf("compiling it takes more than %d MiB of memory", mostMemory>>20)},
		{"file too large", fmt.Sprintf("the program is larger than %d MiB", mostFile>>20)},
	} {
		if strings.Contains(text, limit.says) && !strings.HasPrefix(text, "cannot use ") {
			return limit.means
		}
	}
	text = strings.ReplaceAll(text, "barewire/own/", "barewire/steps/")
	text = strings.ReplaceAll(text, " ("+b.goroot+"/src/", " (")
	return clip(text)
}

// clip makes text printable and short.
func clip(text string) string {
	text = sandbox.Printable(strings.TrimSpace(text))
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + "…"
	}
	return text
}

// steps returns what was found about the student's steps in the tree.
func (bl *blame) steps(in Sources) map[int][]result.Finding {
	guilty := map[int][]result.Finding{}
	for number, found := range bl.found {
		if _, ok := in[number]; ok {
			if len(found) == 0 {
				found = append(found, finding("", 0, 0, bl.why()))
			}
			guilty[number] = found
		}
	}
	return guilty
}

// fault returns why a build that failed says nothing about the submission, or nil. A
// process that was killed without having used its time was killed by somebody else,
// such as a machine without memory, and a build that did little for long had to wait.
func (bl *blame) fault(limit time.Duration) error {
	killed := bytes.Contains(bl.end.Stdout, []byte("signal: killed")) || bytes.Contains(bl.end.Stderr, []byte("signal: killed"))
	switch {
	case bl.end.Cause == sandbox.WallTime && bl.end.CPU < limit/2:
		return fmt.Errorf("the machine is too busy: %v, and has used %v of processor time", bl.end, bl.end.CPU.Round(time.Millisecond))
	case bl.end.Cause == sandbox.Exited && killed && bl.end.CPU < limit/2:
		return fmt.Errorf("something on this machine killed the compiler, which had used %v of processor time", bl.end.CPU.Round(time.Millisecond))
	case bl.end.Cause == sandbox.Exited && !bl.said && !killed:
		return fmt.Errorf("the go command failed: %v: %s", bl.end, clip(string(bl.end.Stderr)))
	}
	return nil
}

// why says in words why there is no program.
func (bl *blame) why() string {
	if bl.end.Cause != sandbox.Exited {
		return bl.end.String()
	}
	for _, number := range slices.Sorted(maps.Keys(bl.found)) {
		if found := bl.found[number]; len(found) > 0 {
			return fmt.Sprintf("step %d of the reference, which it needs, cannot stand on the others: %s", number, found[0].Text)
		}
	}
	if bl.other != "" {
		return bl.other
	}
	return "the compiler failed"
}
