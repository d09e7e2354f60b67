package diagram

import "math"

// A scene is a picture with everything in its place: what a layout makes and svg.go writes.
type scene struct {
	w, h   float64
	boxes  []box
	paths  []path
	labels []label
}

// A box is an outline with text in its middle.
type box struct {
	id         string // of the node or group, for the tests
	x, y, w, h float64
	shape      Shape
	class      string
	text       block
	title      bool // the text stands at the top left: a frame
}

func (b box) cx() float64 { return b.x + b.w/2 }
func (b box) cy() float64 { return b.y + b.h/2 }

// A label is text on the background of the page, which hides the lines behind it.
type label struct {
	id    string
	x, y  float64 // its middle, or the middle of its left side
	left  bool
	text  block
	class string
}

func (l label) rect() (x, y, w, h float64) {
	if l.left {
		return l.x - 3, l.y - l.text.h/2, l.text.w + 6, l.text.h
	}
	return l.x - l.text.w/2 - 3, l.y - l.text.h/2, l.text.w + 6, l.text.h
}

type point struct{ x, y float64 }

// A path is a line of curves. Each point after the first has two control points before it in p.
type path struct {
	id         string
	p          []point
	class      string
	head, tail Head
}

func (p *path) start(at point) { p.p = append(p.p[:0], at) }

func (p *path) end() point { return p.p[len(p.p)-1] }

func (p *path) lineTo(to point) {
	if from := p.end(); math.Hypot(from.x-to.x, from.y-to.y) > 0.1 {
		p.p = append(p.p, from, to, to)
	}
}

// curveTo goes on to a point. The slopes say how far the path goes sideways for each step along, which
// is the y axis, where it begins and where it ends.
func (p *path) curveTo(to point, slope, slopeTo float64) {
	from := p.end()
	if math.Abs(from.x-to.x) < 0.5 {
		p.lineTo(to)
		return
	}
	half := (to.y - from.y) / 2
	p.p = append(p.p, point{from.x + slope*half, from.y + half}, point{to.x - slopeTo*half, to.y - half}, to)
}

// sample returns points on the path, close to each other.
func (p path) sample() []point {
	var out []point
	for i := 0; i+3 < len(p.p); i += 3 {
		a, b, c, d := p.p[i], p.p[i+1], p.p[i+2], p.p[i+3]
		for k := range 17 {
			t := float64(k) / 16
			u := 1 - t
			out = append(out, point{
				u*u*u*a.x + 3*u*u*t*b.x + 3*u*t*t*c.x + t*t*t*d.x,
				u*u*u*a.y + 3*u*u*t*b.y + 3*u*t*t*c.y + t*t*t*d.y,
			})
		}
	}
	return out
}

// each changes all points of the scene, and moves what has a size by its corner.
func (s *scene) each(f func(point) point) {
	for i := range s.boxes {
		b := &s.boxes[i]
		p, q := f(point{b.x, b.y}), f(point{b.x + b.w, b.y + b.h})
		b.x, b.y = min(p.x, q.x), min(p.y, q.y)
	}
	for i := range s.labels {
		l := &s.labels[i]
		p := f(point{l.x, l.y})
		l.x, l.y = p.x, p.y
	}
	for i := range s.paths {
		for j, p := range s.paths[i].p {
			s.paths[i].p[j] = f(p)
		}
	}
}

func (s *scene) add(t scene) {
	s.boxes = append(s.boxes, t.boxes...)
	s.paths = append(s.paths, t.paths...)
	s.labels = append(s.labels, t.labels...)
}

// fit moves the scene to the origin, with a margin, and gives it its size.
func (s *scene) fit(margin float64) {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	grow := func(x, y float64) {
		lo = point{min(lo.x, x), min(lo.y, y)}
		hi = point{max(hi.x, x), max(hi.y, y)}
	}
	for _, b := range s.boxes {
		grow(b.x, b.y)
		grow(b.x+b.w, b.y+b.h)
	}
	for _, l := range s.labels {
		x, y, w, h := l.rect()
		grow(x, y)
		grow(x+w, y+h)
	}
	for _, p := range s.paths {
		for _, q := range p.sample() {
			grow(q.x, q.y)
		}
	}
	s.each(func(p point) point { return point{p.x - lo.x + margin, p.y - lo.y + margin} })
	s.w, s.h = math.Ceil(hi.x-lo.x+2*margin), math.Ceil(hi.y-lo.y+2*margin)
}
