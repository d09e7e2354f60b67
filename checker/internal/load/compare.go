package load

import (
	"fmt"
	"slices"
	"time"

	"barewire/checker/internal/show"
)

// ratios returns what the slices of b give divided by what those of a give,
// sorted; slices that give 0 are left out.
func ratios(a, b []*Result, value func(*Result) float64) []float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		if va, vb := value(a[i]), value(b[i]); va > 0 && vb > 0 {
			all = append(all, vb/va)
		}
	}
	slices.Sort(all)
	return all
}

// median returns the middle one of sorted numbers, or the mean of the two there.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// A measure is one line of a comparison.
type measure struct {
	label string
	value func(*Result) float64
	write func(float64) string
}

// measures returns the lines of a comparison.
func measures(closed bool) []measure {
	duration := func(v float64) string { return span(time.Duration(v)) }
	all := []measure{{"answers a second", (*Result).Rate, amount}}
	for i, name := range timeNames {
		all = append(all, measure{"latency " + name, func(r *Result) float64 { return float64(times(&r.latency)[i]) }, duration})
	}
	if !closed {
		for i, name := range timeNames {
			all = append(all, measure{"service " + name, func(r *Result) float64 { return float64(times(&r.service)[i]) }, duration})
		}
	}
	return append(all, measure{"client's CPU", func(r *Result) float64 {
		return float64(r.CPU) / float64(max(r.Requests(), 1))
	}, duration})
}

// comparison returns the report on two targets.
func (s *settings) comparison(a, b *target) []string {
	sumA, sumB := a.sum(), b.sum()
	lines := []string{
		"A  " + s.method + " " + show.Clean(a.url),
		"B  " + s.method + " " + show.Clean(b.url),
	}
	lines = append(lines, show.Wrap(fmt.Sprintf("in turn, %s of each; each server gets %s", show.Count(s.slices, "slice"), s.terms()), show.Width)...)
	lines = append(lines, "", fmt.Sprintf("  %-18s %10s %10s %8s   %s", "", "A", "B", "B/A", "least to most"))
	for _, m := range measures(sumA.Closed) {
		va, vb := m.value(sumA), m.value(sumB)
		line := fmt.Sprintf("  %-18s %10s %10s", m.label, m.write(va), m.write(vb))
		if all := ratios(a.slices, b.slices, m.value); len(all) > 0 {
			line += fmt.Sprintf(" %8.2f   %.2f to %.2f", median(all), all[0], all[len(all)-1])
		}
		lines = append(lines, line)
	}
	lines = append(lines, "")
	lines = append(lines, show.Wrap("B/A is the median of the ratios of the slices, beside it are the least and the most of them. Where 1 lies "+
		"between these, this run cannot tell A from B.", show.Width)...)
	lines = append(lines, "")
	lines = append(lines, explain(sumA)...)
	lo, hi := sumA.latency.Min(), sumA.latency.Max()
	if sumB.latency.Count() > 0 {
		lo, hi = min(lo, sumB.latency.Min()), max(hi, sumB.latency.Max())
	}
	for i, t := range []*target{a, b} {
		sum := []*Result{sumA, sumB}[i]
		lines = append(lines, t.name)
		lines = append(lines, account(sum)...)
		lines = append(lines, "")
		lines = append(lines, drawn(t.name, sum, edges(lo, hi))...)
		if i == 0 {
			lines = append(lines, "")
		}
	}
	return lines
}
