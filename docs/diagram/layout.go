package diagram

import (
	"math"
	"slices"
	"strings"
)

// How far things keep from each other.
const (
	nodeGap  = 26.0 // between nodes of a rank
	lineGap  = 16.0 // between anything and a line that passes by
	labelGap = 12.0 // between anything and a label
	rankGap  = 34.0 // between two ranks of nodes
	padding  = 14.0 // inside a frame
)

// A fitting says how wide text may be before it is broken.
type fitting struct{ node, diamond, label float64 }

// A layouter places one graph, level by level: what is inside a group is laid out by itself, and is
// then one large node of the level around it.
type layouter struct {
	g      *Graph
	fit    fitting
	parent map[string]string
	label  map[string]string // of the groups
	dir    map[string]Dir    // of the groups
}

// layout places the graph with lines that lead in the given direction.
func layout(g *Graph, dir Dir, fit fitting) scene {
	l := &layouter{g: g, fit: fit, parent: map[string]string{}, label: map[string]string{}, dir: map[string]Dir{}}
	for _, gr := range g.Groups {
		l.parent[gr.ID], l.label[gr.ID], l.dir[gr.ID] = gr.Group, gr.Label, gr.Dir
	}
	for _, n := range g.Nodes {
		l.parent[n.ID] = n.Group
	}
	s := l.level("", dir, nil).scene
	s.fit(8)
	return s
}

// real turns a place across and along the direction into x and y.
func (d Dir) real(p point) point {
	switch d {
	case Up:
		return point{p.x, -p.y}
	case Right:
		return point{p.y, p.x}
	case Left:
		return point{-p.y, p.x}
	}
	return p
}

// turn swaps a width and a height where the direction is sideways.
func (d Dir) turn(w, h float64) (across, along float64) {
	if d.sideways() {
		return h, w
	}
	return w, h
}

// A vertex is what has a place in a rank. All its lengths are across or along the direction.
type vertex struct {
	node        *Node
	group       *frame
	id          string
	label       *block   // of an edge
	side        []beside // what belongs to the node and stands to its right
	port        bool     // where an edge crosses the frame around this level
	half        float64  // of the outline, across
	left, right float64  // from its middle, with what stands beside it
	deep        float64  // half of the outline, along
	before      float64  // half of what it takes along, with what stands beside it
	rank        int
	x, y        float64
}

func (v *vertex) bend() bool { return v.node == nil && v.group == nil && v.label == nil && !v.port }

// beside is a note, or an edge from a node to itself.
type beside struct {
	edge   int // -1 for a note
	text   block
	offset float64 // from the middle of the node to where it begins
}

// A link is an edge of one level. It leads from u to v, in the direction of the ranks.
type link struct {
	edge     int
	u, v     int
	reversed bool // the edge leads from v to u
	chain    []int
	offU     float64 // where it leaves u and reaches v, from their middles
	offV     float64
}

// A frame is a group that has been laid out: its scene starts at 0, 0.
type frame struct {
	scene scene
	ports map[int]point // by edge: where it crosses the frame
	inner map[int]path  // by edge: its part inside, from its From to its To
}

// A crossing is an edge from within a group to what is outside.
type crossing struct {
	edge    int
	id      string // its end inside
	atStart bool   // it comes in at the side where the ranks begin
}

// within climbs from a node or group to what is directly in group, or returns "".
func (l *layouter) within(id, group string) string {
	for {
		up, ok := l.parent[id]
		if !ok {
			return ""
		}
		if up == group {
			return id
		}
		id = up
	}
}

// level lays out what is directly in a group; the outermost one is "".
func (l *layouter) level(group string, dir Dir, crossings []crossing) *frame {
	lv := &level{l: l, dir: dir, index: map[string]int{}}
	for i := range l.g.Nodes {
		id := l.within(l.g.Nodes[i].ID, group)
		if _, seen := lv.index[id]; seen || id == "" {
			continue
		}
		lv.index[id] = len(lv.verts)
		v := vertex{id: id}
		if id == l.g.Nodes[i].ID {
			v.node = &l.g.Nodes[i]
		}
		lv.verts = append(lv.verts, v)
	}
	for i, e := range l.g.Edges {
		from, to := l.within(e.From, group), l.within(e.To, group)
		if from == "" || to == "" {
			continue
		}
		if from != to {
			lv.links = append(lv.links, link{edge: i, u: lv.index[from], v: lv.index[to]})
		} else if e.From == e.To {
			v := &lv.verts[lv.index[from]]
			v.side = append(v.side, beside{edge: i, text: wrap(e.Label, l.fit.label)})
		}
	}
	lv.breakCycles()
	lv.enterGroups(group, crossings)
	for i := range lv.verts {
		lv.size(&lv.verts[i])
	}
	for _, c := range crossings {
		lv.addPort(c, lv.index[l.within(c.id, group)])
	}
	lv.rank()
	lv.order()
	lv.place()
	return lv.draw(group)
}

// A level is the nodes and groups directly in one group, while they are being placed.
type level struct {
	l     *layouter
	dir   Dir
	index map[string]int
	verts []vertex
	links []link
	ranks [][]int // vertices from left to right
	near  []float64
	far   []float64 // where each rank begins and ends
}

// breakCycles turns the links that lead back to where one came from.
func (lv *level) breakCycles() {
	out := make([][]int, len(lv.verts))
	for i, k := range lv.links {
		out[k.u] = append(out[k.u], i)
	}
	state := make([]int, len(lv.verts)) // 1: on the way, 2: done
	var walk func(v int)
	walk = func(v int) {
		state[v] = 1
		for _, i := range out[v] {
			k := &lv.links[i]
			switch state[k.v] {
			case 0:
				walk(k.v)
			case 1:
				k.u, k.v, k.reversed = k.v, k.u, true
			}
		}
		state[v] = 2
	}
	for v := range lv.verts {
		if state[v] == 0 {
			walk(v)
		}
	}
}

// enterGroups lays out the groups of this level, with the edges that cross their frames.
func (lv *level) enterGroups(group string, crossings []crossing) {
	inside := map[string][]crossing{}
	for _, k := range lv.links {
		e := lv.l.g.Edges[k.edge]
		for _, id := range []string{e.From, e.To} {
			if at := lv.l.within(id, group); at != id {
				inside[at] = append(inside[at], crossing{k.edge, id, lv.index[at] == k.v})
			}
		}
	}
	for _, c := range crossings {
		if at := lv.l.within(c.id, group); at != c.id {
			inside[at] = append(inside[at], c)
		}
	}
	for i := range lv.verts {
		v := &lv.verts[i]
		if v.node != nil {
			continue
		}
		dir := lv.dir
		if own := lv.l.dir[v.id]; own != "" && len(inside[v.id]) == 0 {
			dir = own
		}
		v.group = lv.l.level(v.id, dir, inside[v.id])
	}
}

func (lv *level) addPort(c crossing, child int) {
	at := len(lv.verts)
	lv.verts = append(lv.verts, vertex{port: true})
	k := link{edge: c.edge, u: child, v: at, reversed: c.id == lv.l.g.Edges[c.edge].To}
	if c.atStart {
		k.u, k.v, k.reversed = at, child, !k.reversed
	}
	lv.links = append(lv.links, k)
}

// size gives a node or a group its extents.
func (lv *level) size(v *vertex) {
	var w, h float64
	if v.group != nil {
		w, h = v.group.scene.w, v.group.scene.h
	} else {
		_, w, h = outline(v.node, lv.l.fit)
	}
	across, along := lv.dir.turn(w, h)
	v.half = across / 2
	v.deep = along / 2
	v.left, v.right, v.before = v.half, v.half, v.deep
	if v.node != nil && v.node.Note != "" {
		v.side = append(v.side, beside{edge: -1, text: wrap(v.node.Note, lv.l.fit.node)})
	}
	for i := range v.side {
		s := &v.side[i]
		w, h := s.text.w, s.text.h
		s.offset = v.right + loopSize
		if s.edge < 0 {
			w, h = w+20, h+12
			s.offset = v.right + 18
		}
		across, along := lv.dir.turn(w, h)
		v.right = s.offset + across + 4
		v.before = max(v.before, along/2)
	}
}

const loopSize = 26.0

// outline is the text of a node, and the size of the shape around it.
func outline(n *Node, fit fitting) (text block, w, h float64) {
	switch n.Shape {
	case Start:
		return block{}, 16, 16
	case End:
		return block{}, 20, 20
	case Bar:
		return block{}, 64, 8
	case Diamond:
		// A point of the text's rectangle at half its width and height must lie in the diamond.
		text = wrap(n.Label, fit.diamond)
		w = max(text.w*(1.3+0.15*float64(len(text.lines)))+16, 44)
		h = max(text.h/(1-(text.w+6)/w), 40)
		return text, math.Ceil(w), math.Ceil(h)
	}
	text = wrap(n.Label, fit.node)
	if slices.Contains(strings.Fields(n.Class), "here") {
		text.w *= 1.15 // it is bold
	}
	w, h = max(text.w+22, 40), text.h+16
	switch n.Shape {
	case Circle:
		w = max(math.Hypot(text.w, text.h)+10, 26)
		h = w
	case Stadium:
		w += 10
	case Hexagon, Lean:
		w += 22
	case Double:
		w += 14
	case Cylinder:
		h += 16
	}
	return text, math.Ceil(w), math.Ceil(h)
}
