package load

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"barewire/checker/internal/show"
)

// report returns what is printed at the end.
func (s *settings) report(targets []*target) []string {
	if len(targets) == 2 {
		return s.comparison(targets[0], targets[1])
	}
	t, sum := targets[0], targets[0].sum()
	lines := append([]string{s.method + " " + show.Clean(t.url)}, show.Wrap(s.terms(), show.Width)...)
	lines = append(lines, "")
	lines = append(lines, account(sum)...)
	lines = append(lines, "")
	lines = append(lines, timesTable(sum)...)
	lines = append(lines, "")
	lines = append(lines, explain(sum)...)
	lines = append(lines, drawn("", sum, edges(sum.latency.Min(), sum.latency.Max()))...)
	return lines
}

// terms says under which terms the requests were sent.
func (s *settings) terms() string {
	text := show.Count(s.conns, "connection")
	if s.pipeline > 1 {
		text += fmt.Sprintf(" with %d requests in flight", s.pipeline)
	}
	if s.close {
		text = show.Count(s.conns, "connection") + " at a time, a new one for each request"
	}
	text += ", " + span(s.duration)
	if s.requests > 0 {
		text += " or " + show.Number(uint64(s.requests)) + " requests"
	}
	if s.rate == 0 {
		return text + ", as fast as possible (closed loop)"
	}
	return text + ", " + amount(s.rate) + " requests a second on a schedule (open loop)"
}

// account says how many requests there were and what became of them.
func account(r *Result) []string {
	line := func(label, text string) string { return fmt.Sprintf("  %-10s%s", label, text) }
	lines := []string{line("requests", fmt.Sprintf("%s in %s; %s answers a second", show.Number(r.Requests()), span(r.Elapsed), amount(r.Rate())))}
	lines = append(lines, line("failed", fmt.Sprintf("%s of %s", show.Number(r.Failed()), show.Number(r.Requests()))))
	lines = append(lines, failures(r)...)
	lines = append(lines, show.Hang(line("statuses", ""), statuses(r))...)
	lines = append(lines, line("bytes", fmt.Sprintf("%s sent, %s received", size(r.bytesSent), size(r.bytesReceived))))
	if r.again > 0 {
		lines = append(lines, line("again", show.Number(r.again)+" sent again, because the server had closed the connection"))
	}
	if r.Interrupted {
		lines = append(lines, line("ended", fmt.Sprintf("early, with %s in flight or waiting", requests(r.unfinished))))
	}
	return append(lines, show.Hang(line("client", ""), client(r))...)
}

func requests(n uint64) string {
	if n == 1 {
		return "1 request"
	}
	return show.Number(n) + " requests"
}

// client says what the generator itself needed, and how well it kept its schedule.
func client(r *Result) string {
	var parts []string
	if r.CPU > 0 && r.Requests() > 0 {
		parts = append(parts, fmt.Sprintf("%s of CPU a request", span(r.CPU/time.Duration(r.Requests()))))
		parts = append(parts, fmt.Sprintf("%s of %s", percent(r.CPU, r.Elapsed), show.Count(processors(), "CPU")))
	}
	if r.late.Count() > 0 {
		parts = append(parts, fmt.Sprintf("late by %s (p99)", span(r.late.Percentile(99))))
	}
	if len(parts) == 0 {
		return "its CPU time is not known on this system"
	}
	return strings.Join(parts, ", ")
}

// processors is a variable for the sake of tests.
var processors = runtime.NumCPU

// percent returns how much of all processors' time was used.
func percent(used, elapsed time.Duration) string {
	return digits(100*float64(used)/float64(elapsed)/float64(processors())) + "%"
}

// failures lists what failed, and how.
func failures(r *Result) []string {
	var lines []string
	for k, n := range r.errors {
		if n > 0 {
			label := fmt.Sprintf("    %-8s %10s  ", kindNames[k], show.Number(n))
			lines = append(lines, show.Hang(label, "such as: "+show.Clean(r.first[k]))...)
		}
	}
	for _, class := range []int{4, 5} {
		if n := r.class(class); n > 0 {
			lines = append(lines, fmt.Sprintf("    %dxx      %10s", class, show.Number(n)))
		}
	}
	return lines
}

// statuses lists the statuses with their numbers.
func statuses(r *Result) string {
	var all []string
	for status, n := range r.statuses {
		if n > 0 {
			all = append(all, fmt.Sprintf("%d: %s", status, show.Number(uint64(n))))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	if len(all) > 6 {
		all = append(all[:6], "...")
	}
	return strings.Join(all, ", ")
}

// times returns what a report says of a histogram: the mean, the percentiles,
// and the longest.
func times(h *Histogram) []time.Duration {
	all := []time.Duration{h.Mean()}
	for _, p := range percentiles {
		all = append(all, h.Percentile(p))
	}
	return append(all, h.Max())
}

// timeNames are the names of what times returns.
var timeNames = []string{"mean", "p50", "p90", "p99", "p99.9", "max"}

// timesTable lists latency and service time; in a closed loop they are the same.
func timesTable(r *Result) []string {
	row := func(label string, cells []string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "  %-14s", label)
		for _, c := range cells {
			fmt.Fprintf(&b, " %9s", c)
		}
		return b.String()
	}
	cells := func(h *Histogram) []string {
		var all []string
		for _, d := range times(h) {
			all = append(all, span(d))
		}
		return all
	}
	lines := []string{row("", timeNames), row("latency", cells(&r.latency))}
	if !r.Closed {
		lines = append(lines, row("service time", cells(&r.service)))
	}
	return lines
}

// explain says what the times mean.
func explain(r *Result) []string {
	text := "Latency is counted from when the schedule asked for a request, service time from when it was sent. " +
		"The first has the time in which no connection was free because the server was slow."
	if r.Closed {
		text = "These are latencies of a closed loop: each connection sends its next request when it has the last answer, so " +
			"it is silent while the server stalls. They say how much the server can do, not how long users would wait; -rate does."
	}
	if late := r.late.Percentile(99); late > r.latency.Percentile(99)/2 {
		text += fmt.Sprintf(" This machine was too busy for a good measurement: requests for which a connection was free were sent late by up to "+
			"%s (p99), which is in the latency although the server had no part in it.", span(late))
	}
	if n := r.errors[timeout] + r.errors[unsent] + r.unfinished; n > 0 {
		text += fmt.Sprintf(" For %s given up, the time until then is in them, which is a lower bound.", requests(n))
	}
	return append(show.Wrap(text, show.Width), "")
}

// drawn returns the picture of the latencies of one target.
func drawn(name string, r *Result, edges []time.Duration) []string {
	if r.latency.Count() == 0 {
		return []string{"No request was answered, so there is nothing to draw."}
	}
	title := "Latency"
	if name != "" {
		title += " of " + name
	}
	return append([]string{title + ", from the time on the left to that of the next row:"}, picture(&r.latency, edges)...)
}
