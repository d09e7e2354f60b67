// Package router chooses the handler for a request, by its method, its host and
// the segments of its path, and answers by itself where there is none: 404, 405,
// OPTIONS, redirects to the path that was meant.
//
// It leaves out what a handler does, and regular expressions: what a value may
// look like is for the handler to check, which can also say what is wrong with it.
//
// Read pattern.go first; then tree.go, where patterns become a tree and paths walk
// through it, ways.go, which has its edges, and table.go, which has a tree for each host. routes.go registers, with
// groups and mounted routers; router.go serves, and redirect.go knows which paths have
// a better spelling.
package router

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"barewire/solutions/04-keep-alive"
)

// A Router is a [keepalive.Handler] that hands each request to the handler of the
// route that matches it. The zero value has no routes. A Router must not be
// copied; it may serve any number of requests at once, and takes no more routes
// from the first one on.
//
// If several routes match, the most specific one wins, whatever the order in which
// they were registered: one with a host before one without; then segment by
// segment from the left, text before {name} before {name...}, and {$} before an
// empty rest; then one with the request's method before one for any. A route with
// another method does not match: the next best one may. GET is also for HEAD,
// unless there is a route for HEAD; what its handler writes is not sent then.
//
// The path is matched as it was sent, each segment decoded by itself: "/%61" is
// "/a", and in "/a%2Fb" there is one segment. Hosts are compared without regard to
// case, port and a dot at the end. Then:
//
//   - A path with empty, "." or ".." segments is never matched as it is. If a route
//     for the request's method matches its normal form, a 308 (RFC 9110 §15.4.9) says
//     so: that of [reqline.AppendNormalized], then with each "//" made one slash and
//     each backslash "%5C". Otherwise the answer is the one that the normal form gets.
//   - If no route matches, but one for the request's method would if the path had one
//     slash more or less at its end, a 308 says so as well. So it does where a
//     {name...} matches and that other route is the more specific one: with "GET /"
//     and "GET /img/", a GET of "/img" is redirected.
//   - One redirect is enough, also where both are needed. A Location is a path with
//     the request's query, even an empty one; the path is as it was sent, or in its
//     normal form where that is another. Never does a second slash or a backslash
//     follow its first slash, which browsers take for another host.
//   - If routes match for other methods only, OPTIONS is answered with 204, a method
//     that neither RFC 9110, RFC 5789 (PATCH) nor any route of this router knows with
//     501 and no Allow (RFC 9110 §9.1), and every other with 405. A route for any method knows
//     them all. Allow has the methods in alphabetical order, with HEAD if GET is
//     among them, and OPTIONS.
//   - "OPTIONS *" is answered with 204, and an Allow of all methods that routes have;
//     a route for any method adds those of RFC 9110 and 5789 but CONNECT and TRACE.
//   - CONNECT is answered with 501, since there is no proxy here (RFC 9110 §9.3.6),
//     and a target that is no path with 400.
//   - Everything else is a 404.
type Router struct {
	Routes

	// NotFound answers where no route matches; with 404 if it is nil.
	NotFound keepalive.Handler

	// MethodNotAllowed answers in the place of a 405; Allow is set already (RFC
	// 9110 §15.5.6: it must be there). With 405 if it is nil.
	MethodNotAllowed keepalive.Handler

	//starter:omit
	once sync.Once
	//starter:omit
	outer keepalive.Handler // choose, with the router's own middleware around it
}

// Matched returns the pattern of the route that was chosen for a request, with the
// prefixes of its groups, as it was written; "" if there is none, or not yet. There
// are as many as there are routes, so it is a label for logs and metrics where a
// path is not.
//
//starter:todo 6.3 A path value whose name no pattern can have.
func Matched(r *keepalive.Request) string { return r.PathValue(matched) }

//starter:omit
const matched = "matched pattern"

// ServeHTTP answers a request, by the handler of a route or as [Router] says.
//
//starter:todo 6.2 Walk the path along the tree, and call the handler at its end; or answer 404.
//starter:todo 6.3 {name} and {name...} match too, after text, and give the request its path values.
//starter:todo 6.4 Decode each segment by itself before it is looked up.
//starter:todo 6.6 A path that has routes, but not for this method: 405, or 204 for OPTIONS. Then the targets that are no path.
//starter:todo 6.7 The routes of the request's host come first.
//starter:todo 6.8 A path in another spelling is redirected, if that leads somewhere.
//starter:todo 6.9 The router's own middleware is around all of this.
func (r *Router) ServeHTTP(w keepalive.ResponseWriter, req *keepalive.Request) {
	r.once.Do(func() {
		r.init()
		r.outer = wrap(keepalive.HandlerFunc(r.choose), r.middleware)
		if r.table.closed == "" {
			r.table.closed = "the router serves requests, which read the routes without a lock"
		}
	})
	r.outer.ServeHTTP(w, req)
}

// choose calls the handler of the route that matches, or answers by itself.
//
//starter:omit
func (r *Router) choose(w keepalive.ResponseWriter, req *keepalive.Request) {
	path := req.Target.Path
	switch {
	case req.Method == "CONNECT":
		keepalive.Error(w, 501)
		return
	case string(path) == "*" && req.Method == "OPTIONS":
		w.Header().Set("Allow", allow(r.table.all()))
		w.WriteHeader(204)
		return
	case len(path) == 0 || path[0] != '/':
		keepalive.Error(w, 400)
		return
	}
	var room [16]int // few paths have more slashes
	slashes, asSent, encoded := split(room[:0], path)
	clean := path
	if !asSent {
		var err error
		if clean, err = appendClean(nil, path); err != nil {
			keepalive.Error(w, 400)
			return
		}
		slashes, _, encoded = split(room[:0], clean)
	}
	s := search{tree: &r.table.tree, method: req.Method, path: clean, encoded: encoded}
	rt := r.table.find(req.Host, &s, slashes)
	switch {
	case s.other != nil && (rt == nil || rt.endsInRest()):
		redirect(w, flipSlash(clean), req.Target.Query)
	case rt == nil:
		r.refuse(w, req, &s, slashes)
	case !asSent:
		redirect(w, clean, req.Target.Query)
	default:
		rt.setValues(req, path, slashes)
		rt.handler.ServeHTTP(w, req)
	}
}

// refuse answers a request that no route matches.
//
//starter:omit
func (r *Router) refuse(w keepalive.ResponseWriter, req *keepalive.Request, s *search, slashes []int) {
	methods := map[string]bool{}
	for _, n := range [2]uint32{r.table.own(req.Host), anyHost} {
		s.each(n, slashes, func(rt *route) { methods[rt.pattern.Method] = true })
	}
	switch {
	case len(methods) == 0 && r.NotFound != nil:
		r.NotFound.ServeHTTP(w, req)
		return
	case len(methods) == 0:
		keepalive.Error(w, 404)
		return
	case !slices.Contains(known, req.Method) && !r.table.methods[req.Method] && !r.table.methods[""]:
		keepalive.Error(w, 501)
		return
	}
	w.Header().Set("Allow", allow(methods))
	switch {
	case req.Method == "OPTIONS":
		w.WriteHeader(204)
	case r.MethodNotAllowed != nil:
		r.MethodNotAllowed.ServeHTTP(w, req)
	default:
		keepalive.Error(w, 405)
	}
}

// known are the methods of RFC 9110 and RFC 5789. A route for any method is not
// said to be for the last two.
//
//starter:omit
var known = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "CONNECT", "TRACE"}

// allow returns the value of an Allow field (RFC 9110 §10.2.1).
//
//starter:omit
func allow(methods map[string]bool) string {
	methods["OPTIONS"] = true
	if methods["GET"] {
		methods["HEAD"] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}
