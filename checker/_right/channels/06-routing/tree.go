package router

import (
	"bytes"

	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
)

// A route is a pattern with its handler, and all that its groups add to both.
type route struct {
	text      writtenPattern
	pattern   Pattern
	handler   keepalive.Handler
	site      string // where it was registered
	matchedAs []byte // the text, percent-encoded, for Matched
}

// A node is a place in the paths of patterns, behind a segment and before its slash.
type node struct {
	text   map[string]*node // behind a slash and this text
	single *node            // behind a slash and any other

	here choices // the path ends
	end  choices // it ends behind a slash
	rest choices // anything follows behind a slash
}

// choices are routes for one path, each for another method.
type choices []*route

func (c choices) of(method string) *route {
	for _, r := range c {
		if r.pattern.Method == method {
			return r
		}
	}
	return nil
}

// pick returns the route for the method of a request.
func (c choices) pick(method string) *route {
	r := c.of(method)
	if r == nil && method == "HEAD" {
		r = c.of("GET")
	}
	if r == nil {
		r = c.of("")
	}
	return r
}

// place returns the choices for a pattern, making the nodes that are missing.
func (n *node) place(segs []Segment) *choices {
	for _, s := range segs {
		switch s.Kind {
		case End:
			return &n.end
		case Rest:
			return &n.rest
		case Single:
			if n.single == nil {
				n.single = new(node)
			}
			n = n.single
		case Literal:
			next := n.text[s.Text]
			if next == nil {
				if n.text == nil {
					n.text = make(map[string]*node)
				}
				next = new(node)
				n.text[s.Text] = next
			}
			n = next
		}
	}
	return &n.here
}

// find returns the best route for what is left of a path, which is empty or begins
// with a slash. It goes back where a way does not lead to a route.
func (n *node) find(path []byte, method string) *route {
	if n == nil {
		return nil
	}
	if len(path) == 0 {
		return n.here.pick(method)
	}
	seg, after := cut(path)
	if len(seg) == 0 {
		if r := n.end.pick(method); r != nil {
			return r
		}
		return n.rest.pick(method)
	}
	if r := n.child(seg).find(after, method); r != nil {
		return r
	}
	if r := n.single.find(after, method); r != nil {
		return r
	}
	return n.rest.pick(method)
}

// each calls f for every route that matches a path, whatever its method.
func (n *node) each(path []byte, f func(*route)) {
	if n == nil {
		return
	}
	all := func(c choices) {
		for _, r := range c {
			f(r)
		}
	}
	if len(path) == 0 {
		all(n.here)
		return
	}
	seg, after := cut(path)
	if len(seg) == 0 {
		all(n.end)
	} else {
		n.child(seg).each(after, f)
		n.single.each(after, f)
	}
	all(n.rest)
}

// cut cuts the first segment off a path that begins with a slash.
func cut(path []byte) (seg, after []byte) {
	path = path[1:]
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, nil
}

// child returns the node behind the text of a segment, which is decoded here and
// only here.
func (n *node) child(seg []byte) *node {
	if len(n.text) == 0 {
		return nil
	}
	if bytes.IndexByte(seg, '%') < 0 {
		return n.text[string(seg)]
	}
	var buf [64]byte
	decoded, err := reqline.AppendDecoded(buf[:0], seg)
	if err != nil {
		return nil
	}
	return n.text[string(decoded)]
}

// values gives a request the path values of its route.
func (r *route) values(req *keepalive.Request) {
	path := req.Target.Path
	for _, s := range r.pattern.Segments {
		var seg []byte
		rest := path[1:]
		seg, path = cut(path)
		switch {
		case s.Kind == Single:
			req.SetPathValue(s.Text, seg)
		case s.Kind == Rest && s.Text != "":
			req.SetPathValue(s.Text, rest)
		}
	}
	req.SetPathValue(matchedName, r.matchedAs)
}
