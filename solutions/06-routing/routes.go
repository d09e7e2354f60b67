package router

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"barewire/solutions/04-keep-alive"
)

// Routes are the routes of a [Router], or those of a group in it: a prefix of the
// path, middleware, and the routes that have both.
//
// Everything is registered before the first request. A mistake of the programmer
// panics where it is made, with a text that names the call, and the other one if
// there are two: as file:line.
type Routes struct {
	//starter:omit
	table *table
	//starter:omit
	parent *Routes // nil for those of the router itself
	//starter:omit
	prefix string // with that of the parent
	//starter:omit
	middleware []keepalive.Middleware
	//starter:omit
	first string // where the first route was registered, here or in a group of it
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
//
//starter:todo 6.2 Parse the pattern and put the route into a tree that has one node for each segment: a map, by the segment's text.
//starter:todo 6.5 A path that is there already panics; runtime.Caller knows who called.
//starter:todo 6.9 Wrap the handler: the route's own middleware first, then that of its group, then of the group around that.
func (s *Routes) Handle(pattern string, h keepalive.Handler, ms ...keepalive.Middleware) {
	s.handle(callSite(), pattern, h, ms)
}

// HandleFunc is Handle for a function.
//
//starter:todo 6.2 As Handle; the call that a panic names is that of HandleFunc.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	var h keepalive.Handler
	if f != nil {
		h = keepalive.HandlerFunc(f)
	}
	s.handle(callSite(), pattern, h, ms)
}

// Use adds middleware, the first outermost, inside what is there already. For a
// group it is around the handlers of all its routes. For a router it is around the
// router itself: it sees every request before a route is chosen, and the answers
// that the router gives without one, such as a 404.
//
// It panics after the first route was registered here or in a group of this one:
// whoever reads that route would not look for its middleware further down.
//
//starter:todo 6.9 Append; and refuse if there are routes already.
func (s *Routes) Use(ms ...keepalive.Middleware) {
	site := callSite()
	s.open(site)
	if s.first != "" {
		panic(fmt.Sprintf("router: %s: Use after a route (%s), which would be without it", site, s.first))
	}
	check(site, ms)
	s.middleware = append(s.middleware, ms...)
}

// Group returns a group of routes: each of their patterns gets prefix before its
// path, and each handler the middleware ms, inside that of the groups around it.
//
// A prefix is a path without a slash at its end, a host, or both: "/v1",
// "api.example.org", "api.example.org/v1". It may have names, as in "/users/{id}",
// but no {name...} and no {$}, and it may be empty. Group panics for any other.
//
//starter:todo 6.9 A Routes that knows its parent, its prefix and its middleware.
//starter:return s
func (s *Routes) Group(prefix string, ms ...keepalive.Middleware) *Routes {
	site := callSite()
	s.open(site)
	check(site, ms)
	return &Routes{table: s.table, parent: s, prefix: s.join(site, prefix), middleware: ms}
}

// Mount registers all routes of another router, each with prefix before its path,
// as those of a group are. That router's own middleware, given to its Use, is
// around each of them, inside ms. From then on other takes no more routes and no
// more middleware: they would not be found here. It can still be mounted elsewhere,
// and serve by itself.
//
// It panics where Group and Handle do, for a router that is nil or mounted on itself,
// and for one with a NotFound or MethodNotAllowed of its own, which nothing would call.
//
//starter:todo 6.10 Register each route of the other router here; then close that router.
func (s *Routes) Mount(prefix string, other *Router, ms ...keepalive.Middleware) {
	site := callSite()
	s.open(site)
	check(site, ms)
	if other == nil {
		panic(fmt.Sprintf("router: %s: no router to mount", site))
	}
	other.init()
	switch {
	case other.table == s.table:
		panic(fmt.Sprintf("router: %s: a router mounted on itself", site))
	case other.NotFound != nil || other.MethodNotAllowed != nil:
		panic(fmt.Sprintf("router: %s: the mounted router has a NotFound or a MethodNotAllowed, which nothing would call", site))
	}
	all := &Routes{table: s.table, parent: s, prefix: s.join(site, prefix), middleware: append(ms[:len(ms):len(ms)], other.middleware...)}
	for _, rt := range other.table.routes[1:] {
		all.add(fmt.Sprintf("%s, mounted at %s", rt.site, site), rt.text, rt.handler)
	}
	if other.table.closed == "" {
		other.table.closed = "the router was mounted at " + site
	}
}

// handle is Handle, called at site.
//
//starter:omit
func (s *Routes) handle(site, pattern string, h keepalive.Handler, ms []keepalive.Middleware) {
	s.open(site)
	check(site, ms)
	if h == nil {
		panic(fmt.Sprintf("router: %s: pattern %q has no handler", site, pattern))
	}
	s.add(site, pattern, wrap(h, ms))
}

// add puts a route into the table.
//
//starter:omit
func (s *Routes) add(site, pattern string, h keepalive.Handler) {
	text, err := withPrefix(s.prefix, pattern)
	rt := route{text: text, site: site, label: []byte(strings.ReplaceAll(text, "%", "%25"))}
	if err == nil {
		rt.pattern, err = ParsePattern(text)
	}
	if err != nil {
		panic(fmt.Sprintf("router: %s: pattern %q: %s", site, text, strings.TrimPrefix(err.Error(), "router: ")))
	}
	for g := s; g.parent != nil; g = g.parent {
		h = wrap(h, g.middleware) // not the router's own: see Use
	}
	rt.handler = h
	if i := slices.Index(known, rt.pattern.Method); i >= 0 {
		rt.pattern.Method = known[i] // the very string that requests have: to compare them is not to read them
	}
	rt.named = s.table.named(rt.pattern.Segments)
	if earlier := s.table.insert(s.table.root(rt.pattern.Host), rt); earlier != nil {
		panic(fmt.Sprintf("router: %s: pattern %q is for the same requests as %q (%s)", site, text, earlier.text, earlier.site))
	}
	s.table.methods[rt.pattern.Method] = true
	for g := s; g != nil; g = g.parent {
		if g.first == "" {
			g.first = site
		}
	}
}

// init makes the zero value useful.
//
//starter:omit
func (s *Routes) init() {
	if s.table == nil {
		s.table = newTable()
	}
}

// open panics if nothing can be registered any more.
//
//starter:omit
func (s *Routes) open(site string) {
	s.init()
	if s.table.closed != "" {
		panic(fmt.Sprintf("router: %s: too late: %s", site, s.table.closed))
	}
}

// join returns the prefix of a group within s.
//
//starter:omit
func (s *Routes) join(site, prefix string) string {
	method, host, path := cutPattern(prefix)
	joined, err := within(s.prefix, host, path)
	if err == nil {
		_, err = ParsePattern(joined + "/{$}")
	}
	if method != "" || err != nil {
		panic(fmt.Sprintf("router: %s: %q is no prefix: want a path without a slash at its end, such as \"/v1\"", site, prefix))
	}
	return joined
}

// withPrefix puts a prefix before the path of a pattern.
//
//starter:omit
func withPrefix(prefix, pattern string) (string, error) {
	if prefix == "" {
		return pattern, nil
	}
	method, host, path := cutPattern(pattern)
	if method == "" && path == "" {
		method, host = host, "" // "GET" alone
	}
	if method != "" {
		method += " "
	}
	joined, err := within(prefix, host, path)
	return method + joined, err
}

// within puts a prefix before a path. One of both may have a host.
//
//starter:omit
func within(prefix, host, path string) (string, error) {
	_, around, before := cutPattern(prefix)
	if host != "" && around != "" {
		return prefix + host + path, fmt.Errorf("a host within the group of a host")
	}
	return around + host + before + path, nil
}

// wrap puts middleware around a handler, the first outermost.
//
//starter:omit
func wrap(h keepalive.Handler, ms []keepalive.Middleware) keepalive.Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}

//starter:omit
func check(site string, ms []keepalive.Middleware) {
	for _, m := range ms {
		if m == nil {
			panic(fmt.Sprintf("router: %s: a middleware that is nil", site))
		}
	}
}

// callSite returns where the exported function was called that calls callSite.
//
//starter:omit
func callSite() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", file, line)
}
