package router

import (
	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
)

// This file is for the tree: one node for each slash, whatever the number of routes.

// A route is a pattern and what answers it.
//
//starter:omit
type route struct {
	handler keepalive.Handler // with its own middleware and that of its groups
	label   []byte            // text, percent-encoded: see Matched
	named   []Segment         // the pattern's, up to the last one with a name
	next    uint32            // the route for the same path with another method
	pattern Pattern
	text    string // the pattern as it was registered, with all prefixes
	site    string // where it was registered
}

// A tree has a node for each place in a path. A request walks from node to node, one
// for each of its segments, so what it costs depends on its own length, and not on
// how many routes there are.
//
// With a hundred thousand of them, most of the time goes into waiting for memory that
// is in no cache. So a node is no object with a map of its own: what belongs to a route
// stands side by side in a few slices, and is known by its index there. 0 is none.
//
//starter:omit
type tree struct {
	nodes  []node
	routes []route
	ways
}

// A node is a place in the path: behind some segments, and the slash that follows
// them.
//
//starter:omit
type node struct {
	first  way    // a text that leads on; the other ones are in slots
	single uint32 // the node behind {name}

	// The first route of a list that has one for each method.
	here uint32 // the path ended before the slash
	stop uint32 // it ends behind the slash
	rest uint32 // whatever follows
}

// insert puts a route below a node, and returns the one that is there already for the
// same requests.
//
//starter:omit
func (t *tree) insert(n uint32, rt route) (earlier *route) {
	at := &t.nodes[n].here
	for _, seg := range rt.pattern.Segments {
		switch seg.Kind {
		case Literal:
			n = t.lead(n, []byte(seg.Text))
			at = &t.nodes[n].here
		case Single:
			if t.nodes[n].single == 0 {
				single := t.node()
				t.nodes[n].single = single
			}
			n = t.nodes[n].single
			at = &t.nodes[n].here
		case Rest:
			at = &t.nodes[n].rest
		case End:
			at = &t.nodes[n].stop
		}
	}
	for i := *at; i != 0; i = t.routes[i].next {
		if there := &t.routes[i]; there.pattern.Method == rt.pattern.Method {
			return there
		}
	}
	rt.next, *at = *at, uint32(len(t.routes))
	t.routes = append(t.routes, rt)
	return nil
}

// node makes a node.
//
//starter:omit
func (t *tree) node() uint32 {
	t.nodes = append(t.nodes, node{})
	return uint32(len(t.nodes) - 1)
}

// A search is one walk through the tree for one request.
//
//starter:omit
type search struct {
	*tree
	method  string
	path    []byte
	encoded bool // whether path has a percent sign

	// other is the first route on the way that would match if the path had a
	// slash more at its end, or one less.
	other *route
}

// find returns the route for what is left of the path, by its slashes, or nil. What
// is more specific is tried first, and what was tried in vain is left again:
// "/a/b/d" must not hide "/a/{x}/c" from "/a/b/c". So a walk visits at most the
// nodes that agree with the path.
//
//starter:omit
func (s *search) find(at uint32, left []int) *route {
	n := &s.nodes[at]
	seg := segment(s.path, left)
	if len(seg) == 0 {
		if rt := s.route(n.stop); rt != nil {
			return rt
		}
		if rt := s.route(n.rest); rt != nil {
			return rt
		}
		s.note(n.here)
		return nil
	}
	if next := s.literal(at, seg); next != 0 {
		if rt := s.step(next, left[1:]); rt != nil {
			return rt
		}
	}
	if n.single != 0 {
		if rt := s.step(n.single, left[1:]); rt != nil {
			return rt
		}
	}
	return s.route(n.rest)
}

// step goes on behind a segment that matched.
//
//starter:omit
func (s *search) step(at uint32, left []int) *route {
	if len(left) > 1 {
		return s.find(at, left)
	}
	n := &s.nodes[at]
	if rt := s.route(n.here); rt != nil {
		return rt
	}
	s.note(n.stop)
	s.note(n.rest)
	return nil
}

// route returns the route for the method, of a list: its own, then GET's for HEAD,
// then the one for any.
//
//starter:omit
func (s *search) route(i uint32) (other *route) {
	for i != 0 {
		rt := &s.routes[i]
		switch rt.pattern.Method {
		case s.method:
			return rt
		case "":
			if other == nil {
				other = rt
			}
		case "GET":
			if s.method == "HEAD" {
				other = rt
			}
		}
		i = rt.next
	}
	return other
}

//starter:omit
func (s *search) note(i uint32) {
	if s.other == nil {
		s.other = s.route(i)
	}
}

// literal returns the node behind a segment as it was sent. It is decoded here, by
// itself: a slash in it was "%2F", and is no separator any more.
//
//starter:omit
func (s *search) literal(from uint32, seg []byte) uint32 {
	if !s.encoded {
		return s.child(from, seg)
	}
	var buf [128]byte
	decoded, err := reqline.AppendDecoded(buf[:0], seg)
	if err != nil {
		return 0
	}
	return s.child(from, decoded)
}

// each calls f for all routes that match what is left of the path, whatever the method.
//
//starter:omit
func (s *search) each(at uint32, left []int, f func(*route)) {
	list := func(i uint32) {
		for ; i != 0; i = s.routes[i].next {
			f(&s.routes[i])
		}
	}
	n := &s.nodes[at]
	list(n.rest)
	seg := segment(s.path, left)
	if len(seg) == 0 {
		list(n.stop)
		return
	}
	for _, next := range [2]uint32{s.literal(at, seg), n.single} {
		switch {
		case next == 0:
		case len(left) > 2:
			s.each(next, left[1:], f)
		default:
			list(s.nodes[next].here)
		}
	}
}

// segment returns what follows the first of the slashes of a path. Of a clean path, only
// the last segment is empty.
//
//starter:omit
func segment(path []byte, slashes []int) []byte { return path[slashes[0]+1 : slashes[1]] }

// setValues gives the request what the names in the pattern stand for.
//
//starter:omit
func (rt *route) setValues(r *keepalive.Request, path []byte, slashes []int) {
	r.SetPathValue(matched, rt.label)
	for i := range rt.named {
		switch seg := &rt.named[i]; seg.Kind {
		case Rest:
			r.SetPathValue(seg.Text, path[slashes[i]+1:])
		case Single:
			r.SetPathValue(seg.Text, segment(path, slashes[i:]))
		}
	}
}
