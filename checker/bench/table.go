package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
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

// over says which ratio is made with a server.
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
	return "?"
}

// Text returns the report for a terminal: a table for each shape.
func (r *Report) Text() string {
	var b strings.Builder
	for _, shape := range r.shapes {
		if shape.Kind == Grows {
			continue
		}
		metrics := shape.Kind.Metrics()
		ratio := r.subject.Name + " ÷ it"
		if shape.AllOn {
			ratio = "it ÷ " + r.subject.Name
		}
		t := Table{Header: []string{""}}
		for i, m := range metrics {
			t.Header = append(t.Header, m.Short)
			if i < shape.Kind.compared() {
				t.Header = append(t.Header, ratio, "")
			}
		}
		for _, s := range r.taking(shape) {
			row := []string{s.Name}
			for i, m := range metrics {
				spread := r.Spread(shape, s, m)
				if i == 0 {
					row = append(row, spread.String())
				} else {
					row = append(row, figure(spread.Median)) // or the lines would be too long
				}
				if i >= shape.Kind.compared() {
					continue
				}
				if s == r.subject {
					row = append(row, "", "")
					continue
				}
				ratio, finding := r.Compare(shape, s, m)
				row = append(row, ratio.String(), finding.words())
			}
			t.Rows = append(t.Rows, row)
		}
		fmt.Fprintf(&b, "%s: %s\n%s\n", shape.Kind.title(), shape.Title, t.Text())
	}
	if len(r.grown()) > 0 {
		fmt.Fprintf(&b, "%s: %s\n%s\n", Grows.title(), r.subject.Name, r.growthTable().Text())
	}
	if t := r.goalTable(); len(t.Rows) > 0 {
		fmt.Fprintf(&b, "What we aim at\n%s\n", t.Text())
	}
	b.WriteString(legend + "\n" + r.terms() + "\n")
	if r.Rounds < 5 {
		b.WriteString("Fewer than five rounds allow no conclusion: type \"make bench ROUNDS=5\", or go tool checker bench -rounds 5.\n")
	}
	for _, line := range r.Missing {
		b.WriteString(line + "\n")
	}
	for _, line := range r.Failures {
		b.WriteString("FAIL " + line + "\n")
	}
	return b.String()
}

// legend says what is in a table.
const legend = `Figures are medians. In brackets is where the middle half of the rounds lies.
Ratios are made within each round. "less" and "more" say what follows from them;
"?" is no conclusion, since 1 lies in the brackets, or so many rounds on one side may be chance.`

// terms says how it was measured.
func (r *Report) terms() string {
	return fmt.Sprintf("%s of %v each, in %v.", show.Count(r.Rounds, "round"), r.Each, r.Took.Round(time.Second))
}

// compared returns how many of its metrics a kind is compared by in a terminal, which has
// no room for all.
func (k Kind) compared() int {
	if k == Closed || k == Replays {
		return 2
	}
	return 1
}

// title says what a kind of shapes is about.
func (k Kind) title() string {
	switch k {
	case Closed:
		return "As fast as possible"
	case Paced:
		return "On a schedule"
	case Idle:
		return "Memory"
	case Grows:
		return "More and more"
	}
	return "In process"
}
