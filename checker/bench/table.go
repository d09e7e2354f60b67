package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"barewire/checker/internal/show"
)

// A Table is rows of text below a header.
type Table struct {
	Header []string
	Rows   [][]string
}

// Text lays the table out for a terminal.
func (t Table) Text() string {
	rows := append([][]string{t.Header}, t.Rows...)
	width := make([]int, len(t.Header))
	for _, row := range rows {
		for i, text := range row {
			width[i] = max(width[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, text := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
			if i == 0 {
				line += "  " + text + space
			} else {
				line += "  " + space + text
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// Markdown lays the table out for a page.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| " + strings.Join(t.Header, " | ") + " |\n|---" + strings.Repeat("|---:", len(t.Header)-1) + "|\n")
	for _, row := range t.Rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

// figure writes a value with as many digits as tell something.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == 0:
		return "0"
	case v >= 999.5:
		return show.Number(int64(math.Round(v)))
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// String writes the median, and the quartiles if there are several values.
func (s Spread) String() string {
	if s.N < 2 {
		return figure(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", figure(s.Median), figure(s.Low), figure(s.High))
}

// ours returns what the subject is called in a text, and what the ratios of a shape are.
func (r *Report) over(shape *Shape, server *Server) string {
	if shape.AllOn {
		return server.Name + " ÷ " + r.subject.Name
	}
	return r.subject.Name + " ÷ " + server.Name
}

// taking returns the servers that a shape was tried with, the subject first.
func (r *Report) taking(shape *Shape) []*Server {
	all := []*Server{r.subject}
	if !r.subject.takesPart(shape, r.subject) {
		all = nil
	}
	for _, s := range r.servers {
		if s != r.subject && s.takesPart(shape, r.subject) {
			all = append(all, s)
		}
	}
	return all
}

// words say what was found of a metric.
func (f Finding) words() string {
	switch f {
	case Less:
		return "less"
	case More:
		return "more"
	}
	return "no conclusion"
}

// Text returns the report for a terminal: a table for each shape.
func (r *Report) Text() string {
	var b strings.Builder
	for _, shape := range r.shapes {
		metrics := shape.Kind.Metrics()
		t := Table{Header: []string{""}}
		for _, m := range metrics {
			t.Header = append(t.Header, m.Title)
		}
		t.Header = append(t.Header, metrics[0].Name+": "+r.subject.Name+" ÷ it", "")
		if shape.AllOn {
			t.Header[len(t.Header)-2] = metrics[0].Name + ": it ÷ " + r.subject.Name
		}
		for _, s := range r.taking(shape) {
			row := []string{s.Name}
			for _, m := range metrics {
				row = append(row, r.Spread(shape, s, m).String())
			}
			if s == r.subject {
				row = append(row, "", "")
			} else {
				ratio, finding := r.Compare(shape, s, metrics[0])
				row = append(row, ratio.String(), finding.words())
			}
			t.Rows = append(t.Rows, row)
		}
		fmt.Fprintf(&b, "%s: %s\n%s\n", shape.Kind.title(), shape.Title, t.Text())
	}
	fmt.Fprintf(&b, "Medians of %s of %v each, and in brackets the middle half. Ratios are made in each round.\n"+
		"No conclusion: 1 is in the spread of the ratios, or the rounds are too few.\n", show.Count(r.Rounds, "round"), r.Each)
	for _, line := range r.Missing {
		b.WriteString(line + "\n")
	}
	for _, line := range r.Failures {
		b.WriteString("FAIL " + line + "\n")
	}
	return b.String()
}

// title says what a kind of shapes is about.
func (k Kind) title() string {
	switch k {
	case Closed:
		return "As fast as the server answers"
	case Paced:
		return "On a schedule"
	case Idle:
		return "Memory"
	}
	return "In process"
}
