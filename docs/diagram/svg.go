package diagram

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// write makes the SVG of a scene. There are no ids in it, so that one page may have many of them, and
// no styles: what is drawn how is said by classes, for which diagram.css has the rules. Without those
// it is still legible.
func (s *scene) write(class, name, steps string) []byte {
	b := &bytes.Buffer{}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" class="%s" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-label="%s">`,
		class, num(s.w), num(s.h), num(s.w), num(s.h), escape(name))
	fmt.Fprintf(b, "<desc>%s</desc>\n", escape(steps))
	b.WriteString(`<g fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round">` + "\n")
	for _, x := range s.boxes {
		if x.title {
			writeOutline(b, x)
		}
	}
	for _, p := range s.paths {
		if p.class == "lane" {
			writePath(b, p)
		}
	}
	for _, x := range s.boxes {
		if x.class == "bar" {
			writeOutline(b, x)
		}
	}
	for _, p := range s.paths {
		if p.class != "lane" {
			writePath(b, p)
		}
	}
	for _, l := range s.labels {
		x, y, w, h := l.rect()
		fmt.Fprintf(b, `<rect class="d-back" x="%s" y="%s" width="%s" height="%s" stroke="none"/>`+"\n", num(x), num(y), num(w), num(h))
	}
	for _, x := range s.boxes {
		if x.title && len(x.text.lines) > 0 {
			fmt.Fprintf(b, `<rect class="d-back" x="%s" y="%s" width="%s" height="%s" stroke="none"/>`+"\n",
				num(x.x+padding-4), num(x.y+6), num(x.text.w+8), num(x.text.h))
		}
	}
	for _, x := range s.boxes {
		if !x.title && x.class != "bar" {
			writeOutline(b, x)
		}
	}
	fmt.Fprintf(b, `</g>`+"\n"+`<g fill="currentColor" font-size="%s" text-anchor="middle">`+"\n", num(fontSize))
	for _, l := range s.labels {
		writeText(b, l.text, l.x, l.y, classes("d-label", l.class), l.left)
	}
	for _, x := range s.boxes {
		if x.title {
			writeText(b, x.text, x.x+padding, x.y+6+x.text.h/2, classes("d-text", x.class), true)
		} else {
			writeText(b, x.text, x.cx(), x.cy()+x.textShift(), classes("d-text", x.class), false)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// textShift is how far below the middle the text stands: a cylinder's lid takes room.
func (b box) textShift() float64 {
	if b.shape == Cylinder {
		return 5
	}
	return 0
}

// num writes a length with at most one digit after the point.
func num(f float64) string {
	f = math.Round(f*10) / 10
	if f == 0 {
		f = 0 // not -0
	}
	return fmt.Sprintf("%g", f)
}

// escape makes text fit for XML, which has no place for control characters.
func escape(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return utf8.RuneError
	}, s))
}

func classes(base, more string) string {
	for _, c := range strings.Fields(more) {
		base += " d-" + c
	}
	return base
}

func writeText(b *bytes.Buffer, t block, x, y float64, class string, left bool) {
	if len(t.lines) == 0 || t.w == 0 {
		return
	}
	anchor := ""
	if left {
		anchor = ` text-anchor="start"`
	}
	fmt.Fprintf(b, `<text class="%s"%s>`, class, anchor)
	y += -t.h/2 + lineHeight/2 + fontSize*0.35
	for i, line := range t.lines {
		fmt.Fprintf(b, `<tspan x="%s" y="%s">%s</tspan>`, num(x), num(y+float64(i)*lineHeight), escape(line))
	}
	b.WriteString("</text>\n")
}

func writeOutline(b *bytes.Buffer, x box) {
	class := classes("d-box", x.class)
	l, t, r, e := x.x, x.y, x.x+x.w, x.y+x.h
	shape := func(d string) { fmt.Fprintf(b, `<path class="%s" d="%s"/>`+"\n", class, d) }
	round := func(radius float64) {
		fmt.Fprintf(b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`+"\n", class, num(l), num(t), num(x.w), num(x.h), num(radius))
	}
	circle := func(radius float64, class string) {
		fmt.Fprintf(b, `<circle class="%s" cx="%s" cy="%s" r="%s"/>`+"\n", class, num(x.cx()), num(x.cy()), num(radius))
	}
	switch x.shape {
	case Round:
		round(12)
	case Stadium:
		round(x.h / 2)
	case Diamond:
		shape(polygon(x.cx(), t, r, x.cy(), x.cx(), e, l, x.cy()))
	case Hexagon:
		shape(polygon(l, x.cy(), l+11, t, r-11, t, r, x.cy(), r-11, e, l+11, e))
	case Lean:
		shape(polygon(l+11, t, r, t, r-11, e, l, e))
	case Circle:
		circle(x.w/2, class)
	case Start:
		circle(x.w/2, "d-dot")
	case End:
		circle(x.w/2, class)
		circle(x.w/2-4, "d-dot")
	case Bar:
		fmt.Fprintf(b, `<rect class="d-dot" x="%s" y="%s" width="%s" height="%s" rx="2"/>`+"\n", num(l), num(t), num(x.w), num(x.h))
	case Cylinder:
		ry := 7.0
		shape(fmt.Sprintf("M%s %sA%s %s 0 0 1 %s %sV%sA%s %s 0 0 1 %s %sZM%s %sA%s %s 0 0 0 %s %s",
			num(l), num(t+ry), num(x.w/2), num(ry), num(r), num(t+ry), num(e-ry), num(x.w/2), num(ry), num(l), num(e-ry),
			num(l), num(t+ry), num(x.w/2), num(ry), num(r), num(t+ry)))
	case Double:
		round(3)
		shape(fmt.Sprintf("M%s %sV%sM%s %sV%s", num(l+6), num(t), num(e), num(r-6), num(t), num(e)))
	default:
		round(4)
	}
}

func polygon(xy ...float64) string {
	d := "M" + num(xy[0]) + " " + num(xy[1])
	for i := 2; i < len(xy); i += 2 {
		d += "L" + num(xy[i]) + " " + num(xy[i+1])
	}
	return d + "Z"
}

func writePath(b *bytes.Buffer, p path) {
	if len(p.p) < 4 {
		return
	}
	pts := append([]point{}, p.p...)
	n := len(pts)
	tip, back := pts[n-1], pts[0]
	dir, dirBack := direction(pts[n-1], pts[n-2], pts[n-3], pts[n-4]), direction(pts[0], pts[1], pts[2], pts[3])
	pts[n-1] = shorten(pts[n-1], dir, p.head)
	pts[0] = shorten(pts[0], dirBack, p.tail)
	var d strings.Builder
	fmt.Fprintf(&d, "M%s %s", num(pts[0].x), num(pts[0].y))
	for i := 1; i+2 < n; i += 3 {
		a, c, q := pts[i], pts[i+1], pts[i+2]
		straight := a == p.p[i-1] && c == p.p[i+2]
		if straight {
			fmt.Fprintf(&d, "L%s %s", num(q.x), num(q.y))
		} else {
			fmt.Fprintf(&d, "C%s %s %s %s %s %s", num(a.x), num(a.y), num(c.x), num(c.y), num(q.x), num(q.y))
		}
	}
	fmt.Fprintf(b, `<path class="%s" d="%s"%s/>`+"\n", classes("d-edge", p.class), d.String(), dashes(p.class))
	writeHead(b, tip, dir, p.head)
	writeHead(b, back, dirBack, p.tail)
}

// dashes are an attribute, since a dotted line means something else than a solid one even without CSS.
func dashes(class string) string {
	if strings.HasPrefix(class, string(Dotted)) {
		return ` stroke-dasharray="4 4"`
	}
	if strings.HasPrefix(class, string(Thick)) {
		return ` stroke-width="3"`
	}
	return ""
}

// direction is the unit vector in which a path arrives at its end, given the points before it.
func direction(end point, before ...point) point {
	for _, q := range before {
		if dx, dy := end.x-q.x, end.y-q.y; math.Hypot(dx, dy) > 0.5 {
			l := math.Hypot(dx, dy)
			return point{dx / l, dy / l}
		}
	}
	return point{0, 1}
}

func shorten(p, dir point, head Head) point {
	by := map[Head]float64{Arrow: 6, Dot: 8, Cross: 0, Open: 1}[head]
	return point{p.x - dir.x*by, p.y - dir.y*by}
}

// writeHead draws the end of an edge, whose tip is at p.
func writeHead(b *bytes.Buffer, p, dir point, head Head) {
	at := func(back, side float64) string {
		return num(p.x-dir.x*back-dir.y*side) + " " + num(p.y-dir.y*back+dir.x*side)
	}
	switch head {
	case Arrow:
		fmt.Fprintf(b, `<path class="d-head" fill="currentColor" stroke="none" d="M%sL%sL%sZ"/>`+"\n", at(0, 0), at(10, 4.5), at(10, -4.5))
	case Open:
		fmt.Fprintf(b, `<path class="d-edge" d="M%sL%sL%s"/>`+"\n", at(9, 5), at(0, 0), at(9, -5))
	case Cross:
		fmt.Fprintf(b, `<path class="d-edge" d="M%sL%sM%sL%s"/>`+"\n", at(10, 5), at(0, -5), at(10, -5), at(0, 5))
	case Dot:
		c := point{p.x - dir.x*4, p.y - dir.y*4}
		fmt.Fprintf(b, `<circle class="d-head" fill="currentColor" stroke="none" cx="%s" cy="%s" r="4"/>`+"\n", num(c.x), num(c.y))
	}
}
