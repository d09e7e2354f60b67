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
	"slices"

	"barewire/steps/04-keep-alive"
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
}

// A chain is the router within its own middleware. Whoever has set it in the Router
// makes it, and everybody else waits until made is closed.
type chain struct {
	made    chan struct{}
	handler keepalive.Handler // nil if that has panicked
}

// Matched returns the pattern of the route that was chosen for a request, with the
// prefixes of its groups, as it was written; "" if there is none, or not yet. There
// are as many as there are routes, so it is a label for logs and metrics where a
// path is not.
func Matched(r *keepalive.Request) string {
	return r.PathValue(matchedName)
}

const matchedName = "{matched}"

// ServeHTTP answers a request, by the handler of a route or as [Router] says.
func (r *Router) ServeHTTP(w keepalive.ResponseWriter, req *keepalive.Request) {
	r.wrapped().ServeHTTP(w, req)
}

// wrapped returns the chain's handler. The first request makes it.
func (r *Router) wrapped() keepalive.Handler {
	for {
		if c := r.served.Load(); c != nil {
			if <-c.made; c.handler != nil {
				return c.handler
			}
			continue // whoever was making it has taken it out
		}
		c := &chain{made: make(chan struct{})}
		if !r.served.CompareAndSwap(nil, c) {
			continue
		}
		func() {
			defer func() {
				if c.handler == nil {
					r.served.Store(nil)
				}
				close(c.made)
			}()
			c.handler = wrap(keepalive.HandlerFunc(r.choose), r.middleware)
		}()
		return c.handler
	}
}

// wrap puts middleware around a handler, the first outermost.
func wrap(h keepalive.Handler, ms []keepalive.Middleware) keepalive.Handler {
	for _, m := range slices.Backward(ms) {
		h = m(h)
	}
	return h
}

// choose finds the route for a request, or answers without one.
func (r *Router) choose(w keepalive.ResponseWriter, req *keepalive.Request) {
	path, method := req.Target.Path, req.Method
	switch {
	case method == "CONNECT":
		keepalive.Error(w, 501)
		return
	case method == "OPTIONS" && string(path) == "*":
		w.Header().Set("Allow", allow(r.table.methods))
		w.WriteHeader(204)
		return
	case len(path) == 0 || path[0] != '/':
		keepalive.Error(w, 400)
		return
	}
	clean, respelt, err := normal(path)
	if err != nil {
		keepalive.Error(w, 400)
		return
	}
	trees := r.table.lookup(req.Host)
	best := trees.find(clean, method)
	if best == nil || best.pattern.Segments[len(best.pattern.Segments)-1].Kind == Rest {
		there := flipped(clean)
		if other := trees.find(there, method); other != nil && (best == nil || givesWay(best, other)) {
			redirect(w, req, there)
			return
		}
	}
	switch {
	case best == nil:
		r.refuse(w, req, trees.allowed(clean))
	case respelt:
		redirect(w, req, clean)
	default:
		best.values(req)
		best.handler.ServeHTTP(w, req)
	}
}

func redirect(w keepalive.ResponseWriter, req *keepalive.Request, path []byte) {
	w.Header().Set("Location", location(path, req.Target.Query))
	keepalive.Error(w, 308)
}

// refuse answers where no route is for the method, given those that there are.
func (r *Router) refuse(w keepalive.ResponseWriter, req *keepalive.Request, methods map[string]bool) {
	switch {
	case len(methods) == 0 && r.NotFound != nil:
		r.NotFound.ServeHTTP(w, req)
	case len(methods) == 0:
		keepalive.Error(w, 404)
	case req.Method == "OPTIONS":
		w.Header().Set("Allow", allow(methods))
		w.WriteHeader(204)
	case !r.table.known(req.Method):
		keepalive.Error(w, 501)
	default:
		w.Header().Set("Allow", allow(methods))
		if r.MethodNotAllowed != nil {
			r.MethodNotAllowed.ServeHTTP(w, req)
			return
		}
		keepalive.Error(w, 405)
	}
}
