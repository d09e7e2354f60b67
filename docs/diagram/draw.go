package diagram

import (
	"math"
	"strconv"
)

// draw makes the scene of a level, with the frame of its group around it.
func (lv *level) draw(group string) *frame {
	f := &frame{ports: map[int]point{}, inner: map[int]path{}}
	for i := range lv.verts {
		switch v := &lv.verts[i]; {
		case v.group != nil:
			lv.drawGroup(v, &f.scene)
		case v.node != nil:
			lv.drawNode(v, &f.scene)
		}
	}
	for i := range lv.links {
		k := &lv.links[i]
		p := lv.way(k)
		for _, c := range k.chain {
			if v := &lv.verts[c]; v.label != nil {
				at := lv.dir.real(point{v.x, v.y})
				f.scene.labels = append(f.scene.labels, label{id: p.id, x: at.x, y: at.y, text: *v.label})
			}
		}
		f.scene.paths = append(f.scene.paths, p)
	}
	if group != "" {
		lv.enclose(group, f)
	}
	return f
}

func (lv *level) drawGroup(v *vertex, s *scene) {
	g := v.group
	at := lv.dir.real(point{v.x, v.y})
	move := func(p point) point { return point{p.x + at.x - g.scene.w/2, p.y + at.y - g.scene.h/2} }
	g.scene.each(move)
	s.add(g.scene)
	for _, p := range g.inner {
		for i := range p.p {
			p.p[i] = move(p.p[i])
		}
	}
}

func (lv *level) drawNode(v *vertex, s *scene) {
	n := v.node
	text, w, h := outline(n, lv.l.fit)
	at := lv.dir.real(point{v.x, v.y})
	s.boxes = append(s.boxes, box{id: n.ID, x: at.x - w/2, y: at.y - h/2, w: w, h: h, shape: n.Shape, class: n.Class, text: text})
	from := v.half
	for _, b := range v.side {
		if b.edge < 0 {
			lv.drawNote(v, b, from, s)
		} else {
			lv.drawLoop(v, b, s)
		}
		across, _ := lv.dir.turn(b.text.w, b.text.h)
		from = b.offset + across + 4
	}
}

func (lv *level) drawNote(v *vertex, b beside, from float64, s *scene) {
	w, h := b.text.w+20, b.text.h+12
	across, _ := lv.dir.turn(w, h)
	at := lv.dir.real(point{v.x + b.offset + across/2, v.y})
	s.boxes = append(s.boxes, box{id: "note of " + v.id, x: at.x - w/2, y: at.y - h/2, w: w, h: h, class: "note", text: b.text})
	p := path{id: "note of " + v.id, class: "dotted"}
	p.start(lv.dir.real(point{v.x + from, v.y}))
	p.lineTo(lv.dir.real(point{v.x + b.offset, v.y}))
	s.paths = append(s.paths, p)
}

// drawLoop draws an edge from a node to itself, on the side where notes stand.
func (lv *level) drawLoop(v *vertex, b beside, s *scene) {
	e := lv.l.g.Edges[b.edge]
	q := min(v.deep*0.6, 9)
	out := v.half
	switch v.node.Shape {
	case Circle, Start, End:
		out = math.Sqrt(out*out - q*q)
	case Diamond:
		out *= 1 - q/v.deep
	case Hexagon, Lean:
		if !lv.dir.sideways() {
			out -= 11 * q / v.deep
		}
	}
	reach := (b.offset - out - 4) * 4 / 3
	p := path{id: edgeID(b.edge), class: edgeClass(e), head: e.Head, tail: e.Tail}
	p.p = []point{{v.x + out, v.y - q}, {v.x + out + reach, v.y - q - 6}, {v.x + out + reach, v.y + q + 6}, {v.x + out, v.y + q}}
	for i := range p.p {
		p.p[i] = lv.dir.real(p.p[i])
	}
	s.paths = append(s.paths, p)
	if e.Label != "" {
		across, _ := lv.dir.turn(b.text.w, b.text.h)
		at := lv.dir.real(point{v.x + b.offset + across/2, v.y})
		s.labels = append(s.labels, label{id: p.id, x: at.x, y: at.y, text: b.text})
	}
}

// way is the path of a link, with the parts of it inside of groups, from the edge's From to its To.
func (lv *level) way(k *link) path {
	e := lv.l.g.Edges[k.edge]
	p := path{id: edgeID(k.edge), class: edgeClass(e), head: e.Head, tail: e.Tail}
	u, v := &lv.verts[k.u], &lv.verts[k.v]
	p.start(point{u.x + k.offU, u.y + u.deep - lv.inset(u)})
	p.lineTo(point{u.x + k.offU, lv.far[u.rank]})
	slope := 0.0
	for i, c := range k.chain {
		b := &lv.verts[c]
		if lv.kind(b.rank) == 'n' {
			p.curveTo(point{b.x, lv.near[b.rank]}, slope, 0)
			p.lineTo(point{b.x, lv.far[b.rank]})
			slope = 0
			continue
		}
		next := point{v.x + k.offV, lv.near[v.rank]}
		if i+1 < len(k.chain) {
			n := &lv.verts[k.chain[i+1]]
			next = point{n.x, lv.near[n.rank]}
		}
		at := point{b.x, b.y}
		through := slopeAt(p.end(), at, next)
		// Not so far sideways that it would meet what stands beside it.
		if most := (b.left + labelGap - 4) / max(lv.far[b.rank]-b.y, 1); math.Abs(through) > most {
			through = math.Copysign(most, through)
		}
		half := lv.far[b.rank] - b.y
		p.curveTo(point{b.x - through*half, b.y - half}, slope, through)
		p.lineTo(point{b.x + through*half, b.y + half})
		slope = through
	}
	p.curveTo(point{v.x + k.offV, lv.near[v.rank]}, slope, 0)
	p.lineTo(point{v.x + k.offV, v.y - v.deep + lv.inset(v)})
	for i := range p.p {
		p.p[i] = lv.dir.real(p.p[i])
	}
	from, to := u, v
	if k.reversed {
		p.p, from, to = reversed(p.p), v, u
	}
	if from.group != nil {
		if q, ok := from.group.inner[k.edge]; ok {
			p.p = join(q.p, p.p)
		}
	}
	if to.group != nil {
		if q, ok := to.group.inner[k.edge]; ok {
			p.p = join(p.p, q.p)
		}
	}
	return p
}

// slopeAt is how a path goes through a place between two others: on, if it goes on to the same side.
func slopeAt(from, at, to point) float64 {
	in, out := (at.x-from.x)/max(at.y-from.y, 1), (to.x-at.x)/max(to.y-at.y, 1)
	if in*out <= 0 {
		return 0
	}
	return math.Copysign(min(math.Abs(in), math.Abs(out), 1.5), in)
}

func join(a, b []point) []point {
	return append(append([]point{}, a...), b[1:]...)
}

func reversed(p []point) []point {
	out := make([]point, len(p))
	for i, q := range p {
		out[len(p)-1-i] = q
	}
	return out
}

// inset is how far within its extent the middle of a shape's side is.
func (lv *level) inset(v *vertex) float64 {
	if v.node != nil && v.node.Shape == Lean && lv.dir.sideways() {
		return 5
	}
	return 0
}

// enclose puts the frame around a level, and finds where edges cross it.
func (lv *level) enclose(group string, f *frame) {
	title := wrap(lv.l.label[group], 260)
	top := padding
	if lv.l.label[group] != "" {
		top += title.h + 2
	}
	s := &f.scene
	s.fit(0)
	w := math.Ceil(max(s.w, title.w) + 2*padding)
	h := math.Ceil(s.h + top + padding)
	dx, dy := (w-s.w)/2, top
	s.each(func(p point) point { return point{p.x + dx, p.y + dy} })
	s.boxes = append([]box{{id: group, w: w, h: h, class: "group", text: title, title: true}}, s.boxes...)
	s.w, s.h = w, h
	// The paths of the links are the last ones, in their order.
	paths := s.paths[len(s.paths)-len(lv.links):]
	s.paths = s.paths[:len(s.paths)-len(lv.links)]
	for i, k := range lv.links {
		p := paths[i]
		start := lv.verts[k.u].port
		if !start && !lv.verts[k.v].port {
			s.paths = append(s.paths, p)
			continue
		}
		if start != k.reversed { // the crossing is where the path begins
			at := lv.dir.border(p.p[0], start, w, h)
			p.p = append([]point{at, at, p.p[0]}, p.p...)
			f.ports[k.edge] = at
		} else {
			at := lv.dir.border(p.end(), start, w, h)
			p.lineTo(at)
			f.ports[k.edge] = at
		}
		f.inner[k.edge] = p
	}
}

// border moves a point to the side of a frame at which the ranks begin, or end.
func (d Dir) border(p point, start bool, w, h float64) point {
	switch {
	case d == Right && start, d == Left && !start:
		p.x = 0
	case d.sideways():
		p.x = w
	case d == Up != start:
		p.y = 0
	default:
		p.y = h
	}
	return p
}

func edgeID(i int) string { return "edge " + strconv.Itoa(i) }

func edgeClass(e Edge) string {
	class := string(e.Line)
	if e.Class != "" {
		class += " " + e.Class
	}
	return class
}
