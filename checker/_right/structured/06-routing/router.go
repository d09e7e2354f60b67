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
	"strings"
	"sync"

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

	open    sync.Once // by the first request
	atlas   *atlas
	outside keepalive.Handler // choose, in the router's middleware
}

// Matched returns the pattern of the route that was chosen for a request, with the
// prefixes of its groups, as it was written; "" if there is none, or not yet. There
// are as many as there are routes, so it is a label for logs and metrics where a
// path is not.
func Matched(r *keepalive.Request) string {
	return r.PathValue(matched)
}

// matched is the name of a path value that no pattern can have.
const matched = "{}"

// ServeHTTP answers a request, by the handler of a route or as [Router] says.
func (r *Router) ServeHTTP(w keepalive.ResponseWriter, req *keepalive.Request) {
	r.open.Do(func() {
		r.closed.Store(&closing{"the router has served a request"})
		r.atlas = chart(r.all)
		r.outside = wrap(keepalive.HandlerFunc(r.choose), r.ms)
	})
	r.outside.ServeHTTP(w, req)
}

// choose answers a request inside the router's own middleware.
func (r *Router) choose(w keepalive.ResponseWriter, req *keepalive.Request) {
	target := &req.Target
	switch {
	case req.Method == "CONNECT":
		keepalive.Error(w, 501)
	case req.Method == "OPTIONS" && string(target.Path) == "*":
		permit(w, r.atlas.allow("", nil))
	case len(target.Path) == 0 || target.Path[0] != '/':
		keepalive.Error(w, 400)
	default:
		p := cut(target.Path)
		if messy := p.messy(); messy {
			var err error
			if p, err = clean(target.Path); err != nil {
				keepalive.Error(w, 400)
				return
			}
			r.direct(w, req, p, true)
			return
		}
		r.direct(w, req, p, false)
	}
}

// direct answers a request for p, which was sent in another spelling if elsewhere.
func (r *Router) direct(w keepalive.ResponseWriter, req *keepalive.Request, p path, elsewhere bool) {
	host := hostName(req.Host)
	best := r.atlas.best(host, req.Method, p)
	if best == nil || best.Segments[len(best.Segments)-1].Kind == Rest {
		flipped := p.flip()
		other := r.atlas.best(host, req.Method, flipped)
		if other != nil && (best == nil || other.beats(&best.Pattern)) {
			best, p, elsewhere = other, flipped, true
		}
	}
	switch {
	case best == nil:
		r.without(w, req, r.atlas.allow(host, p))
	case elsewhere:
		w.Header().Set("Location", p.location(&req.Target))
		keepalive.Error(w, 308)
	default:
		best.name(req, p)
		best.handler.ServeHTTP(w, req)
	}
}

// without answers a request for a path that has no route for its method.
func (r *Router) without(w keepalive.ResponseWriter, req *keepalive.Request, allow string) {
	answer := func(h keepalive.Handler, status int) {
		if h != nil {
			h.ServeHTTP(w, req)
			return
		}
		keepalive.Error(w, status)
	}
	switch {
	case allow == "":
		answer(r.NotFound, 404)
	case req.Method == "OPTIONS":
		permit(w, allow)
	case !r.atlas.known(req.Method):
		answer(nil, 501)
	default:
		w.Header().Set("Allow", allow)
		answer(r.MethodNotAllowed, 405)
	}
}

func permit(w keepalive.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	w.WriteHeader(204)
}

// name gives the request the path values of the route. All of p is one slice of
// bytes, the path as it was sent.
func (r *route) name(req *keepalive.Request, p path) {
	for i, s := range r.Segments {
		if s.Text == "" || s.Kind == Literal {
			continue
		}
		raw := p[i].raw
		if s.Kind == Rest {
			sent := req.Target.Path
			at := 0
			for _, part := range p[:i] {
				at += 1 + len(part.raw)
			}
			raw = sent[at+1:]
		}
		req.SetPathValue(s.Text, raw)
	}
	// PathValue decodes, and what was written is not to be.
	req.SetPathValue(matched, []byte(strings.ReplaceAll(r.written, "%", "%25")))
}
