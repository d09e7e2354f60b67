package router

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"barewire/steps/04-keep-alive"
)

// Routes are the routes of a [Router], or those of a group in it: a prefix of the
// path, middleware, and the routes that have both.
//
// Everything is registered before the first request. A mistake of the programmer
// panics where it is made, with a text that names the call, and the other one if
// there are two: as file:line.
type Routes struct {
	up     *Routes // the group around this one; nil for a router
	prefix prefix
	ms     []keepalive.Middleware
	begun  bool // there is a route, here or in a group of this one

	// Of a router only:
	all    []*route
	shapes map[string]*route
	closed atomic.Pointer[closing]
}

// A closing is why a router takes no more routes.
type closing struct{ reason string }

// A prefix is what the patterns of a group begin with.
type prefix struct{ host, path string }

// A call is one call of the methods below, which panics with where it was made.
type call struct{ site string }

// enter begins a call, of which the caller's caller is told.
func (s *Routes) enter() call {
	_, file, line, _ := runtime.Caller(2)
	c := call{file + ":" + strconv.Itoa(line)}
	if why := s.root().closed.Load(); why != nil {
		c.panic("too late: %s", why.reason)
	}
	return c
}

func (c call) panic(format string, args ...any) {
	panic("router: " + c.site + ": " + fmt.Sprintf(format, args...))
}

func (c call) check(ms []keepalive.Middleware) {
	if slices.ContainsFunc(ms, func(m keepalive.Middleware) bool { return m == nil }) {
		c.panic("a middleware that is nil")
	}
}

func (s *Routes) root() *Routes {
	if s.up == nil {
		return s
	}
	return s.up.root()
}

// wrap puts ms around h, the first outermost.
func wrap(h keepalive.Handler, ms []keepalive.Middleware) keepalive.Handler {
	for _, m := range slices.Backward(ms) {
		h = m(h)
	}
	return h
}

// inside puts the middleware of all groups around h.
func (s *Routes) inside(h keepalive.Handler) keepalive.Handler {
	if s.up == nil {
		return h
	}
	return s.up.inside(wrap(h, s.ms))
}

// complete returns a pattern with the prefix of s.
func (s *Routes) complete(c call, pattern string) string {
	method, target := cutMethod(pattern)
	switch {
	case len(target) < len(pattern):
		method += " "
	case s.up != nil && pattern != "" && !strings.Contains(pattern, "/"):
		method, target = pattern+" ", ""
	default:
		method = ""
	}
	host, path := split(target)
	if host != "" && s.prefix.host != "" {
		c.panic("the pattern %q has a host, and so has its group: %q", pattern, s.prefix.host)
	}
	return method + host + s.prefix.host + s.prefix.path + path
}

// split cuts before the first slash.
func split(target string) (host, path string) {
	host, path, found := strings.Cut(target, "/")
	if found {
		path = "/" + path
	}
	return host, path
}

// register adds a route.
func (s *Routes) register(c call, pattern string, h keepalive.Handler) {
	written := s.complete(c, pattern)
	p, err := ParsePattern(written)
	if err != nil {
		c.panic("pattern %q: %v", written, err)
	}
	root, shape := s.root(), p.shape()
	if other := root.shapes[shape]; other != nil {
		c.panic("pattern %q is for the same requests as %q (%s)", written, other.written, other.site)
	}
	if h = s.inside(h); h == nil {
		c.panic("a middleware of %q returned nil", written)
	}
	if root.shapes == nil {
		root.shapes = map[string]*route{}
	}
	r := &route{Pattern: p, written: written, site: c.site, handler: h}
	root.shapes[shape] = r
	root.all = append(root.all, r)
	for ; s != nil; s = s.up {
		s.begun = true
	}
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
	s.handle(s.enter(), pattern, h, ms)
}

func (s *Routes) handle(c call, pattern string, h keepalive.Handler, ms []keepalive.Middleware) {
	if h == nil {
		c.panic("no handler for %q", pattern)
	}
	c.check(ms)
	s.register(c, pattern, wrap(h, ms))
}

// HandleFunc is Handle for a function.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	var h keepalive.Handler
	if f != nil {
		h = keepalive.HandlerFunc(f)
	}
	s.handle(s.enter(), pattern, h, ms)
}

// Use adds middleware, the first outermost, inside what is there already. For a
// group it is around the handlers of all its routes. For a router it is around the
// router itself: it sees every request before a route is chosen, and the answers
// that the router gives without one, such as a 404.
//
// It panics after the first route was registered here or in a group of this one:
// whoever reads that route would not look for its middleware further down.
func (s *Routes) Use(ms ...keepalive.Middleware) {
	c := s.enter()
	c.check(ms)
	if s.begun {
		c.panic("middleware behind a route")
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
	return s.group(s.enter(), prefix, ms)
}

func (s *Routes) group(c call, pre string, ms []keepalive.Middleware) *Routes {
	c.check(ms)
	host, path := split(pre)
	if host != "" && s.prefix.host != "" {
		c.panic("the prefix %q has a host, and so has its group: %q", pre, s.prefix.host)
	}
	g := &Routes{up: s, prefix: prefix{s.prefix.host + host, s.prefix.path + path}, ms: slices.Clone(ms)}
	if _, err := ParsePattern("* " + g.prefix.host + g.prefix.path + "/"); err != nil {
		c.panic("the prefix %q: %v", pre, err)
	}
	return g
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
	c := s.enter()
	switch {
	case other == nil:
		c.panic("a router that is nil")
	case s.root() == &other.Routes:
		c.panic("a router in itself")
	case other.NotFound != nil || other.MethodNotAllowed != nil:
		c.panic("a router with a NotFound or MethodNotAllowed, which nothing would call")
	}
	g := s.group(c, prefix, ms)
	other.closed.CompareAndSwap(nil, &closing{"the router was mounted at " + c.site})
	for _, r := range other.all {
		g.register(c, r.written, wrap(r.handler, other.ms))
	}
}
