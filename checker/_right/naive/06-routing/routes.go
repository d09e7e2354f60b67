package router

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"barewire/steps/04-keep-alive"
)

// Routes are the routes of a [Router], or those of a group in it: a prefix of the
// path, middleware, and the routes that have both.
//
// Everything is registered before the first request. A mistake of the programmer
// panics where it is made, with a text that names the call, and the other one if
// there are two: as file:line.
type Routes struct {
	parent     *Routes // nil for those of a router
	host, path string  // what the group's prefix adds
	middleware []keepalive.Middleware
	used       string // the call that has registered the first route

	// Of a router only.
	table  table
	list   []*route
	mu     sync.Mutex
	closed string // why there can be no more routes
}

// root returns the Routes of the router.
func (s *Routes) root() *Routes {
	for s.parent != nil {
		s = s.parent
	}
	return s
}

// close says that no more routes are taken, if nobody has yet.
func (s *Routes) close(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed == "" {
		s.closed = why
	}
}

func (s *Routes) checkOpen(where string) {
	root := s.root()
	root.mu.Lock()
	defer root.mu.Unlock()
	if root.closed != "" {
		fail(where, "too late: %s", root.closed)
	}
}

func fail(where, format string, args ...any) {
	panic("router: " + where + ": " + fmt.Sprintf(format, args...))
}

// caller returns where the exported function that calls it was called.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", file, line)
}

func checkMiddleware(where string, ms []keepalive.Middleware) {
	for _, m := range ms {
		if m == nil {
			fail(where, "a middleware is nil")
		}
	}
}

// prefix returns the prefixes of all groups around s, and that of s.
func (s *Routes) prefix() (host, path string) {
	for ; s != nil; s = s.parent {
		host += s.host // one of them at most has a host
		path = s.path + path
	}
	return host, path
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
	s.handle(caller(), pattern, h, ms)
}

func (s *Routes) handle(where, pattern string, h keepalive.Handler, ms []keepalive.Middleware) {
	s.checkOpen(where)
	checkMiddleware(where, ms)
	if h == nil {
		fail(where, "pattern %q has a nil handler", pattern)
	}
	method, host, path := cutPattern(pattern)
	if s.parent != nil && !strings.Contains(pattern, "/") && !strings.Contains(pattern, " ") {
		method, host = pattern, ""
	}
	s.register(&route{method: method, host: host, path: path, handler: wrap(h, ms), where: where})
}

// register adds a route, of which the method, host, path and handler are those within s.
func (s *Routes) register(r *route) {
	prefixHost, prefixPath := s.prefix()
	if prefixHost != "" && r.host != "" {
		fail(r.where, "a pattern with the host %q in a group with the host %q", r.host, prefixHost)
	}
	r.host = prefixHost + r.host
	r.path = prefixPath + r.path
	r.written = r.host + r.path
	if r.method != "" {
		r.written = r.method + " " + r.written
	}
	var err error
	r.pattern, err = ParsePattern(r.written)
	if err != nil {
		fail(r.where, "%v", err)
	}
	root := s.root()
	if other := root.table.add(r); other != nil {
		fail(r.where, "pattern %q is for the same requests as %q (%s)", r.written, other.written, other.where)
	}
	for ; s != nil; s = s.parent {
		if s.parent != nil {
			r.handler = wrap(r.handler, s.middleware)
		}
		if s.used == "" {
			s.used = r.where
		}
	}
	root.list = append(root.list, r)
}

// HandleFunc is Handle for a function.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	where := caller()
	if f == nil {
		fail(where, "pattern %q has a nil handler", pattern)
	}
	s.handle(where, pattern, keepalive.HandlerFunc(f), ms)
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
	s.checkOpen(where)
	checkMiddleware(where, ms)
	if s.used != "" {
		fail(where, "Use behind a route, which was registered at %s", s.used)
	}
	s.middleware = append(s.middleware, ms...)
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

func (s *Routes) group(where, prefix string, ms []keepalive.Middleware) *Routes {
	s.checkOpen(where)
	checkMiddleware(where, ms)
	method, host, path := cutPattern(prefix)
	g := &Routes{parent: s, host: host, path: path, middleware: slices.Clone(ms)}

	outerHost, outerPath := s.prefix()
	if outerHost != "" && host != "" {
		fail(where, "prefix %q has a host, in a group with the host %q", prefix, outerHost)
	}
	if method != "" || strings.Contains(prefix, " ") {
		fail(where, "prefix %q has a method", prefix)
	}
	if path == "" {
		if _, err := ParsePattern(outerHost + host + "/"); err != nil {
			fail(where, "prefix %q: %v", prefix, err)
		}
		return g
	}
	pattern, err := ParsePattern(outerHost + host + outerPath + path)
	if err != nil {
		fail(where, "prefix %q: %v", prefix, err)
	}
	if last := pattern.Segments[len(pattern.Segments)-1].Kind; last == Rest || last == End {
		fail(where, "prefix %q ends in a slash, {name...} or {$}", prefix)
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
	where := caller()
	s.checkOpen(where)
	if other == nil {
		fail(where, "a nil router is mounted")
	}
	if s.root() == &other.Routes {
		fail(where, "a router is mounted on itself")
	}
	if other.NotFound != nil || other.MethodNotAllowed != nil {
		fail(where, "a router is mounted that has a NotFound or MethodNotAllowed, which nothing would call")
	}
	g := s.group(where, prefix, ms)
	other.close("the router was mounted at " + where)
	for _, r := range other.list {
		g.register(&route{method: r.method, host: r.host, path: r.path, handler: wrap(r.handler, other.middleware), where: where})
	}
}
