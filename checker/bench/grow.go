package bench

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/internal/show"
)

// cycle is how many requests are replayed that go around the routes or the addresses: as
// many for 10 of them as for 100,000, so that only what the server has differs.
const cycle = 100_000

// stride is prime to their numbers, so that neighbours do not follow each other.
const stride = 7919

// Cycle returns the requests of a shape that has N routes or addresses.
func (s *Shape) Cycle() []byte {
	var b bytes.Buffer
	for i := range cycle {
		n := i * stride % s.N
		if s.Of == "routes" {
			fmt.Fprintf(&b, "GET /routes/%d/items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", n)
		} else {
			fmt.Fprintf(&b, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n", n>>16, n>>8&255, n&255)
		}
	}
	return b.Bytes()
}

// grow measures what a request costs with N of something.
func (f *field) grow(ctx context.Context, s *Server, shape *Shape, d time.Duration) (sample, error) {
	switch shape.Of {
	case "routes":
		return f.replay(ctx, s, shape.Cycle(), cycle, d, "-routes", strconv.Itoa(shape.N))
	case "addresses":
		return f.replay(ctx, s, shape.Cycle(), cycle, d, "-limit")
	}
	p, err := f.start(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	end, err := keep(ctx, p, min(shape.N, mostFiles()-200))
	if err != nil {
		return nil, err
	}
	defer end()
	got, err := closed(ctx, p, shape, d)
	return sample{Work: 1000 * got[CPU]}, err
}

// base returns the shape that another one of the same kind has grown from.
func (r *Report) base(shape *Shape) *Shape {
	return r.shapes[slices.IndexFunc(r.shapes, func(s *Shape) bool { return s.Of == shape.Of })]
}

// growth returns how much more a request costs than with the fewest.
func (r *Report) growth(shape *Shape) (Spread, Finding) {
	ratios := Ratios(r.values[cell{shape, r.subject, Work}], r.values[cell{r.base(shape), r.subject, Work}])
	return SpreadOf(ratios), Conclude(ratios)
}

// grown returns the shapes that are about what there is more and more of.
func (r *Report) grown() []*Shape {
	return slices.DeleteFunc(slices.Clone(r.shapes), func(s *Shape) bool { return s.Kind != Grows })
}

// growthTable is the table of all of them.
func (r *Report) growthTable() Table {
	t := Table{Header: []string{"", "CPU, ns", "÷ the fewest", ""}}
	for _, shape := range r.grown() {
		row := []string{shape.Title, r.Spread(shape, r.subject, Work).String(), "", ""}
		if shape != r.base(shape) {
			ratio, finding := r.growth(shape)
			row[2], row[3] = ratio.String(), finding.words()
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// GrowthSVG draws what a request costs with more and more of something, as a multiple of
// what it costs with the fewest: a line for each thing, with the quartiles.
func (r *Report) GrowthSVG() string {
	const left, top, width, height = 60, 50, 420, 220
	high := 2.0
	most, least := 1.0, math.Inf(1)
	for _, s := range r.grown() {
		if ratio, _ := r.growth(s); ratio.N > 0 {
			high = max(high, ratio.High*1.1)
		}
		most, least = max(most, float64(s.N)), min(least, float64(s.N))
	}
	x := func(n int) float64 {
		return left + width*(math.Log10(float64(n))-math.Log10(least))/max(math.Log10(most)-math.Log10(least), 1)
	}
	y := func(ratio float64) float64 { return top + height*(1-ratio/high) }
	var b strings.Builder
	text := func(x, y float64, more, s string) {
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, more, html.EscapeString(s))
	}
	title := "Processor time a request, as a multiple of that with the fewest"
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 310\" width=\"640\" height=\"310\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"+
		"<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", title)
	text(8, 18, ` font-weight="bold" font-size="13"`, title)
	step := math.Exp2(math.Max(0, math.Ceil(math.Log2(high/6)))) // six lines at most
	for v := 0.0; v <= high; v += step {
		fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>\n", left, y(v), left+width)
		text(left-8, y(v)+4, ` text-anchor="end"`, figure(v))
	}
	for n := least; n <= most; n *= 10 {
		text(x(int(n)), top+height+18, ` text-anchor="middle"`, show.Number(int64(n)))
	}
	colors := []string{"#1b6e3c", "#b3261e", "#1a4f9c"}
	var of []string
	for _, s := range r.grown() {
		if !slices.Contains(of, s.Of) {
			of = append(of, s.Of)
		}
	}
	for i, what := range of {
		color, path := colors[i%len(colors)], ""
		for _, s := range r.grown() {
			ratio, _ := r.growth(s)
			if s.Of != what || ratio.N == 0 {
				continue
			}
			at := x(s.N) + float64(4*i) // so that one does not hide the other
			path += fmt.Sprintf("%c%.1f %.1f", "ML"[min(len(path), 1)], at, y(ratio.Median))
			fmt.Fprintf(&b, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", at, y(ratio.Low), y(ratio.High), color)
			fmt.Fprintf(&b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", at, y(ratio.Median), color)
		}
		fmt.Fprintf(&b, "<path d=\"%s\" fill=\"none\" stroke=\"%s\"/>\n", path, color)
		fmt.Fprintf(&b, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", left+width+30, top+20+20*i, color)
		text(left+width+40, float64(top+24+20*i), "", what)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
