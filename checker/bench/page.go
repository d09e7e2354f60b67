package bench

import (
	"fmt"
	"slices"
	"strings"

	"barewire/checker/internal/show"
)

// intro stands at the head of the page.
const intro = `# How fast it is

What a request costs our server, put together as in step 10 with every limit and deadline on, and what it costs others. This page was written by "%s" on %s, on %s with %s, and %s.

Every round measures each server in each shape, in a random order and in a process of its own; client and server share the machine. %s Each figure is a median. Each ratio is made within a round, and in brackets is where the middle half of them lies. A **bold** ratio is a finding. A "?" is no conclusion, since 1 lies within the brackets, or so many rounds on one side may be chance.

"canned" looks for the empty line and writes a fixed answer: it is the floor of a server with a goroutine for each connection, and no HTTP server. "gnet" is a loop around epoll with the same answer. Neither "canned" nor "gnet" checks anything, sends a true Date or serves files.
`

// about says what stands in a section.
var about = map[Kind]string{
	Closed: "Each connection sends its next request when it has the answer. The processor time is the server's own, by the kernel's count, divided by the requests. Requests a second also depend on what the client leaves of the machine.",
	Paced:  "Requests are due on a schedule, whatever the server does, and their latency counts from then. It has what the client needs in it, which is the same for all.",
	Idle:   "How much more memory the process has, by its resident set, with so many connections that have had one answer each and now keep still.",
	Grows: "What a request costs where there are many routes, many addresses whose rate is limited, or many connections that keep still. Routes and addresses are measured in process, where each is asked for in turn, pipelined; " +
		"beside the idle connections 64 others ask as fast as they can.",
	Replays: "A connection in memory replays the same bytes: no kernel is in the path. Time is on the wall. Processor time and allocations are those of the whole process, with the garbage collector and all goroutines.",
}

// Markdown returns the page. Plots are the lines that show them.
func (r *Report) Markdown(plots []string) string {
	var b strings.Builder
	command := strings.TrimSpace("go tool checker bench " + strings.Join(r.Args, " "))
	text := fmt.Sprintf(intro, command, r.Begun.Format("2 January 2006"), r.Machine, show.Count(r.Processors, "core"), r.Versions, r.terms())
	b.WriteString(strings.ReplaceAll(text, `"`, "`"))
	if t := r.goalTable(); len(t.Rows) > 0 {
		fmt.Fprintf(&b, "\n## What we aim at\n\nA goal is met or missed where the rounds say so beyond chance; `?` is open.\n\n%s", t.Markdown())
	}
	for _, kind := range []Kind{Closed, Paced, Idle, Replays, Grows} {
		shapes := slices.DeleteFunc(slices.Clone(r.shapes), func(s *Shape) bool { return s.Kind != kind })
		if len(shapes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", kind.title(), about[kind])
		for _, line := range plots {
			if strings.Contains(line, "/"+string(kind)+"-") || strings.Contains(line, "("+string(kind)+"-") {
				b.WriteString("\n" + line + "\n")
			}
		}
		if kind == Grows {
			fmt.Fprintf(&b, "\n%s", r.growthTable().Markdown())
			continue
		}
		for _, m := range kind.Metrics() {
			fmt.Fprintf(&b, "\n### %s\n\n%s", upper(m.Title), r.figures(shapes, m).Markdown())
			if m != Allocs {
				fmt.Fprintf(&b, "\nRatios, %s ÷ the other:\n\n%s", r.subject.Name, r.ratioTable(shapes, m).Markdown())
			}
		}
	}
	if all := append(slices.Clone(r.Missing), r.Failures...); len(all) > 0 {
		b.WriteString("\n## Not measured\n\n")
		for _, line := range all {
			first, _, _ := strings.Cut(line, "\n")
			b.WriteString("- " + first + "\n")
		}
	}
	return b.String()
}

// upper writes the first letter of a title large.
func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// columns are the servers that take part in at least one of the shapes.
func (r *Report) columns(shapes []*Shape) []*Server {
	var all []*Server
	for _, shape := range shapes {
		for _, s := range r.taking(shape) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// figures is the table of the medians.
func (r *Report) figures(shapes []*Shape, m *Metric) Table {
	servers := r.columns(shapes)
	t := Table{Header: []string{"shape"}}
	for _, s := range servers {
		t.Header = append(t.Header, s.Name)
	}
	for _, shape := range shapes {
		row := []string{shape.Title}
		for _, s := range servers {
			text := ""
			if slices.Contains(r.taking(shape), s) {
				text = figure(r.Spread(shape, s, m).Median)
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// ratioTable is the table of the ratios.
func (r *Report) ratioTable(shapes []*Shape, m *Metric) Table {
	servers := slices.DeleteFunc(r.columns(shapes), func(s *Server) bool { return s == r.subject })
	t := Table{Header: []string{"shape"}}
	for _, s := range servers {
		name := s.Name
		if s.AllOn {
			name += " ÷ " + r.subject.Name
		}
		t.Header = append(t.Header, name)
	}
	for _, shape := range shapes {
		row := []string{shape.Title}
		for _, s := range servers {
			text := ""
			if slices.Contains(r.taking(shape), s) {
				ratio, finding := r.Compare(shape, s, m)
				text = ratio.String() + " ?"
				if finding != Unknown {
					median, rest, _ := strings.Cut(ratio.String(), " ")
					text = "**" + median + "** " + rest
				}
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
