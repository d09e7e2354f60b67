// Package show lays text out for a terminal of 80 columns: wrapped paragraphs,
// lines with two ends, and colour where it is wanted. Colour never carries
// meaning; every word is there without it.
//
// It leaves out what to say. Read show.go, then markdown.go.
package show

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width is how many columns a line has.
const Width = 80

// A Style says whether text is coloured.
type Style struct {
	Color bool
}

// Red returns text in red, for what has failed.
func (s Style) Red(text string) string { return s.sgr("1;31", text) }

// Green returns text in green, for what is done.
func (s Style) Green(text string) string { return s.sgr("32", text) }

// Bold returns text in bold, for what to do next.
func (s Style) Bold(text string) string { return s.sgr("1", text) }

// Dim returns text that is less important.
func (s Style) Dim(text string) string { return s.sgr("2", text) }

func (s Style) sgr(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Wrap breaks text into lines of at most width columns, at spaces. A word that
// is longer stands alone.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
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

// Hang wraps text after a label; later lines stand under the first.
func Hang(label, text string) []string {
	indent := utf8.RuneCountInString(label)
	lines := Wrap(text, Width-indent)
	if len(lines) == 0 {
		return []string{strings.TrimRight(label, " ")}
	}
	for i := range lines {
		if i == 0 {
			lines[i] = label + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", indent) + lines[i]
		}
	}
	return lines
}

// Ends puts left at the left edge and right at the right edge of a line. Where
// left is too long it goes on in more lines, and right stands on the last one.
func Ends(left, right string) []string {
	width := utf8.RuneCountInString
	lines := []string{left}
	if width(left) > Width {
		lines = Wrap(left, Width-5)
		for i := range lines[1:] {
			lines[i+1] = "     " + lines[i+1]
		}
	}
	if right == "" {
		return lines
	}
	last := lines[len(lines)-1]
	if room := Width - width(last) - width(right); room >= 2 {
		lines[len(lines)-1] = last + strings.Repeat(" ", room) + right
		return lines
	}
	return append(lines, strings.Repeat(" ", max(0, Width-width(right)))+right)
}

// Clean writes control characters, which a program may have printed, as Go
// would write them in a string; tabs stay.
func Clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != '\t' && unicode.IsControl(r) {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Count returns "1 test" or "2 tests".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Number writes a number: 12,345.
func Number[N int64 | uint64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// List joins items as a sentence does: "a", "a and b", "a, b and c".
func List(items []string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	default:
		return strings.Join(items[:n-1], ", ") + " and " + items[n-1]
	}
}

// Choices lays out what can be done next: commands, and what each does.
func Choices(choices [][2]string) []string {
	width := 0
	for _, c := range choices {
		width = max(width, utf8.RuneCountInString(c[0]))
	}
	label := "next   "
	var lines []string
	for _, c := range choices {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s%-*s   %s", label, width, c[0], c[1]), " "))
		label = "       "
	}
	return lines
}
