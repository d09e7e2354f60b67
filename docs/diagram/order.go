package diagram

import (
	"cmp"
	"slices"
)

// rank gives each vertex its rank, and cuts links that are longer into pieces: a bend in each rank that
// they pass, or their label. Nodes have even ranks at first and labels odd ones; those that are empty go.
func (lv *level) rank() {
	pairs := map[[2]int]int{}
	for _, k := range lv.links {
		pairs[[2]int{k.u, k.v}]++
	}
	var all []constraint
	for _, k := range lv.links {
		all = append(all, constraint{k.u, k.v, 2 * max(1, lv.l.g.Edges[k.edge].Length), 1})
	}
	ranks := rank(len(lv.verts), all, false)
	first, last := 1<<30, 0
	for i, v := range lv.verts {
		if !v.port {
			first, last = min(first, ranks[i]), max(last, ranks[i])
		}
	}
	for _, k := range lv.links { // ports are on the frame
		if lv.verts[k.u].port {
			ranks[k.u] = first - 2
		}
		if lv.verts[k.v].port {
			ranks[k.v] = last + 2
		}
	}
	used := map[int]bool{}
	for _, r := range ranks {
		used[r] = true
	}
	labels := make([]int, len(lv.links)) // the rank of each link's label
	for i, k := range lv.links {
		labels[i] = 1 << 30
		crossing := lv.verts[k.u].port || lv.verts[k.v].port
		if lv.l.g.Edges[k.edge].Label != "" && !crossing {
			labels[i] = ranks[k.u] + 1
			if k.reversed {
				labels[i] = ranks[k.v] - 1
			}
			used[labels[i]] = true
		} else if pairs[[2]int{k.u, k.v}] > 1 {
			used[ranks[k.u]+1] = true
		}
	}
	var dense []int
	for r := range used {
		dense = append(dense, r)
	}
	slices.Sort(dense)
	lv.ranks = make([][]int, len(dense))
	for i := range lv.verts {
		lv.verts[i].rank, _ = slices.BinarySearch(dense, ranks[i])
	}
	for i := range lv.links {
		k := &lv.links[i]
		for r := lv.verts[k.u].rank + 1; r < lv.verts[k.v].rank; r++ {
			v := vertex{rank: r}
			if dense[r] == labels[i] {
				text := wrap(lv.l.g.Edges[k.edge].Label, lv.l.fit.label)
				across, along := lv.dir.turn(text.w+6, text.h)
				v.label, v.left, v.right, v.before = &text, across/2, across/2, along/2
			}
			k.chain = append(k.chain, len(lv.verts))
			lv.verts = append(lv.verts, v)
		}
	}
}

// A piece is a link's way from one rank to the next.
type piece struct{ u, v, link int }

func (lv *level) pieces() []piece {
	var all []piece
	for i, k := range lv.links {
		from := k.u
		for _, v := range append(slices.Clone(k.chain), k.v) {
			all = append(all, piece{from, v, i})
			from = v
		}
	}
	return all
}

// order puts the vertices of each rank in an order in which few links cross: the median method of
// Gansner and others, with exchanges of neighbours. What does not matter stays as it was written.
func (lv *level) order() {
	up := make([][]int, len(lv.verts))
	down := make([][]int, len(lv.verts))
	for _, p := range lv.pieces() {
		down[p.u] = append(down[p.u], p.v)
		up[p.v] = append(up[p.v], p.u)
	}
	seen := make([]bool, len(lv.verts))
	var walk func(v int)
	walk = func(v int) {
		if seen[v] {
			return
		}
		seen[v] = true
		lv.ranks[lv.verts[v].rank] = append(lv.ranks[lv.verts[v].rank], v)
		for _, w := range down[v] {
			walk(w)
		}
	}
	for pass := range 2 { // first from where the lines begin
		for v := range lv.verts {
			if pass == 1 || len(up[v]) == 0 {
				walk(v)
			}
		}
	}
	pos := make([]int, len(lv.verts))
	number := func() {
		for _, r := range lv.ranks {
			for i, v := range r {
				pos[v] = i
			}
		}
	}
	number()
	best, least := lv.copyRanks(), lv.crossings(down, pos)
	for sweep := 0; sweep < 16 && least > 0; sweep++ {
		near := up
		if sweep%2 == 1 {
			near = down
		}
		for i := range lv.ranks {
			r := lv.ranks[i]
			if sweep%2 == 1 {
				r = lv.ranks[len(lv.ranks)-1-i]
			}
			byMedian(r, near, pos)
		}
		lv.exchange(up, down, pos)
		if n := lv.crossings(down, pos); n < least {
			best, least = lv.copyRanks(), n
		}
	}
	lv.ranks = best
}

func (lv *level) copyRanks() [][]int {
	out := make([][]int, len(lv.ranks))
	for i, r := range lv.ranks {
		out[i] = slices.Clone(r)
	}
	return out
}

// byMedian sorts a rank by the middle one of each vertex's neighbours.
func byMedian(r []int, near [][]int, pos []int) {
	median := map[int]float64{}
	for _, v := range r {
		var at []int
		for _, w := range near[v] {
			at = append(at, pos[w])
		}
		slices.Sort(at)
		switch n := len(at); {
		case n == 0:
			median[v] = float64(pos[v])
		case n%2 == 1:
			median[v] = float64(at[n/2])
		default:
			median[v] = float64(at[n/2-1]+at[n/2]) / 2
		}
	}
	slices.SortStableFunc(r, func(a, b int) int { return cmp.Compare(median[a], median[b]) })
	for i, v := range r {
		pos[v] = i
	}
}

// exchange swaps neighbours while that saves a crossing.
func (lv *level) exchange(up, down [][]int, pos []int) {
	for range 8 {
		better := false
		for _, r := range lv.ranks {
			for i := 0; i+1 < len(r); i++ {
				a, b := r[i], r[i+1]
				now := inversions(up[a], up[b], pos) + inversions(down[a], down[b], pos)
				then := inversions(up[b], up[a], pos) + inversions(down[b], down[a], pos)
				if then < now {
					r[i], r[i+1] = b, a
					pos[a], pos[b] = i+1, i
					better = true
				}
			}
		}
		if !better {
			return
		}
	}
}

// inversions counts how often a neighbour of the left one is right of one of the right one's.
func inversions(left, right []int, pos []int) int {
	n := 0
	for _, a := range left {
		for _, b := range right {
			if pos[a] > pos[b] {
				n++
			}
		}
	}
	return n
}

func (lv *level) crossings(down [][]int, pos []int) int {
	n := 0
	for _, r := range lv.ranks {
		for i, a := range r {
			for _, b := range r[i+1:] {
				n += inversions(down[a], down[b], pos)
			}
		}
	}
	return n
}
