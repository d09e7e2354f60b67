package router

// A node is where the walk along a pattern ends. Below the root there is one for each
// host, and below these one for each segment.
type node struct {
	next   map[string]*node
	routes map[string]*route // by method
}

// child returns the node that key leads to, which it makes if there is none.
func (n *node) child(key string) *node {
	if n.next == nil {
		n.next = map[string]*node{}
	}
	if n.next[key] == nil {
		n.next[key] = &node{routes: map[string]*route{}}
	}
	return n.next[key]
}

func (s Segment) key() string {
	return [...]string{Literal: "=" + s.Text, Single: "{}", Rest: "...", End: "$"}[s.Kind]
}

// walk visits the nodes of the patterns that path matches, the most specific first, for
// as long as visit says true.
func (n *node) walk(path []string, visit func(*node) bool) bool {
	switch {
	case n == nil:
		return true
	case len(path) == 0:
		return visit(n)
	case path[0] == "":
		return n.next["$"].walk(nil, visit) && n.next["..."].walk(nil, visit)
	}
	return n.next["="+path[0]].walk(path[1:], visit) && n.next["{}"].walk(path[1:], visit) && n.next["..."].walk(nil, visit)
}

// rank is the larger string for the more specific of two patterns.
func (p *Pattern) rank() (rank string) {
	if p.Host != "" {
		rank = "h"
	}
	for _, s := range p.Segments {
		rank += string("-dcab"[s.Kind])
	}
	return rank
}
