package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Goal is what our server is to reach in a shape. It is met or missed where the rounds
// say so beyond chance, as for all that is concluded here, and open otherwise.
type Goal struct {
	Shape   string
	Metric  *Metric
	Of      string  // the server whose figure it is a part of; best for the best of them; "" for none
	Bound   float64 // of the ratio, or of the figure where it is of no server
	AtLeast bool    // the bound is the least there may be, and not the most
}

const best = "the best"

// Goals are what we aim at. They are for the reference on a machine of its own.
var Goals = []Goal{
	{Shape: "get", Metric: CPU, Of: "canned", Bound: 1},
	{Shape: "get", Metric: CPU, Of: "fasthttp", Bound: 0.9},
	{Shape: "get512", Metric: CPU, Of: "gnet", Bound: 1},
	{Shape: "pipelined", Metric: Rate, Of: "canned", Bound: 0.9, AtLeast: true},
	{Shape: "close", Metric: CPU, Of: "fasthttp", Bound: 0.6},
	{Shape: "post", Metric: CPU, Of: "fasthttp", Bound: 0.9},
	{Shape: "static1k", Metric: CPU, Of: "nginx", Bound: 1},
	{Shape: "static100k", Metric: CPU, Of: "nginx", Bound: 1},
	{Shape: "static10m", Metric: CPU, Of: "nginx", Bound: 1},
	{Shape: "all", Metric: CPU, Of: "ours", Bound: 1.3},
	{Shape: "paced5k", Metric: P99, Of: best, Bound: 1},
	{Shape: "paced15k", Metric: P99, Of: best, Bound: 1},
	{Shape: "idle", Metric: Memory, Bound: 1},
	{Shape: "replay", Metric: Time, Of: "fasthttp", Bound: 0.5},
	{Shape: "replay", Metric: Allocs, Bound: 0},
	{Shape: "replay-browser", Metric: Time, Of: "fasthttp", Bound: 0.6},
	{Shape: "replay-browser", Metric: Allocs, Bound: 0},
	{Shape: "replay-post", Metric: Time, Of: "fasthttp", Bound: 0.5},
	{Shape: "replay-post", Metric: Allocs, Bound: 0},
	{Shape: "replay-chunked", Metric: Time, Of: "fasthttp", Bound: 0.6},
	{Shape: "replay-chunked", Metric: Allocs, Bound: 0},
	{Shape: "replay16", Metric: Time, Of: "fasthttp", Bound: 0.5},
	{Shape: "replay16", Metric: Allocs, Bound: 0},
}

// none is how many allocations a request count as none: the garbage collector and the
// timers make a few now and then, whatever is asked for.
const none = 0.05

// verdict says what the rounds say about the bound.
func (g Goal) verdict(values []float64) string {
	s := SpreadOf(values)
	if g.Bound == 0 {
		if s.Median < none {
			return "met"
		}
		return "missed"
	}
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = v / g.Bound
	}
	finding := Conclude(scaled)
	switch {
	case finding == Unknown:
		return "?"
	case (finding == More) == g.AtLeast:
		return "met"
	}
	return "missed"
}

// String writes the goal.
func (g Goal) String() string {
	if g.Bound == 0 {
		return "no " + g.Metric.Short
	}
	sign := "≤"
	if g.AtLeast {
		sign = "≥"
	}
	text := g.Metric.Short + " " + sign + " " + strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", g.Bound), "0"), ".")
	if g.Of != "" {
		text += " of " + g.Of
	}
	return text
}

// best returns that one of the other servers which is best by its median.
func (r *Report) best(shape *Shape, m *Metric) *Server {
	var found *Server
	at := math.Inf(1)
	for _, s := range r.taking(shape) {
		v := r.Spread(shape, s, m).Median
		if m.Better == More {
			v = -v
		}
		if s != r.subject && v < at {
			found, at = s, v
		}
	}
	return found
}

// goalTable says how far the goals are reached that could be measured.
func (r *Report) goalTable() Table {
	t := Table{Header: []string{"shape", "goal", "is", ""}}
	for _, g := range Goals {
		i := slices.IndexFunc(r.shapes, func(s *Shape) bool { return s.Name == g.Shape })
		if i < 0 {
			continue
		}
		shape := r.shapes[i]
		values := r.values[cell{shape, r.subject, g.Metric}]
		if g.Of != "" {
			other := r.other(shape, g)
			if other == nil || other == r.subject {
				continue
			}
			values = r.ratios(shape, other, g.Metric)
		}
		if SpreadOf(values).N > 0 {
			t.Rows = append(t.Rows, []string{shape.Kind.title() + ": " + shape.Title, g.String(), SpreadOf(values).String(), g.verdict(values)})
		}
	}
	return t
}

// other returns the server that a goal is about, or nil if it does not take part.
func (r *Report) other(shape *Shape, g Goal) *Server {
	if g.Of == best {
		return r.best(shape, g.Metric)
	}
	i := slices.IndexFunc(r.servers, func(s *Server) bool {
		if shape.AllOn {
			return s.AllOn
		}
		return s.Name == g.Of
	})
	if i < 0 {
		return nil
	}
	return r.servers[i]
}
