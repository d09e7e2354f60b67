// Package testkit is what the steps' tests are written with: the report that a
// red test prints, deadlines that say what was being waited for, checks for
// goroutines that were left behind, and the three ways every parser is fed.
//
// It leaves out how reports are coloured, counted and put in order; that is the
// runner's work (barewire/checker). Under plain "go test" the same text appears.
//
// Read report.go first, then split.go and wait.go; guard.go and apart.go are for
// code that would take the whole test run with it.
package testkit

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// A Report is what a red test says: the bytes that were sent, what was wanted,
// what came, and why it matters. Every part that is empty is left out.
type Report struct {
	Sent  string // the bytes sent, as they were
	Cuts  []int  // the offsets in Sent before which there was a pause
	Mark  int    // the offset in Sent of the byte that matters, used if Note is set
	Note  string // what to say about that byte, such as "the second Host"
	Doing string // what the test did meanwhile, such as "the handler panics"
	Want  string // what should have come
	Got   string // what came
	At    string // where the code waits, such as "Echo (echo.go:31)", if it does
	Why   string // why it matters, with the RFC section
}

// maxLines is how many lines of Sent are shown of a message that has more than
// fewLines. It is cut in the middle, or around the mark.
const (
	maxLines = 8
	fewLines = 10
)

// minRun is how many equal bytes in a row are shown as "x × 1300", and maxCuts how
// many pauses are shown. Both signs are beyond ASCII, so no byte of a message can
// look like them.
const (
	minRun  = 32
	maxCuts = 12
	pause   = "«pause»"
)

// sentWidth is how wide a line of Sent may be, its label not counted.
const sentWidth = 70

// textWidth is how wide a line of any other part may be.
const textWidth = 71

// labelWidth is the width of the column that holds "sent", "want" and so on.
const labelWidth = 7

// String lays the report out in lines of at most 80 columns where its parts
// allow it: a label, then the text, the bytes one line a line end.
func (r Report) String() string {
	var b strings.Builder
	if r.Sent != "" {
		section(&b, "sent", r.sentLines())
	}
	section(&b, "while", wrap(r.Doing, textWidth))
	section(&b, "want", textLines(r.Want))
	section(&b, "got", textLines(r.Got))
	section(&b, "at", textLines(r.At))
	section(&b, "why", wrap(r.Why, textWidth))
	return strings.TrimSuffix(b.String(), "\n")
}

// Error reports r as a failure of t and lets the test go on.
func (r Report) Error(t testing.TB) {
	t.Helper()
	t.Error("\n" + r.String())
}

// Fatal reports r as a failure of t and ends the test.
func (r Report) Fatal(t testing.TB) {
	t.Helper()
	t.Fatal("\n" + r.String())
}

// Visible returns s with every byte that cannot be seen written as Go would
// write it in a string: \r, \n, \t, \x00. Quotes stay as they are, and
// backslashes are doubled so that nothing is ambiguous.
func Visible(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			b.WriteByte('"')
		case c >= ' ' && c < 0x7f && c != '\\':
			b.WriteByte(c)
		default:
			q := strconv.Quote(string([]byte{c}))
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// section writes lines under a label; the label stands before the first only.
func section(b *strings.Builder, label string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("%-*s%s", labelWidth, label, line), " "))
		label = ""
	}
}

// textLines splits text into lines, and breaks those that are too wide; none for
// an empty text.
func textLines(text string) []string {
	if text == "" {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, breakLine(shortWords(line), textWidth)...)
	}
	return lines
}

// maxWord is how long a word may be of which no part is left out: nobody reads on
// in one that fills the screen.
const maxWord = 3 * textWidth

// shortWords leaves out the middle of every word that is too long to be read, and
// says how much that was.
func shortWords(line string) string {
	if len(line) <= maxWord {
		return line
	}
	words := strings.Split(line, " ")
	for i, w := range words {
		if len(w) > maxWord {
			from, to := textWidth, len(w)-textWidth/2
			for !utf8.RuneStart(w[from]) {
				from--
			}
			for !utf8.RuneStart(w[to]) {
				to++
			}
			words[i] = fmt.Sprintf("%s ... %d bytes ... %s", w[:from], to-from, w[to:])
		}
	}
	return strings.Join(words, " ")
}

// logNoise is what nobody reads in a line of a slog.TextHandler: the time, which is
// that of a fake clock, and a stack.
var logNoise = regexp.MustCompile(`(?m)^time=\S+ |(?: stack=)"(?:[^"\\]|\\.)*"`)

// LogLines returns what a slog.TextHandler has written without the time and without
// the text of a stack, so that it can stand in a Report; "nothing" if that is all.
func LogLines(log string) string {
	log = logNoise.ReplaceAllStringFunc(log, func(s string) string {
		if strings.HasPrefix(s, " stack=") {
			return " stack=..."
		}
		return ""
	})
	return cmp.Or(strings.TrimRight(log, "\n"), "nothing")
}

// A sentLine is one line of what was sent, as it is shown.
type sentLine struct {
	text  string
	bytes int      // of the message
	caret []string // the lines under it that point at a byte of it
}

// sentLines shows Sent, one line for each LF in it, with a caret and Note under the
// byte at Mark. A mark at the end of Sent points behind the last byte.
func (r Report) sentLines() []string {
	mark := -1
	if r.Note != "" {
		mark = max(0, min(r.Mark, len(r.Sent)))
	}
	var lines []sentLine
	for at := 0; at < len(r.Sent); {
		end := len(r.Sent)
		if i := strings.IndexByte(r.Sent[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		lines = r.wideLines(lines, at, end, mark)
		at = end
	}
	return capped(lines)
}

// wideLines shows the bytes of one line of the message, broken where it is too
// wide, with the caret after the piece that holds the marked byte.
func (r Report) wideLines(lines []sentLine, from, to, mark int) []sentLine {
	piece, begun, caret := "", from, -1
	flush := func(end int) {
		if piece == "" {
			return
		}
		line := sentLine{text: visibleEnd(piece), bytes: end - begun}
		if caret >= 0 {
			line.caret = caretLines(caret, mark, shortWords(r.Note))
		}
		lines = append(lines, line)
		piece, begun, caret = "", end, -1
	}
	for at := from; at < to; {
		n := r.run(at, to, mark)
		text := Visible(r.Sent[at : at+1])
		if n > 1 {
			text = fmt.Sprintf("%s × %d", text, n)
		}
		if len(r.Cuts) <= maxCuts && slices.Contains(r.Cuts, at) {
			text = pause + text
		}
		if columns(piece)+columns(text) > sentWidth {
			flush(at)
		}
		if at == mark {
			caret = columns(piece)
		}
		piece += text
		at += n
	}
	if mark == to && to == len(r.Sent) {
		caret = columns(visibleEnd(piece))
	}
	flush(to)
	return lines
}

// run returns how many bytes from at on are shown as one: a long run of equal ones,
// and otherwise one byte. A mark and a pause are never inside of a run.
func (r Report) run(at, to, mark int) int {
	end := at + 1
	for end < to && r.Sent[end] == r.Sent[at] && end != mark && !slices.Contains(r.Cuts, end) {
		end++
	}
	if end-at < minRun {
		return 1
	}
	return end - at
}

// capped leaves out lines of a long message, and says how many bytes they were.
func capped(lines []sentLine) []string {
	from, to := 0, len(lines) // what is shown before the gap, or around the mark
	tail := len(lines)        // and behind it
	if len(lines) > fewLines {
		marked := slices.IndexFunc(lines, func(l sentLine) bool { return l.caret != nil })
		if to, tail = maxLines-3, len(lines)-2; marked >= 0 {
			from = max(0, min(marked-maxLines/2, len(lines)-maxLines+1))
			to, tail = min(len(lines), from+maxLines-1), len(lines)
		}
	}
	var text []string
	left := func(lines []sentLine, where string) {
		n := 0
		for _, l := range lines {
			n += l.bytes
		}
		if n > 0 {
			text = append(text, fmt.Sprintf("... %d bytes %s...", n, where))
		}
	}
	show := func(lines []sentLine) {
		for _, l := range lines {
			text = append(append(text, l.text), l.caret...)
		}
	}
	left(lines[:from], "before ")
	show(lines[from:to])
	if tail < len(lines) {
		left(lines[to:tail], "")
		show(lines[tail:])
	} else {
		left(lines[to:], "after ")
	}
	return text
}

// columns returns how wide text is on a screen.
func columns(text string) int { return utf8.RuneCountInString(text) }

// visibleEnd writes a space that stands last as \x20: nobody could see it.
func visibleEnd(piece string) string {
	if strings.HasSuffix(piece, " ") {
		return strings.TrimSuffix(piece, " ") + `\x20`
	}
	return piece
}

// caretLines point at a column. Where the note would run past the edge of the
// screen it stands before the caret, or below it if it is too long for that.
func caretLines(column, offset int, note string) []string {
	text := fmt.Sprintf("byte %d: %s", offset, note)
	spaces := strings.Repeat(" ", column)
	switch {
	case column+2+len(text) <= sentWidth:
		return []string{spaces + "^ " + text}
	case len(text)+1 <= column:
		return []string{spaces[:column-len(text)-1] + text + " ^"}
	default:
		return append([]string{spaces + "^"}, wrap(text, sentWidth)...)
	}
}

// breakLine breaks one line at spaces, and leaves everything else of it as it is.
func breakLine(line string, width int) []string {
	var lines []string
	for len(line) > width {
		at := strings.LastIndexByte(line[:width+1], ' ')
		if strings.TrimSpace(line[:max(at, 0)]) == "" { // a word wider than the screen, or an indent
			if at = strings.IndexByte(line[width:], ' '); at < 0 {
				break
			}
			at += width
		}
		lines = append(lines, line[:at])
		line = line[at+1:]
	}
	return append(lines, line)
}

// wrap breaks text into lines of at most width bytes, at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
