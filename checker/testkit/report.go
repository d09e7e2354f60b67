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
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// A Report is what a red test says: the bytes that were sent, what was wanted,
// what came, and why it matters. Every part that is empty is left out.
type Report struct {
	Sent string // the bytes sent, as they were
	Mark int    // the offset in Sent of the byte that matters, used if Note is set
	Note string // what to say about that byte, such as "the second Host"
	Want string // what should have come
	Got  string // what came
	At   string // where the code waits, such as "Echo (echo.go:31)", if it does
	Why  string // why it matters, with the RFC section
}

// maxSent is how many bytes of Sent are shown. A longer message is cut in the
// middle, never at the mark.
const maxSent = 1200

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
		section(&b, "sent", sentLines(r.Sent, r.Mark, r.Note))
	}
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
		lines = append(lines, breakLine(line, textWidth)...)
	}
	return lines
}

// sentLines shows sent, one line for each LF in it, with a caret and note under
// the byte at mark. A mark at the end of sent points behind the last byte.
func sentLines(sent string, mark int, note string) []string {
	mark = max(0, min(mark, len(sent)))
	if note == "" {
		mark = -1
	}
	from, to := window(len(sent), mark)
	var lines []string
	if from > 0 {
		lines = append(lines, fmt.Sprintf("... %d bytes before ...", from))
	}
	for at := from; at < to; {
		end := to
		if i := strings.IndexByte(sent[at:to], '\n'); i >= 0 {
			end = at + i + 1
		}
		in := mark - at
		if in == end-at && end < len(sent) {
			in = -1 // it is the first byte of the next line
		}
		lines = append(lines, wideLines(sent[at:end], in, mark, note)...)
		at = end
	}
	if to < len(sent) {
		lines = append(lines, fmt.Sprintf("... %d bytes after ...", len(sent)-to))
	}
	return lines
}

// window chooses which part of n bytes is shown, so that mark is in it.
func window(n, mark int) (from, to int) {
	if n <= maxSent {
		return 0, n
	}
	if mark > maxSent-200 {
		from = min(mark-maxSent/2, n-maxSent)
	}
	return from, from + maxSent
}

// wideLines shows one line of the message, broken at 72 columns, with the
// caret line after the piece that holds the marked byte. at is the mark counted
// from the start of the line, offset the mark counted from the start of the
// message; at == len(line) is the place behind the last byte.
func wideLines(line string, at, offset int, note string) []string {
	var lines []string
	piece, caret := "", -1
	flush := func() {
		if piece == "" {
			return
		}
		lines = append(lines, visibleEnd(piece))
		if caret >= 0 {
			lines = append(lines, caretLines(caret, offset, note)...)
		}
		piece, caret = "", -1
	}
	for i := range len(line) {
		v := Visible(line[i : i+1])
		if len(piece)+len(v) > sentWidth {
			flush()
		}
		if i == at {
			caret = len(piece)
		}
		piece += v
	}
	if at == len(line) {
		caret = len(visibleEnd(piece))
	}
	flush()
	return lines
}

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
