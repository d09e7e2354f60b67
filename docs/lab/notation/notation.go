// Package notation reads and writes bytes as text that shows all of them. It is the
// notation of the conformance collection (barewire/checker/conformance/cases, Parse):
//
//	GET / HTTP/1.1\r\n      a line break ends no line on the wire, \r\n does
//	Host: a\r\n
//	...                     a pause: what follows arrives later
//	X: {b*300}\r\n          {b*300} is b three hundred times
//	\r\n
//	EOF                     the client closes its sending side
//
// \r, \n, \t, \x00, \\ and \{ are as in Go. Blanks at the end of a line of text do not
// count: write \x20.
package notation

import (
	"fmt"
	"strconv"
	"strings"
)

// Most is how many bytes a text may stand for.
const Most = 8 << 20

// Parse returns the pieces that the text stands for, and whether the client closes its
// sending side behind them. An error names the line.
func Parse(text string) (pieces [][]byte, half bool, err error) {
	pause, size, n := true, 0, 0
	for line := range strings.Lines(text) {
		n++
		switch line = strings.TrimRight(line, " \t\r\n"); line {
		case "":
			continue
		case "...":
			pause = true
			continue
		case "EOF":
			half = true
			continue
		}
		if half {
			return nil, false, fmt.Errorf("line %d: bytes behind EOF", n)
		}
		b, err := expand(line, Most-size)
		if err != nil {
			return nil, false, fmt.Errorf("line %d: %w", n, err)
		}
		if len(b) == 0 {
			continue
		}
		if pause {
			pieces = append(pieces, nil)
			pause = false
		}
		last := len(pieces) - 1
		pieces[last] = append(pieces[last], b...)
		size += len(b)
	}
	return pieces, half, nil
}

// expand returns the bytes that a line stands for, most at most.
func expand(line string, most int) ([]byte, error) {
	var b []byte
	for line != "" {
		r := findRepeat(line)
		text, err := unescape(line[:r.start])
		if err != nil {
			return nil, err
		}
		b = append(b, text...)
		if text, err = unescape(r.body); err != nil {
			return nil, err
		}
		if len(b) > most || len(text)*r.times > most-len(b) {
			return nil, fmt.Errorf("more than %d bytes in all", Most)
		}
		b = append(b, strings.Repeat(text, r.times)...)
		line = line[r.end:]
	}
	return b, nil
}

// A repeat is {body*times} between start and end of a line.
type repeat struct {
	start, end int
	body       string
	times      int
}

// findRepeat returns the first repeat in line, or one of nothing at its end.
func findRepeat(line string) repeat {
	open := -1
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '{':
			open = i
		case '}':
			if open < 0 {
				continue
			}
			star := strings.LastIndexByte(line[open+1:i], '*')
			if star > 0 {
				body, digits := line[open+1:open+1+star], line[open+2+star:i]
				if times, err := strconv.ParseUint(digits, 10, 30); err == nil {
					return repeat{open, i + 1, body, int(times)}
				}
			}
			open = -1
		}
	}
	return repeat{start: len(line), end: len(line)}
}

var braces = strings.NewReplacer(`\\`, `\\`, `\{`, "{", `\}`, "}", `\"`, `\"`, `"`, `\"`)

func unescape(s string) (string, error) {
	text, err := strconv.Unquote(`"` + braces.Replace(s) + `"`)
	if err != nil {
		return "", fmt.Errorf("%q has a backslash that stands for nothing", s)
	}
	return text, nil
}

// Format writes pieces as a text that Parse reads.
func Format(pieces [][]byte, half bool) string {
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 {
			b.WriteString("...\n")
		}
		for len(p) > 0 {
			n := lineOf(p)
			formatLine(&b, p[:n])
			b.WriteByte('\n')
			p = p[n:]
		}
	}
	if half {
		b.WriteString("EOF\n")
	}
	return b.String()
}

// lineOf returns how many bytes at the start of p are shown in one line.
func lineOf(p []byte) int {
	for i, c := range p {
		if c == '\n' {
			return i + 1
		}
	}
	return len(p)
}

const minRun = 24

func formatLine(b *strings.Builder, line []byte) {
	whole := string(line)
	for i := 0; i < len(line); {
		run := 1
		for i+run < len(line) && line[i+run] == line[i] {
			run++
		}
		last := i+run == len(line)
		if run >= minRun {
			fmt.Fprintf(b, "{%s*%d}", escape(line[i], true), run)
			i += run
			continue
		}
		for range run - 1 {
			b.WriteString(escape(line[i], false))
		}
		b.WriteString(escape(line[i], last || i == 0 && (whole == "..." || whole == "EOF")))
		i += run
	}
}

// escape writes a byte. Hard says that it must not be mistaken for anything else.
func escape(c byte, hard bool) string {
	switch {
	case c == '\r':
		return `\r`
	case c == '\n':
		return `\n`
	case c == '\t':
		return `\t`
	case c == '\\' || c == '{' || c == '}':
		return `\` + string(rune(c))
	case c < ' ' || c >= 0x7f || hard && (c == ' ' || c == '.' || c == 'E' || c == 'F'):
		return fmt.Sprintf(`\x%02x`, c)
	}
	return string(rune(c))
}
