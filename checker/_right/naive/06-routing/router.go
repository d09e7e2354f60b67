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

	once    sync.Once
	handler keepalive.Handler // chooses, with the router's own middleware around it
}

// matched is the name of a path value that no pattern can have.
const matched = "{matched}"

// Matched returns the pattern of the route that was chosen for a request, with the
// prefixes of its groups, as it was written; "" if there is none, or not yet. There
// are as many as there are routes, so it is a label for logs and metrics where a
// path is not.
func Matched(r *keepalive.Request) string { return r.PathValue(matched) }

// ServeHTTP answers a request, by the handler of a route or as [Router] says.
func (r *Router) ServeHTTP(w keepalive.ResponseWriter, req *keepalive.Request) {
	r.once.Do(func() {
		r.close("the first request has come")
		r.handler = wrap(keepalive.HandlerFunc(r.choose), r.middleware)
	})
	r.handler.ServeHTTP(w, req)
}

// choose calls the handler of a route, or answers.
func (r *Router) choose(w keepalive.ResponseWriter, req *keepalive.Request) {
	method, path := req.Method, string(req.Target.Path)
	switch {
	case method == "CONNECT":
		keepalive.Error(w, 501)
		return
	case path == "*" && method == "OPTIONS":
		w.Header().Set("Allow", allow(r.table.methods))
		w.WriteHeader(204)
		return
	case !strings.HasPrefix(path, "/"):
		keepalive.Error(w, 400)
		return
	}
	right := path
	odd := isOdd(path)
	if odd {
		var err error
		right, err = spellRight(path)
		if err != nil {
			keepalive.Error(w, 400)
			return
		}
	}

	host := hostName(req.Host)
	found := r.table.best(method, host, right)
	if found == nil || found.endsInRest() {
		if other := otherSlash(right); other != "" {
			better := r.table.best(method, host, other)
			if better != nil && (found == nil || better.moreSpecific(found)) {
				redirect(w, req, other)
				return
			}
		}
	}
	if found != nil {
		if odd {
			redirect(w, req, right)
			return
		}
		found.setValues(req)
		found.handler.ServeHTTP(w, req)
		return
	}

	methods := r.table.methodsOf(host, right)
	switch {
	case len(methods) == 0:
		if r.NotFound != nil {
			r.NotFound.ServeHTTP(w, req)
			return
		}
		keepalive.Error(w, 404)
	case method == "OPTIONS":
		w.Header().Set("Allow", allow(methods))
		w.WriteHeader(204)
	case !isKnown(method) && !r.table.methods[method] && !r.table.methods[""]:
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

func redirect(w keepalive.ResponseWriter, req *keepalive.Request, path string) {
	location := strings.ReplaceAll(path, "\\", "%5C")
	if req.Target.Query != nil {
		location += "?" + string(req.Target.Query)
	}
	w.Header().Set("Location", location)
	keepalive.Error(w, 308)
}

// setValues gives a request the values of its path.
func (a *route) setValues(req *keepalive.Request) {
	// PathValue decodes.
	req.SetPathValue(matched, []byte(strings.ReplaceAll(a.written, "%", "%25")))
	raw := strings.Split(string(req.Target.Path[1:]), "/")
	for i, segment := range a.pattern.Segments {
		switch {
		case segment.Kind == Single:
			req.SetPathValue(segment.Text, []byte(raw[i]))
		case segment.Kind == Rest && segment.Text != "":
			req.SetPathValue(segment.Text, []byte(strings.Join(raw[i:], "/")))
		}
	}
}

// wrap puts middleware around a handler, the first outermost.
func wrap(h keepalive.Handler, ms []keepalive.Middleware) keepalive.Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}
