package convert

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"barewire/checker/grader/result"
)

// ErrScale is returned if the gradebook counts to another maximum than the marks, and
// nobody has said that they are to be scaled.
var ErrScale = errors.New("the gradebook has another maximum")

// A sheet is a gradebook that a course system has exported. Cells that are not filled
// in stay as they are, to the byte.
type sheet struct {
	bom   bool
	comma byte
	rows  []row
}

// A row is a line of a sheet, with its line end.
type row struct {
	cells []string // as they are written, with their quotes
	end   string
}

// parseSheet reads CSV: commas, semicolons or tabs, whichever the header has most of.
func parseSheet(data []byte) (*sheet, error) {
	s := &sheet{}
	rest, bom := strings.CutPrefix(string(data), "\ufeff")
	s.bom = bom
	if !utf8.ValidString(rest) {
		return nil, errors.New("it is not UTF-8; export it again as CSV in UTF-8")
	}
	header, _, _ := strings.Cut(rest, "\n")
	s.comma = ','
	for _, c := range []byte(";\t") {
		if strings.Count(header, string(c)) > strings.Count(header, string(s.comma)) {
			s.comma = c
		}
	}
	for n := 1; rest != ""; n++ {
		var r row
		var ok bool
		if r, rest, ok = s.cut(rest); !ok {
			return nil, fmt.Errorf("row %d: a quote that is never closed", n)
		}
		s.rows = append(s.rows, r)
	}
	if len(s.rows) == 0 {
		return nil, errors.New("it is empty")
	}
	return s, nil
}

// cut takes the first row off.
func (s *sheet) cut(rest string) (r row, _ string, ok bool) {
	quoted, begin := false, 0
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == s.comma:
			r.cells = append(r.cells, rest[begin:i])
			begin = i + 1
		case c == '\n':
			cell := rest[begin:i]
			r.end = "\n"
			if trimmed, crlf := strings.CutSuffix(cell, "\r"); crlf {
				cell, r.end = trimmed, "\r\n"
			}
			r.cells = append(r.cells, cell)
			return r, rest[i+1:], true
		}
	}
	r.cells = append(r.cells, rest[begin:])
	return r, "", !quoted
}

// String is the sheet as a file.
func (s *sheet) String() string {
	var b strings.Builder
	if s.bom {
		b.WriteString("\ufeff")
	}
	for _, r := range s.rows {
		b.WriteString(strings.Join(r.cells, string(s.comma)) + r.end)
	}
	return b.String()
}

// cell returns what a cell means: the text without quotes.
func (r row) cell(i int) string {
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	c := strings.TrimSpace(r.cells[i])
	if inner, ok := strings.CutPrefix(c, `"`); ok {
		c = strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return c
}

// set fills in a cell. It is quoted if it must be, or was before.
func (s *sheet) set(r *row, i int, value string) {
	for len(r.cells) <= i {
		r.cells = append(r.cells, "")
	}
	if strings.ContainsAny(value, "\"\r\n,;\t ") || strings.HasPrefix(r.cells[i], `"`) {
		value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}
	r.cells[i] = value
}

// column returns the index of the first column whose header a function knows, or -1.
func (s *sheet) column(known func(header string) bool) int {
	for i := range s.rows[0].cells {
		if known(s.rows[0].cell(i)) {
			return i
		}
	}
	return -1
}

// headers lists the headers, for an error.
func (s *sheet) headers() string {
	var all []string
	for i := range s.rows[0].cells {
		all = append(all, fmt.Sprintf("%q", line(s.rows[0].cell(i))))
	}
	return strings.Join(all, ", ")
}

// pointed writes a mark with two decimals, on the scale of the gradebook.
func pointed(s *result.Submission, most float64, scale bool) string {
	x := *s.Score
	if scale && s.MaxScore > 0 && most > 0 {
		x = x / s.MaxScore * most
	}
	return fmt.Sprintf("%.2f", x)
}

// otherMaximum returns an error if the gradebook has another maximum and nothing is to be
// scaled.
func otherMaximum(where string, most, score float64, scale bool) error {
	if !scale && most > 0 && result.Number(most) != result.Number(score) {
		return fmt.Errorf("%w: %s says %s, and the marks go to %s; change one of them, or have the marks scaled", ErrScale, where, result.Number(most), result.Number(score))
	}
	return nil
}
