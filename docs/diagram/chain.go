package diagram

// chain returns the nodes of a graph that is one line of steps without labels, in their order, and the
// edges between them; or nil.
func (g *Graph) chain() (nodes, edges []int) {
	if len(g.Groups) > 0 || len(g.Edges) != len(g.Nodes)-1 || len(g.Edges) < 3 {
		return nil, nil
	}
	index := map[string]int{}
	first := map[string]bool{}
	for i, n := range g.Nodes {
		index[n.ID], first[n.ID] = i, n.Note == ""
	}
	out := map[string]int{}
	for i, e := range g.Edges {
		if _, two := out[e.From]; two || !first[e.To] || e.Length > 1 || e.Label != "" {
			return nil, nil
		}
		out[e.From], first[e.To] = i, false
	}
	for i, n := range g.Nodes {
		if !first[n.ID] {
			continue
		}
		nodes = append(nodes, i)
		for e, ok := out[n.ID]; ok && len(nodes) <= len(g.Nodes); e, ok = out[g.Edges[e].To] {
			edges = append(edges, e)
			nodes = append(nodes, index[g.Edges[e].To])
		}
		break
	}
	if len(nodes) != len(g.Nodes) {
		return nil, nil
	}
	return nodes, edges
}

// Distances between rows.
const (
	rowGap  = 30.0
	rowSide = 16.0 // how far the line to the next row goes out
)

// A row is as many steps of a chain as stand beside each other.
type row struct {
	nodes []int
	w, h  float64
}

// rows lays out a chain from left to right in two rows, like text. It returns false where that is not
// enough.
func (g *Graph) rows(limit float64) (scene, bool) {
	nodes, edges := g.chain()
	if nodes == nil || g.Dir != Right {
		return scene{}, false
	}
	fit := fitting{node: 150, diamond: 130}
	fill := func(limit float64) []row {
		var all []row
		for i, n := range nodes {
			_, w, h := outline(&g.Nodes[n], fit)
			if last := len(all) - 1; i > 0 && all[last].w+rankGap+w <= limit {
				r := &all[last]
				r.nodes, r.w, r.h = append(r.nodes, i), r.w+rankGap+w, max(r.h, h)
				continue
			}
			all = append(all, row{[]int{i}, w, h})
		}
		return all
	}
	room := limit - 2*rowSide - 16
	all := fill(room)
	if len(all) > 2 {
		return scene{}, false
	}
	for width := room; width > room/2; width -= 10 { // rows of about the same length
		if r := fill(width); len(r) == len(all) {
			all = r
		}
	}
	var s scene
	places := make([]box, len(nodes))
	y := 0.0
	for i, r := range all {
		if i > 0 {
			y += rowGap
		}
		x := 0.0
		for j, k := range r.nodes {
			n := &g.Nodes[nodes[k]]
			text, w, h := outline(n, fit)
			if j > 0 {
				x += rankGap
			}
			places[k] = box{id: n.ID, x: x, y: y + (r.h-h)/2, w: w, h: h, shape: n.Shape, class: n.Class, text: text}
			x += w
		}
		y += r.h
	}
	s.boxes = places
	for i, e := range edges {
		a, b := places[i], places[i+1]
		edge := g.Edges[e]
		p := path{id: edgeID(e), class: edgeClass(edge), head: edge.Head, tail: edge.Tail}
		from, to := point{a.x + a.w, a.cy()}, point{b.x, b.cy()}
		p.start(from)
		if b.x < a.x {
			mid := all[0].h + rowGap/2
			p.corners(point{from.x + rowSide, from.y}, point{from.x + rowSide, mid}, point{-rowSide, mid}, point{-rowSide, to.y}, to)
		} else {
			p.lineTo(to)
		}
		s.paths = append(s.paths, p)
	}
	s.fit(8)
	return s, s.w <= limit
}

// corners goes to the last of the points by way of the others, at which it turns with a round corner.
func (p *path) corners(by ...point) {
	const round = 6.0
	for i, q := range by[:len(by)-1] {
		in, out := direction(q, p.end()), direction(by[i+1], q)
		p.lineTo(point{q.x - in.x*round, q.y - in.y*round})
		p.p = append(p.p, q, q, point{q.x + out.x*round, q.y + out.y*round})
	}
	p.lineTo(by[len(by)-1])
}
