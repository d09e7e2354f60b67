package router

import "barewire/steps/04-keep-alive"

// A route is a pattern with its handler.
type route struct {
	method, host, path string // as they were written, with the prefixes of groups
	written            string
	pattern            Pattern
	handler            keepalive.Handler // with the middleware of its groups
	where              string            // the call that has registered it
}

// A leaf has the routes of one path, by method.
type leaf map[string]*route

// A node stands for the beginning of a path.
type node struct {
	literals map[string]*node
	single   *node
	here     leaf // nothing follows
	end      leaf // a slash follows, and nothing behind it
	rest     leaf // a slash follows, and anything
}

func newNode() *node {
	return &node{literals: map[string]*node{}, here: leaf{}, end: leaf{}, rest: leaf{}}
}

// leafFor returns the leaf of a pattern, which it makes if needed.
func (n *node) leafFor(segments []Segment) leaf {
	for _, s := range segments {
		switch s.Kind {
		case Literal:
			if n.literals[s.Text] == nil {
				n.literals[s.Text] = newNode()
			}
			n = n.literals[s.Text]
		case Single:
			if n.single == nil {
				n.single = newNode()
			}
			n = n.single
		case End:
			return n.end
		case Rest:
			return n.rest
		}
	}
	return n.here
}

// find calls try with each leaf that matches the segments of a path, the most specific
// one first, until it returns a route.
func (n *node) find(segments []string, try func(leaf) *route) *route {
	if n == nil {
		return nil
	}
	if len(segments) == 0 {
		return try(n.here)
	}
	first, others := segments[0], segments[1:]
	var found *route
	if first == "" && len(others) == 0 {
		found = try(n.end)
	} else {
		found = n.literals[first].find(others, try)
		if found == nil && first != "" {
			found = n.single.find(others, try)
		}
	}
	if found == nil {
		found = try(n.rest)
	}
	return found
}

// forMethod returns the route of l for a method.
func (l leaf) forMethod(method string) *route {
	if l[method] != nil {
		return l[method]
	}
	if method == "HEAD" && l["GET"] != nil {
		return l["GET"]
	}
	return l[""]
}

// moreSpecific says whether a route goes before one that ends in a rest, for paths that
// both match but for a slash at the end.
func (a *route) moreSpecific(b *route) bool {
	if (a.pattern.Host != "") != (b.pattern.Host != "") {
		return a.pattern.Host != ""
	}
	for i, segment := range b.pattern.Segments {
		if i >= len(a.pattern.Segments) {
			return false
		}
		if a.pattern.Segments[i].Kind != segment.Kind {
			return a.pattern.Segments[i].Kind < segment.Kind
		}
	}
	return false
}

func (a *route) endsInRest() bool {
	return a.pattern.Segments[len(a.pattern.Segments)-1].Kind == Rest
}
