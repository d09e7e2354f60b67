package bench

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A Plot shows ratios: a row for each, a dot at the median, and a line from quartile to
// quartile. The axis is logarithmic, as twice as much is as far from 1 as half as much.
type Plot struct {
	Name  string // of the file
	Title string
	Left  string // what a dot left of 1 says
	Right string
	Rows  []PlotRow
}

// A PlotRow is one ratio.
type PlotRow struct {
	Group string // the shape, which is written where it changes
	Label string
	Ratio Spread
	Found Finding
}

// Plots returns a plot for the first metric of each kind of shapes.
func (r *Report) Plots() []Plot {
	var all []Plot
	for _, kind := range []Kind{Closed, Paced, Idle, Replays} {
		m := kind.Metrics()[0]
		p := Plot{Name: string(kind) + "-" + m.Name, Title: upper(m.Title) + ": " + r.subject.Name + " ÷ the other",
			Left: r.subject.Name + " needs less", Right: "the other needs less"}
		for _, shape := range r.shapes {
			if shape.Kind != kind {
				continue
			}
			for _, s := range r.taking(shape) {
				if s == r.subject {
					continue
				}
				ratio, found := r.Compare(shape, s, m)
				if ratio.N > 0 {
					p.Rows = append(p.Rows, PlotRow{shape.Title, r.over(shape, s), ratio, found})
				}
			}
		}
		if len(p.Rows) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// The measures of a plot, in pixels.
const (
	plotLeft   = 250 // of the axis
	plotAxis   = 420
	plotWidth  = plotLeft + plotAxis + 70
	rowHeight  = 18
	groupSpace = 24
	plotTop    = 56
)

// SVG draws the plot.
func (p Plot) SVG() string {
	low, high := 0.5, 2.0
	height := plotTop
	for i, row := range p.Rows {
		low, high = min(low, row.Ratio.Low), max(high, row.Ratio.High)
		if i == 0 || p.Rows[i-1].Group != row.Group {
			height += groupSpace
		}
		height += rowHeight
	}
	low, high = math.Log2(low)-0.1, math.Log2(high)+0.1
	x := func(ratio float64) float64 { return plotLeft + plotAxis*(math.Log2(ratio)-low)/(high-low) }
	var b strings.Builder
	text := func(x, y float64, more, s string) {
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, more, html.EscapeString(s))
	}
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%[1]d\" height=\"%[2]d\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n",
		plotWidth, height+16)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", html.EscapeString(p.Title))
	text(8, 18, ` font-weight="bold" font-size="13"`, p.Title)
	text(x(1)-6, 36, ` text-anchor="end" fill="#666"`, "← "+p.Left)
	text(x(1)+6, 36, ` fill="#666"`, p.Right+" →")
	for e := math.Ceil(low); e <= high; e++ {
		color := "#ddd"
		if e == 0 {
			color = "#222"
		}
		at := x(math.Exp2(e))
		fmt.Fprintf(&b, "<path d=\"M%.1f %dV%d\" stroke=\"%s\"/>\n", at, plotTop+4, height+4, color)
		text(at, plotTop, ` text-anchor="middle" font-size="11"`, fmt.Sprint(math.Exp2(e)))
	}
	y := float64(plotTop)
	for i, row := range p.Rows {
		if i == 0 || p.Rows[i-1].Group != row.Group {
			y += groupSpace
			text(8, y-4, ` font-weight="bold"`, row.Group)
		}
		y += rowHeight
		text(plotLeft-12, y-4, ` text-anchor="end"`, row.Label)
		color, fill := "#1b6e3c", "#1b6e3c"
		switch row.Found {
		case More:
			color, fill = "#b3261e", "#b3261e"
		case Unknown:
			color, fill = "#777", "#fff"
		}
		fmt.Fprintf(&b, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", x(row.Ratio.Low), y-8, x(row.Ratio.High), color)
		fmt.Fprintf(&b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"/>\n", x(row.Ratio.Median), y-8, fill, color)
		text(plotLeft+plotAxis+10, y-4, "", figure(row.Ratio.Median))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
