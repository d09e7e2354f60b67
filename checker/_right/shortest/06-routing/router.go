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
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"barewire/steps/02-request-line"
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

	once sync.Once
	h    keepalive.Handler // choose, in the middleware of the router
}

// Matched returns the pattern of the route that was chosen for a request, with the
// prefixes of its groups, as it was written; "" if there is none, or not yet. There
// are as many as there are routes, so it is a label for logs and metrics where a
// path is not.
func Matched(r *keepalive.Request) string { return r.PathValue(matched) }

const matched = "the pattern" // a name that no pattern can have

// ServeHTTP answers a request, by the handler of a route or as [Router] says.
func (r *Router) ServeHTTP(w keepalive.ResponseWriter, req *keepalive.Request) {
	r.once.Do(func() {
		r.closed = cmp.Or(r.closed, "has served a request")
		r.h = wrap(keepalive.HandlerFunc(r.choose), r.ms)
	})
	r.h.ServeHTTP(w, req)
}

func (r *Router) choose(w keepalive.ResponseWriter, req *keepalive.Request) {
	path := req.Target.Path
	if req.Method == "CONNECT" {
		keepalive.Error(w, 501)
		return
	}
	if req.Method == "OPTIONS" && string(path) == "*" {
		allow(w, r.methods())
		w.WriteHeader(204)
		return
	}
	clean, err := reqline.AppendNormalized(nil, path)
	if err != nil {
		keepalive.Error(w, 400)
		return
	}
	raw, decoded := split(path)
	last := len(decoded) - 1
	dirty := slices.Contains(decoded[:last], "") || slices.Contains(decoded, ".") || slices.Contains(decoded, "..")
	if dirty {
		for path = clean; bytes.Contains(path, []byte("//")); {
			path = bytes.ReplaceAll(path, []byte("//"), []byte("/"))
		}
		_, decoded = split(path)
		last = len(decoded) - 1
	}
	best, others := r.find(req, decoded)
	if best == nil || best.Segments[len(best.Segments)-1].Kind == Rest {
		away, slashed := append(decoded[:last:last], decoded[last], ""), string(path)+"/"
		if decoded[last] == "" {
			away, slashed = decoded[:last], string(path[:len(path)-1])
		}
		if other, _ := r.find(req, away); other != nil && (best == nil || other.rank() > best.rank()) {
			redirect(w, req, slashed)
			return
		}
	}
	switch {
	case best != nil && dirty:
		redirect(w, req, string(path))
	case best != nil:
		req.SetPathValue(matched, []byte(strings.ReplaceAll(best.text, "%", "%25")))
		for i, seg := range best.Segments {
			if seg.Kind == Single {
				req.SetPathValue(seg.Text, raw[i])
			} else if seg.Kind == Rest && seg.Text != "" {
				req.SetPathValue(seg.Text, bytes.Join(raw[i:], []byte("/")))
			}
		}
		best.h.ServeHTTP(w, req)
	case len(others) == 0 && r.NotFound != nil:
		r.NotFound.ServeHTTP(w, req)
	case len(others) == 0:
		keepalive.Error(w, 404)
	case req.Method == "OPTIONS":
		allow(w, others)
		w.WriteHeader(204)
	case !slices.Contains(methods, req.Method) && !r.methods()[""] && !r.methods()[req.Method]:
		keepalive.Error(w, 501)
	default:
		allow(w, others)
		if r.MethodNotAllowed != nil {
			r.MethodNotAllowed.ServeHTTP(w, req)
		} else {
			keepalive.Error(w, 405)
		}
	}
}

// methods are those of all routes.
func (r *Router) methods() map[string]bool {
	all := map[string]bool{}
	for _, rt := range r.routes {
		all[rt.Method] = true
	}
	return all
}

// split cuts a path at its slashes, and decodes each segment.
func split(path []byte) (raw [][]byte, decoded []string) {
	raw = bytes.Split(path[1:], []byte("/"))
	for _, seg := range raw {
		d, _ := reqline.AppendDecoded(nil, seg)
		decoded = append(decoded, string(d))
	}
	return raw, decoded
}

// find returns the best route for a request if this was its path; if there is none, the
// methods of those that match otherwise.
func (r *Router) find(req *keepalive.Request, path []string) (best *route, others map[string]bool) {
	host, _, _ := reqline.ParseAuthority(req.Host)
	others = map[string]bool{}
	for _, h := range []string{strings.TrimSuffix(strings.ToLower(string(host)), "."), ""} {
		r.tree.next[h].walk(path, func(n *node) bool {
			best = n.routes[req.Method]
			if best == nil && req.Method == "HEAD" {
				best = n.routes["GET"]
			}
			best = cmp.Or(best, n.routes[""])
			for m := range n.routes {
				others[m] = true
			}
			return best == nil
		})
		if best != nil {
			break
		}
	}
	return best, others
}

func allow(w keepalive.ResponseWriter, set map[string]bool) {
	if set[""] {
		for _, m := range methods {
			set[m] = set[m] || m != "CONNECT" && m != "TRACE"
		}
	}
	set["OPTIONS"], set["HEAD"] = true, set["HEAD"] || set["GET"]
	maps.DeleteFunc(set, func(m string, in bool) bool { return m == "" || !in })
	w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(set)), ", "))
}

func redirect(w keepalive.ResponseWriter, req *keepalive.Request, path string) {
	location := strings.ReplaceAll(path, `\`, "%5C")
	if req.Target.Query != nil {
		location += "?" + string(req.Target.Query)
	}
	w.Header().Set("Location", location)
	keepalive.Error(w, 308)
}
