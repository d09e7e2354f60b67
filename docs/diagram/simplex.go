package diagram

import "slices"

// A constraint says that v lies at least min behind u, and what each further unit between them costs.
type constraint struct {
	u, v, min, cost int
}

// rank gives each of n things an integer place such that all constraints hold and their cost is as
// small as can be: the network simplex of Gansner, Koutsofios, North and Vo. It serves twice, for the
// ranks of the nodes and for their places within a rank. The constraints must not form a cycle.
// With spread, what may move freely is put in the middle of its freedom.
func rank(n int, all []constraint, spread bool) []int {
	s := &simplex{n: n + 1, edges: slices.Clone(all)}
	// One thing before all others makes the graph connected. It costs nothing.
	for v := range n {
		s.edges = append(s.edges, constraint{u: n, v: v})
	}
	s.start()
	s.tighten()
	for range 6*n + 100 {
		out := s.leaving()
		if out < 0 {
			break
		}
		s.exchange(out)
	}
	if spread {
		s.spread()
	}
	first := slices.Min(s.at[:n])
	for i := range s.at {
		s.at[i] -= first
	}
	return s.at[:n]
}

type simplex struct {
	n     int
	edges []constraint
	at    []int
	tree  []bool // by edge
	in    []bool // by node: in the tree, or in the part that was marked last
}

func (s *simplex) slack(e int) int {
	c := s.edges[e]
	return s.at[c.v] - s.at[c.u] - c.min
}

// start puts each thing as early as it may be.
func (s *simplex) start() {
	s.at = make([]int, s.n)
	for range s.n {
		moved := false
		for _, c := range s.edges {
			if low := s.at[c.u] + c.min; s.at[c.v] < low {
				s.at[c.v], moved = low, true
			}
		}
		if !moved {
			return
		}
	}
}

// tighten finds a spanning tree of constraints without slack, and moves what has to be moved for it.
func (s *simplex) tighten() {
	s.tree = make([]bool, len(s.edges))
	s.in = make([]bool, s.n)
	s.in[0] = true
	for count := 1; count < s.n; {
		best := -1
		for e, c := range s.edges {
			if s.in[c.u] == s.in[c.v] {
				continue
			}
			if s.slack(e) == 0 {
				s.tree[e], s.in[c.u], s.in[c.v] = true, true, true
				count++
				best = -1
				break
			}
			if best < 0 || s.slack(e) < s.slack(best) {
				best = e
			}
		}
		if best < 0 {
			continue
		}
		by := s.slack(best)
		if s.in[s.edges[best].v] {
			by = -by
		}
		for v := range s.n {
			if s.in[v] {
				s.at[v] += by
			}
		}
	}
}

// cuts has for each edge of the tree what it would cost to make it longer by one.
func (s *simplex) cuts() []int {
	near := make([][]int, s.n)
	net := make([]int, s.n) // cost of the edges out of a node, less those into it
	for e, c := range s.edges {
		net[c.u] += c.cost
		net[c.v] -= c.cost
		if s.tree[e] {
			near[c.u] = append(near[c.u], e)
			near[c.v] = append(near[c.v], e)
		}
	}
	cut := make([]int, len(s.edges))
	var walk func(v, from int) int
	walk = func(v, from int) int {
		sum := net[v]
		for _, e := range near[v] {
			if e == from {
				continue
			}
			c := s.edges[e]
			if c.u == v {
				below := walk(c.v, e)
				cut[e] = -below
				sum += below
			} else {
				below := walk(c.u, e)
				cut[e] = below
				sum += below
			}
		}
		return sum
	}
	walk(0, -1)
	return cut
}

func (s *simplex) leaving() int {
	best, worth := -1, 0
	for e, cut := range s.cuts() {
		if s.tree[e] && cut < worth {
			best, worth = e, cut
		}
	}
	return best
}

// mark sets in for the nodes on the tail's side of a tree edge.
func (s *simplex) mark(e int) {
	near := make([][]int, s.n)
	for i, c := range s.edges {
		if s.tree[i] && i != e {
			near[c.u] = append(near[c.u], c.v)
			near[c.v] = append(near[c.v], c.u)
		}
	}
	clear(s.in)
	todo := []int{s.edges[e].u}
	s.in[todo[0]] = true
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, w := range near[v] {
			if !s.in[w] {
				s.in[w] = true
				todo = append(todo, w)
			}
		}
	}
}

// entering is the edge with the least slack from the head's side of the marked edge to the tail's.
func (s *simplex) entering() int {
	best := -1
	for e, c := range s.edges {
		if !s.in[c.u] && s.in[c.v] && (best < 0 || s.slack(e) < s.slack(best)) {
			best = e
		}
	}
	return best
}

func (s *simplex) exchange(out int) {
	s.mark(out)
	e := s.entering()
	if e < 0 {
		return // cannot be: an edge with a negative cut has one
	}
	s.shift(s.slack(e))
	s.tree[out], s.tree[e] = false, true
}

// shift moves the head's side away from the marked tail's side.
func (s *simplex) shift(by int) {
	for v := range s.n {
		if !s.in[v] {
			s.at[v] += by
		}
	}
}

// spread moves each part that may move at no cost to the middle of its freedom.
func (s *simplex) spread() {
	for e, cut := range s.cuts() {
		if !s.tree[e] || cut != 0 {
			continue
		}
		s.mark(e)
		if f := s.entering(); f >= 0 && s.slack(f) > 1 {
			s.shift(s.slack(f) / 2)
		}
	}
}
