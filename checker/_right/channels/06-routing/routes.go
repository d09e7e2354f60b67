package router

import (
	"cmp"
	"fmt"
	"path"
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
	parent     *Routes // nil for those of a Router
	prefix     writtenPattern
	host       string    // of the prefix, and of those around it
	segments   []Segment // likewise
	middleware []keepalive.Middleware
	first      string // where the first route was registered, here or in a group

	// What only those of a Router have.
	table   table
	all     []*route
	mounted string                // where this was mounted
	served  atomic.Pointer[chain] // from the first request on
}

// A writtenPattern is a pattern, or a prefix, as it was written.
type writtenPattern struct {
	method, host, path string // method with its space
}

func written(s string) (p writtenPattern) {
	before, _, slash := strings.Cut(s, "/")
	if i := strings.IndexByte(before, ' '); i >= 0 {
		p.method = before[:i+1]
	}
	p.host = before[len(p.method):]
	if slash {
		p.path = s[len(before):]
	}
	return p
}

// below puts a prefix before a pattern.
func (p writtenPattern) below(prefix writtenPattern) writtenPattern {
	return writtenPattern{p.method, cmp.Or(prefix.host, p.host), prefix.path + p.path}
}

func (p writtenPattern) String() string { return p.method + p.host + p.path }

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
	s.handle(pattern, h, ms)
}

// HandleFunc is Handle for a function.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	if f == nil {
		s.handle(pattern, nil, ms)
		return
	}
	s.handle(pattern, keepalive.HandlerFunc(f), ms)
}

// Use adds middleware, the first outermost, inside what is there already. For a
// group it is around the handlers of all its routes. For a router it is around the
// router itself: it sees every request before a route is chosen, and the answers
// that the router gives without one, such as a 404.
//
// It panics after the first route was registered here or in a group of this one:
// whoever reads that route would not look for its middleware further down.
func (s *Routes) Use(ms ...keepalive.Middleware) {
	s.mustBeOpen()
	mustBeThere(ms)
	if s.first != "" {
		fail("Use comes behind the first route, which would not have it (%s)", s.first)
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
	mustBeThere(ms)
	g := &Routes{parent: s, prefix: written(prefix), host: s.host, segments: s.segments, middleware: slices.Clone(ms)}
	if prefix == "" {
		return g
	}
	whole := prefix
	if g.prefix.path == "" {
		whole += "/"
	}
	p, err := ParsePattern(whole)
	if err != nil {
		fail("prefix: %v", err)
	}
	if g.prefix.path == "" {
		p.Segments = nil
	}
	if n := len(p.Segments); n > 0 && (p.Segments[n-1].Kind == Rest || p.Segments[n-1].Kind == End) {
		fail("the prefix %q ends with what nothing can follow", prefix)
	}
	if g.prefix.method != "" {
		fail("the prefix %q has a method", prefix)
	}
	g.join(&p, prefix)
	g.host, g.segments = p.Host, p.Segments
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
	s.mustBeOpen()
	switch {
	case other == nil:
		fail("Mount of no router")
	case &other.Routes == s.root():
		fail("a router is mounted on itself")
	case other.NotFound != nil || other.MethodNotAllowed != nil:
		fail("a router with NotFound or MethodNotAllowed is mounted at %q: nothing would call them", prefix)
	}
	g := s.Group(prefix, ms...)
	for _, r := range other.all {
		p := r.pattern
		p.Segments = slices.Clone(p.Segments)
		g.add(r.text, p, wrap(r.handler, other.middleware))
	}
	other.mounted = site()
}

func (s *Routes) root() *Routes {
	for s.parent != nil {
		s = s.parent
	}
	return s
}

func (s *Routes) handle(pattern string, h keepalive.Handler, ms []keepalive.Middleware) {
	s.mustBeOpen()
	mustBeThere(ms)
	if h == nil {
		fail("pattern %q has no handler", pattern)
	}
	text := written(pattern)
	var p Pattern
	var err error
	if s.parent != nil && !strings.Contains(pattern, "/") {
		// The prefix itself, for one method or for any.
		text = writtenPattern{}
		if pattern != "" {
			text.method = pattern + " "
		}
		p, err = ParsePattern(text.method + "/")
		p.Segments = nil
	} else {
		p, err = ParsePattern(pattern)
	}
	if err != nil {
		fail("%v", err)
	}
	s.add(text, p, wrap(h, ms))
}

// join puts the prefix of a group before a pattern.
func (s *Routes) join(p *Pattern, what string) {
	if s.host != "" && p.Host != "" {
		fail("%q has a host in a group that has one, %s", what, s.host)
	}
	p.Host = cmp.Or(s.host, p.Host)
	p.Segments = slices.Concat(s.segments, p.Segments)
	if name := twice(p.Segments); name != "" {
		fail("the name %q is in %q and in the prefix of its group", name, what)
	}
}

// add registers a route, whose handler has the middleware of this group and of
// those around it put around it, but not that of the router.
func (s *Routes) add(text writtenPattern, p Pattern, h keepalive.Handler) {
	s.join(&p, text.String())
	if len(p.Segments) == 0 {
		fail("pattern %q has no path", text)
	}
	where := site()
	r := &route{pattern: p, site: where}
	for g := s; g.parent != nil; g = g.parent {
		text = text.below(g.prefix)
		h = wrap(h, g.middleware)
	}
	r.text, r.handler = text, h
	r.matchedAs = []byte(strings.ReplaceAll(text.String(), "%", "%25"))
	root := s.root()
	if other := root.table.add(r); other != nil {
		fail("pattern %q is for the same requests as %q (%s)", text, other.text, other.site)
	}
	root.all = append(root.all, r)
	for g := s; g != nil; g = g.parent {
		g.first = cmp.Or(g.first, where)
	}
}

// mustBeOpen panics where nothing can be registered any more.
func (s *Routes) mustBeOpen() {
	switch root := s.root(); {
	case root.mounted != "":
		fail("this router was mounted already (%s): what it gets now would not be found there", root.mounted)
	case root.served.Load() != nil:
		fail("this router serves requests already")
	}
}

func mustBeThere(ms []keepalive.Middleware) {
	if slices.ContainsFunc(ms, func(m keepalive.Middleware) bool { return m == nil }) {
		fail("a middleware is nil")
	}
}

// fail panics with a text that names the call from outside of this package.
func fail(format string, args ...any) {
	panic("router: " + site() + ": " + fmt.Sprintf(format, args...))
}

// site returns where this package was called from.
func site() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	frame, more := frames.Next()
	dir, name := path.Split(frame.Function)
	name, _, _ = strings.Cut(name, ".")
	for here := dir + name + "."; more && strings.HasPrefix(frame.Function, here); {
		frame, more = frames.Next()
	}
	return frame.File + ":" + strconv.Itoa(frame.Line)
}
