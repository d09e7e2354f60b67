package router

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"

	"barewire/steps/04-keep-alive"
)

// A route is a pattern with its handler.
type route struct {
	Pattern
	written string // with the prefixes of its groups
	site    string // where it was registered
	handler keepalive.Handler
	rank    int // among all routes: the lower one is more specific
}

// answers says whether the route is for a method.
func (r *route) answers(method string) bool {
	return r.Method == "" || r.Method == method || r.Method == "GET" && method == "HEAD"
}

// A table finds routes as a search engine finds pages. For each place in a path it
// knows which routes accept which text there, so each segment of a path is a list of
// routes, one of these lists is short, and its routes are all that has to be looked
// at. Nothing is ever walked back.
type table []place

// A place is what the routes want at one place in the path.
type place struct {
	text map[string][]*route // this text
	any  []*route            // any text
	end  []*route            // an empty segment, and no other
	over []*route            // nothing: the path has ended
	rest []*route            // anything, here and behind
}

func (t *table) add(r *route) {
	for i, s := range r.Segments {
		p := t.at(i)
		switch s.Kind {
		case Literal:
			if p.text == nil {
				p.text = map[string][]*route{}
			}
			p.text[s.Text] = append(p.text[s.Text], r)
		case Single:
			p.any = append(p.any, r)
		case End:
			p.end = append(p.end, r)
		case Rest:
			p.rest = append(p.rest, r)
			return
		}
	}
	p := t.at(len(r.Segments))
	p.over = append(p.over, r)
}

func (t *table) at(i int) *place {
	for len(*t) <= i {
		*t = append(*t, place{})
	}
	return &(*t)[i]
}

// matching yields the routes for a path, for whatever method and in no order.
func (t table) matching(p path) iter.Seq[*route] {
	return func(yield func(*route) bool) {
		var best [3][]*route
		depth, rests, size := 0, 0, -1
		for i, sum := 0, 0; i <= len(p) && i <= len(t); i++ {
			var here place
			if i < len(t) {
				here = t[i]
			}
			var lists [3][]*route
			switch {
			case i == len(p):
				lists[0] = here.over
			case len(p[i].text) == 0:
				lists[0] = here.end
			default:
				lists[0], lists[1] = here.text[string(p[i].text)], here.any
			}
			if i < len(p) {
				sum += len(here.rest)
				depth = i + 1
			}
			if n := len(lists[0]) + len(lists[1]) + sum; size < 0 || n < size {
				best, rests, size = lists, depth, n
			}
		}
		for i := range min(rests, len(t)) {
			for _, r := range t[i].rest {
				if r.match(p) && !yield(r) {
					return
				}
			}
		}
		for _, list := range best {
			for _, r := range list {
				if r.match(p) && !yield(r) {
					return
				}
			}
		}
	}
}

// An atlas is a table for each host, and one for any, whose name is empty.
type atlas struct {
	tables  map[string]*table
	methods []string // of all routes, "" for any
}

func chart(routes []*route) *atlas {
	a := &atlas{tables: map[string]*table{}}
	ranked := slices.Clone(routes)
	slices.SortStableFunc(ranked, func(x, y *route) int {
		return cmp.Or(x.compare(&y.Pattern), urgency(x.Method)-urgency(y.Method))
	})
	for i, r := range ranked {
		r.rank = i
		if a.tables[r.Host] == nil {
			a.tables[r.Host] = new(table)
		}
		a.tables[r.Host].add(r)
		if !slices.Contains(a.methods, r.Method) {
			a.methods = append(a.methods, r.Method)
		}
	}
	return a
}

// urgency puts HEAD before GET, which answers it as well, and any method last.
func urgency(method string) int {
	switch method {
	case "HEAD":
		return 0
	case "":
		return 2
	}
	return 1
}

func (a *atlas) matching(host string, p path) iter.Seq[*route] {
	return func(yield func(*route) bool) {
		if p == nil {
			return
		}
		names := []string{host, ""}
		if host == "" {
			names = names[1:]
		}
		for _, name := range names {
			if t := a.tables[name]; t != nil {
				for r := range t.matching(p) {
					if !yield(r) {
						return
					}
				}
			}
		}
	}
}

// best returns the most specific route for a request, or nil.
func (a *atlas) best(host, method string, p path) (best *route) {
	for r := range a.matching(host, p) {
		if r.answers(method) && (best == nil || r.rank < best.rank) {
			best = r
		}
	}
	return best
}

// allow returns the methods that a path has, for the field of that name; all methods
// of the router if p is nil. It is empty if there is none.
func (a *atlas) allow(host string, p path) string {
	set := map[string]bool{}
	if p == nil {
		set["OPTIONS"] = true
		for _, m := range a.methods {
			set[m] = true
		}
	}
	for r := range a.matching(host, p) {
		set[r.Method] = true
	}
	if set[""] {
		delete(set, "")
		for _, m := range standard {
			set[m] = set[m] || m != "TRACE" && m != "CONNECT"
		}
	}
	if len(set) == 0 {
		return ""
	}
	set["OPTIONS"] = true
	set["HEAD"] = set["HEAD"] || set["GET"]
	var names []string
	for m, in := range set {
		if in {
			names = append(names, m)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// known says whether the server knows a method at all.
func (a *atlas) known(method string) bool {
	return slices.Contains(standard, method) || slices.Contains(a.methods, method) || slices.Contains(a.methods, "")
}

// hostName is a host as it stands in a table: no port, no dot, no case.
func hostName(authority []byte) string {
	host := bytes.ToLower(authority)
	if i := bytes.LastIndexByte(host, ':'); i > bytes.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return string(bytes.TrimSuffix(host, []byte(".")))
}
