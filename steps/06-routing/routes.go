package router

import (
	"barewire/steps/04-keep-alive"
)

// Routes are the routes of a [Router], or those of a group in it: a prefix of the
// path, middleware, and the routes that have both.
//
// Everything is registered before the first request. A mistake of the programmer
// panics where it is made, with a text that names the call, and the other one if
// there are two: as file:line.
type Routes struct {
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
	// TODO 6.2: Parse the pattern and put the route into a tree that has one node for each segment: a map, by the segment's text.
	// TODO 6.5: A path that is there already panics; runtime.Caller knows who called.
	// TODO 6.9: Wrap the handler: the route's own middleware first, then that of its group, then of the group around that.
}

// HandleFunc is Handle for a function.
func (s *Routes) HandleFunc(pattern string, f func(keepalive.ResponseWriter, *keepalive.Request), ms ...keepalive.Middleware) {
	// TODO 6.2: As Handle; the call that a panic names is that of HandleFunc.
}

// Use adds middleware, the first outermost, inside what is there already. For a
// group it is around the handlers of all its routes. For a router it is around the
// router itself: it sees every request before a route is chosen, and the answers
// that the router gives without one, such as a 404.
//
// It panics after the first route was registered here or in a group of this one:
// whoever reads that route would not look for its middleware further down.
func (s *Routes) Use(ms ...keepalive.Middleware) {
	// TODO 6.9: Append; and refuse if there are routes already.
}

// Group returns a group of routes: each of their patterns gets prefix before its
// path, and each handler the middleware ms, inside that of the groups around it.
//
// A prefix is a path without a slash at its end, a host, or both: "/v1",
// "api.example.org", "api.example.org/v1". It may have names, as in "/users/{id}",
// but no {name...} and no {$}, and it may be empty. Group panics for any other.
func (s *Routes) Group(prefix string, ms ...keepalive.Middleware) *Routes {
	// TODO 6.9: A Routes that knows its parent, its prefix and its middleware.
	return s
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
	// TODO 6.10: Register each route of the other router here; then close that router.
}
