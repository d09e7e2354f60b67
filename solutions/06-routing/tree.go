package router

import (
	"bytes"

	"barewire/solutions/02-request-line"
	"barewire/solutions/04-keep-alive"
)

// This file is for the tree: one node for each slash, whatever the number of routes.

// A route is a pattern and what answers it.
//
//starter:omit
type route struct {
	text    string // the pattern as it was registered, with all prefixes
	pattern Pattern
	handler keepalive.Handler // with its own middleware and that of its groups
	site    string            // where it was registered
	label   []byte            // text, percent-encoded: see Matched
}

// A node is a place in the path: behind some segments, and the slash that follows
// them. A request walks from node to node, one for each of its segments, so what
// it costs depends on its own length, and not on how many routes there are.
//
//starter:omit
type node struct {
	literals map[string]*node // the next segment, decoded
	single   *node            // {name}

	here leaf // the path ended before the slash
	end  leaf // it ends behind the slash
	rest leaf // whatever follows
}

// A leaf is the routes of one path, one for each method.
//
//starter:omit
type leaf []*route

// find returns the route for a method: its own, then GET's for HEAD, then the one
// for any.
//
//starter:omit
func (l leaf) find(method string) *route {
	var other *route
	for _, rt := range l {
		switch rt.pattern.Method {
		case method:
			return rt
		case "":
			if other == nil {
				other = rt
			}
		case "GET":
			if method == "HEAD" {
				other = rt
			}
		}
	}
	return other
}

// insert puts a route below n, and returns the one that is there already for the
// same requests.
//
//starter:omit
func (n *node) insert(rt *route) (earlier *route) {
	at := &n.here
	for _, seg := range rt.pattern.Segments {
		switch seg.Kind {
		case Literal:
			next := n.literals[seg.Text]
			if next == nil {
				next = new(node)
				if n.literals == nil {
					n.literals = map[string]*node{}
				}
				n.literals[seg.Text] = next
			}
			n = next
			at = &n.here
		case Single:
			if n.single == nil {
				n.single = new(node)
			}
			n = n.single
			at = &n.here
		case Rest:
			at = &n.rest
		case End:
			at = &n.end
		}
	}
	for _, there := range *at {
		if there.pattern.Method == rt.pattern.Method {
			return there
		}
	}
	*at = append(*at, rt)
	return nil
}

// A search is one walk through the tree for one request.
//
//starter:omit
type search struct {
	method string

	// other is the first route on the way that would match if the path had a
	// slash more at its end, or one less.
	other *route
}

// find returns the route for what is left of a path behind a slash, or nil. What
// is more specific is tried first, and what was tried in vain is left again:
// "/a/b/d" must not hide "/a/{x}/c" from "/a/b/c". So a walk visits at most the
// nodes that agree with the path.
//
//starter:omit
func (s *search) find(n *node, left []byte) *route {
	if len(left) == 0 {
		if rt := n.end.find(s.method); rt != nil {
			return rt
		}
		if rt := n.rest.find(s.method); rt != nil {
			return rt
		}
		s.note(n.here.find(s.method))
		return nil
	}
	seg, after, more := cut(left)
	if next := n.literal(seg); next != nil {
		if rt := s.step(next, after, more); rt != nil {
			return rt
		}
	}
	if n.single != nil && len(seg) > 0 {
		if rt := s.step(n.single, after, more); rt != nil {
			return rt
		}
	}
	return n.rest.find(s.method)
}

// step goes on behind a segment that matched.
//
//starter:omit
func (s *search) step(n *node, after []byte, more bool) *route {
	if more {
		return s.find(n, after)
	}
	if rt := n.here.find(s.method); rt != nil {
		return rt
	}
	s.note(n.end.find(s.method))
	s.note(n.rest.find(s.method))
	return nil
}

//starter:omit
func (s *search) note(rt *route) {
	if s.other == nil {
		s.other = rt
	}
}

// literal returns the node behind a segment as it was sent. It is decoded here, by
// itself: a slash in it was "%2F", and is no separator any more.
//
//starter:omit
func (n *node) literal(seg []byte) *node {
	if n.literals == nil || bytes.IndexByte(seg, '%') < 0 {
		return n.literals[string(seg)] // the compiler makes no string for a look-up
	}
	var buf [128]byte
	decoded, err := reqline.AppendDecoded(buf[:0], seg)
	if err != nil {
		return nil
	}
	return n.literals[string(decoded)]
}

// each calls f for all leaves that match a path, whatever the method.
//
//starter:omit
func (n *node) each(left []byte, f func(leaf)) {
	f(n.rest)
	if len(left) == 0 {
		f(n.end)
		return
	}
	seg, after, more := cut(left)
	for _, next := range [2]*node{n.literal(seg), n.single} {
		switch {
		case next == nil || len(seg) == 0:
		case more:
			next.each(after, f)
		default:
			f(next.here)
		}
	}
}

// cut returns the first segment of a path, what stands behind the slash that ends
// it, and whether there is one.
//
//starter:omit
func cut(path []byte) (seg, after []byte, more bool) {
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return path, nil, false
}

// setValues gives the request what the names in the pattern stand for. The path
// matches, so it is walked along the pattern.
//
//starter:omit
func (rt *route) setValues(r *keepalive.Request, path []byte) {
	r.SetPathValue(matched, rt.label)
	left := path[1:]
	for _, seg := range rt.pattern.Segments {
		part, after, _ := cut(left)
		switch {
		case seg.Kind == Rest && seg.Text != "":
			r.SetPathValue(seg.Text, left)
		case seg.Kind == Single:
			r.SetPathValue(seg.Text, part)
		}
		left = after
	}
}
