package diagram

import (
	"cmp"
	"math"
	"slices"
)

// place gives every vertex its place across and along the direction.
func (lv *level) place() {
	lv.spreadEnds()
	lv.across()
	lv.along()
}

// spreadEnds says where on a node's side each of its links ends, in the order in which they lead away.
func (lv *level) spreadEnds() {
	pos := make([]int, len(lv.verts))
	for _, r := range lv.ranks {
		for i, v := range r {
			pos[v] = i
		}
	}
	type end struct {
		off  *float64
		next int
	}
	out := make([][]end, len(lv.verts))
	in := make([][]end, len(lv.verts))
	for i := range lv.links {
		k := &lv.links[i]
		all := append(append([]int{k.u}, k.chain...), k.v)
		out[k.u] = append(out[k.u], end{&k.offU, pos[all[1]]})
		in[k.v] = append(in[k.v], end{&k.offV, pos[all[len(all)-2]]})
	}
	for v := range lv.verts {
		for _, ends := range [][]end{out[v], in[v]} {
			room := lv.side(&lv.verts[v])
			step := 0.0
			if len(ends) > 1 {
				step = math.Floor(min(30, 2*room/float64(len(ends))))
			}
			slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.next, b.next) })
			for i, e := range ends {
				*e.off = math.Round(step * (float64(i) - float64(len(ends)-1)/2))
			}
		}
	}
	for i := range lv.links { // a line into a frame goes on inside
		k := &lv.links[i]
		k.offU = lv.portOffset(k.u, k.edge, k.offU)
		k.offV = lv.portOffset(k.v, k.edge, k.offV)
	}
}

// side is how far from its middle a link may end at a vertex.
func (lv *level) side(v *vertex) float64 {
	switch {
	case v.group != nil:
		return v.half - padding
	case v.node == nil:
		return 0
	}
	switch v.node.Shape {
	case Box, Double:
		return v.half - 8
	case Round, Stadium:
		return v.half - 16
	case Bar, Hexagon:
		if !lv.dir.sideways() {
			return v.half - 14
		}
	case Cylinder:
		if lv.dir.sideways() {
			return v.half - 10
		}
	}
	return 0
}

func (lv *level) portOffset(v, edge int, otherwise float64) float64 {
	g := lv.verts[v].group
	if g == nil {
		return otherwise
	}
	p, ok := g.ports[edge]
	if !ok {
		return otherwise
	}
	if lv.dir.sideways() {
		return p.y - g.scene.h/2
	}
	return p.x - g.scene.w/2
}

// across finds the places within the ranks at which the links are as straight as can be. Long lines
// are kept straighter than short ones.
func (lv *level) across() {
	var all []constraint
	n := len(lv.verts)
	in, out := make([]int, n), make([]int, n)
	for _, k := range lv.links {
		in[k.v]++
		out[k.u]++
	}
	for _, p := range lv.pieces() {
		k := lv.links[p.link]
		ends, offU, offV := 0, 0.0, 0.0
		if p.u == k.u {
			offU, ends = k.offU, ends+1
		}
		if p.v == k.v {
			offV, ends = k.offV, ends+1
		}
		cost := []int{80, 20, 20}[ends]
		if ends == 1 && (lv.verts[p.u].label != nil || lv.verts[p.v].label != nil) {
			cost = 8
		}
		// Where it costs nothing, a node stands below the only one that leads to it, or above the only
		// one that it leads to, rather than in between.
		if in[k.v] == 1 {
			cost += 2
		}
		if out[k.u] == 1 {
			cost++
		}
		d := int(offV - offU)
		all = append(all, constraint{n, p.u, max(0, d), cost}, constraint{n, p.v, max(0, -d), cost})
		n++
	}
	for _, r := range lv.ranks {
		for i := 0; i+1 < len(r); i++ {
			a, b := &lv.verts[r[i]], &lv.verts[r[i+1]]
			all = append(all, constraint{r[i], r[i+1], int(math.Ceil(a.right + gap(a, b) + b.left)), 0})
		}
	}
	for i, x := range rank(n, all, true)[:len(lv.verts)] {
		lv.verts[i].x = float64(x)
	}
}

func gap(a, b *vertex) float64 {
	switch {
	case a.label != nil || b.label != nil:
		return labelGap
	case a.bend() || b.bend() || a.port || b.port:
		return lineGap
	}
	return nodeGap
}

// along puts the ranks below each other, further apart where lines have far to go sideways.
func (lv *level) along() {
	far := make([]float64, len(lv.ranks)) // how far lines go sideways behind each rank
	for _, p := range lv.pieces() {
		u, v := lv.verts[p.u], lv.verts[p.v]
		far[u.rank] = max(far[u.rank], math.Abs(u.x-v.x))
	}
	lv.near = make([]float64, len(lv.ranks))
	lv.far = make([]float64, len(lv.ranks))
	y := 0.0
	for i, r := range lv.ranks {
		half := 0.0
		for _, v := range r {
			half = max(half, lv.verts[v].before)
		}
		lv.near[i], lv.far[i] = y, y+2*half
		for _, v := range r {
			lv.verts[v].y = y + half
		}
		y += 2 * half
		if i+1 < len(lv.ranks) {
			base := rankGap
			switch a, b := lv.kind(i), lv.kind(i+1); {
			case a == 'p' || b == 'p':
				base = 20
			case a == 'n' && b != 'n':
				base = 16
			case a != 'n' && b == 'n':
				base = 24
			case a != 'n':
				base = 16
			}
			y += max(base, math.Round(min(56, far[i]*0.2)))
		}
	}
}

// kind says what a rank has: nodes, only ports, or else labels and bends.
func (lv *level) kind(rank int) byte {
	kind := byte('p')
	for _, i := range lv.ranks[rank] {
		switch v := &lv.verts[i]; {
		case v.node != nil || v.group != nil:
			return 'n'
		case !v.port:
			kind = 'l'
		}
	}
	return kind
}
