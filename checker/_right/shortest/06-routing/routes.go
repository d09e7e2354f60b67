package router

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"barewire/steps/04-keep-alive"
)

// Routes are the routes of a [Router], or those of a group in it: a prefix of the
// path, middleware, and the routes that have both.
//
// Everything is registered before the first request. A mistake of the programmer
// panics where it is made, with a text that names the call, and the other one if
// there are two: as file:line.
type Routes struct {
	parent *Routes // nil for those of a Router
	prefix string  // with those of the parents
	ms     []keepalive.Middleware
	used   bool // there are routes here or in a group

	// Of a Router only:
	tree   node
	routes []*route
	closed string // why it takes no more routes
}

// A route is a pattern with its handler, in the middleware of its groups.
type route struct {
	Pattern
	text, where string
	h           keepalive.Handler
}

func (s *Routes) root() *Routes {
	for s.parent != nil {
		s = s.parent
	}
	return s
}

// caller is the file and line that called the method which calls it.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", file, line)
}

func fail(where, format string, args ...any) {
	panic("router: " + where + ": " + fmt.Sprintf(format, args...))
}

// check fails where nothing may be registered any more, or ms has a nil.
func (s *Routes) check(where string, ms []keepalive.Middleware) {
	if closed := s.root().closed; closed != "" {
		fail(where, "too late: the router %s", closed)
	}
	if slices.ContainsFunc(ms, func(m keepalive.Middleware) bool { return m == nil }) {
		fail(where, "a middleware is nil")
	}
}

// join puts the prefix of s before the path of a pattern.
func (s *Routes) join(where, pattern string) (string, Pattern) {
	host, prefix := cut(s.prefix)
	head, path := cut(pattern)
	if path == "" && head != "" {
		head += " "
	}
	i := strings.LastIndexByte(head, ' ') + 1
	if host != "" && head[i:] != "" {
		fail(where, "pattern %q: the group has the host %s", pattern, host)
	}
	full := head[:i] + host + head[i:] + prefix + path
	p, err := ParsePattern(full)
	if err != nil {
		fail(where, "%v", err)
	}
	return full, p
}

func wrap(h keepalive.Handler, ms []keepalive.Middleware) keepalive.Handler {
	for _, m := range slices.Backward(ms) {
		h = m(h)
	}
	return h
}

func (s *Routes) add(where, pattern string, h keepalive.Handler, ms []keepalive.Middleware) {
	s.check(where, ms)
	if f, ok := h.(keepalive.HandlerFunc); h == nil || ok && f == nil {
		fail(where, "pattern %q: the handler is nil", pattern)
	}
	full, p := s.join(where, pattern)
	root := s.root()
	n := root.tree.child(p.Host)
	for _, seg := range p.Segments {
		n = n.child(seg.key())
	}
	if other := n.routes[p.Method]; other != nil {
		fail(where, "pattern %q is for the same requests as %q (%s)", full, other.text, other.where)
	}
	h = wrap(h, ms)
	for g := s; g.parent != nil; g = g.parent {
		h = wrap(h, g.ms)
	}
	for g := s; g != nil; g = g.parent {
		g.used = true
	}
	n.routes[p.Method] = &route{p, full, where, h}
	root.routes = append(root.routes, n.routes[p.Method])
}

func (s *Routes) group(where, prefix string, ms []keepalive.Middleware) *Routes {
	s.check(where, ms)
	full, _ := s.join(where, prefix+"/")
	if head, _ := cut(prefix); strings.Contains(head, " ") {
		fail(where, "prefix %q has a method", prefix)
	}
	return &Routes{parent: s, prefix: strings.TrimSuffix(full, "/"), ms: slices.Clone(ms)}
}

// Handle registers h for the requests that match a pattern: see [ParsePattern]
// for what it is made of, and [Router] for which one wins. The prefix of the group
// comes before its path. In a group the path may be missing, and what stands
// there without a slash is a method and not a host: "GET" is for the prefix as it is,
// "" for the prefix and any method, and "GET /" for what is below it.
//
// The middleware ms is for this route only, the first of them outermost, inside
// that of the group.
//
// It panics for a pattern that ParsePattern refuses or that has a host within a
// group that has one; for a pattern that is for exactly the requests of another
// one, so that neither could win: "GET /{a}" and "GET /{b}"; for a nil handler or
// middleware; after the router was mounted, and after its first request.
func (s *Routes) Handle(pattern string, h keepalive.Handler, ms ...keepalive.Middleware) {
	s.add(caller(), pattern, h, ms)
}

// HandleFunc is Handle for a function.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	s.add(caller(), pattern, keepalive.HandlerFunc(f), ms)
}

// Use adds middleware, the first outermost, inside what is there already. For a
// group it is around the handlers of all its routes. For a router it is around the
// router itself: it sees every request before a route is chosen, and the answers
// that the router gives without one, such as a 404.
//
// It panics after the first route was registered here or in a group of this one:
// whoever reads that route would not look for its middleware further down.
func (s *Routes) Use(ms ...keepalive.Middleware) {
	where := caller()
	s.check(where, ms)
	if s.used {
		fail(where, "Use after a route was registered")
	}
	s.ms = append(s.ms, ms...)
}

// Group returns a group of routes: each of their patterns gets prefix before its
// path, and each handler the middleware ms, inside that of the groups around it.
//
// A prefix is a path without a slash at its end, a host, or both: "/v1",
// "api.example.org", "api.example.org/v1". It may have names, as in "/users/{id}",
// but no {name...} and no {$}, and it may be empty. Group panics for any other.
func (s *Routes) Group(prefix string, ms ...keepalive.Middleware) *Routes {
	return s.group(caller(), prefix, ms)
}

// Mount registers all routes of another router, each with prefix before its path,
// as those of a group are. That router's own middleware, given to its Use, is
// around each of them, inside ms. From then on other takes no more routes and no
// more middleware: they would not be found here. It can still be mounted elsewhere,
// and serve by itself.
//
// It panics where Group and Handle do, for a router that is nil or mounted on itself,
// and for one with a NotFound or MethodNotAllowed of its own, which nothing would call.
func (s *Routes) Mount(prefix string, other *Router, ms ...keepalive.Middleware) {
	where := caller()
	if other == nil || s.root() == &other.Routes || other.NotFound != nil || other.MethodNotAllowed != nil {
		fail(where, "a router that is nil, or this one, or has a NotFound or MethodNotAllowed, cannot be mounted")
	}
	g := s.group(where, prefix, slices.Concat(ms, other.ms))
	for _, r := range other.routes {
		g.add(where, r.text, r.h, nil)
	}
	other.closed = "was mounted at " + where
}
