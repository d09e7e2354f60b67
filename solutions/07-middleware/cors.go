package middleware

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// A CORS says which pages of other origins may read responses (cross-origin
// resource sharing, the Fetch standard §3.3). It takes a right away from nobody:
// without it, browsers let no other page read, and with it, programs that are no
// browsers still do what they like.
type CORS struct {
	// AllowedOrigins are the origins whose pages may read, as browsers write
	// them: "https://app.example.org", with a port if it is not the scheme's
	// own, in lower case, without a path. They are compared byte for byte. "*"
	// stands for all. "null", which is what every sandboxed page sends, is
	// allowed only if it is listed.
	AllowedOrigins []string

	AllowedMethods []string // besides GET, HEAD and POST, which need no leave
	AllowedHeaders []string // request fields besides those that need no leave
	ExposedHeaders []string // response fields that a page may read

	// Credentials lets pages send cookies and passwords, and read what comes
	// back. It cannot be had for every origin.
	Credentials bool

	// MaxAge is how long a browser may remember the answer to a preflight, in
	// whole seconds; it is not said if it is zero. Browsers cap it at 2 to 24 hours.
	MaxAge time.Duration
}

// Middleware answers preflights and adds the fields that CORS needs to all other
// responses, before the handler is called.
//
// A preflight is OPTIONS with Origin and Access-Control-Request-Method; it is
// answered with 204 and does not reach the handler, for it comes without
// credentials and asks about a request to follow. If the origin is allowed, the
// response has Access-Control-Allow-Origin, and Access-Control-Allow-Credentials,
// -Allow-Methods, -Allow-Headers and -Max-Age as far as c says something about them.
//
// Every other request reaches the handler, whatever its origin. If that is
// allowed, the response has Access-Control-Allow-Origin, and -Allow-Credentials and
// -Expose-Headers as far as c says something. Two Origin fields are no allowed
// origin.
//
// The value of Access-Control-Allow-Origin is the origin itself, and then every
// response has Vary: Origin, also one to a request without Origin: a cache must not
// give the response for one to another (RFC 9110 §12.5.5). With "*" the value is
// "*" on every response, and nothing varies.
//
// Middleware panics where c contradicts itself: no origin at all, an origin that no
// browser sends, "*" in any of the lists or the origin "null" together with
// Credentials.
//
//starter:todo 7.6 Check c once; join its lists once; then it is a few fields for each response.
//starter:return func(next keepalive.Handler) keepalive.Handler { return next }
func (c CORS) Middleware() keepalive.Middleware {
	c.check()
	p := &corsPolicy{
		CORS:    c,
		any:     slices.Contains(c.AllowedOrigins, "*"),
		methods: strings.Join(c.AllowedMethods, ", "),
		headers: strings.Join(c.AllowedHeaders, ", "),
		exposed: strings.Join(c.ExposedHeaders, ", "),
	}
	p.AllowedOrigins = slices.Clone(c.AllowedOrigins)
	if c.MaxAge > 0 {
		p.maxAge = strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	}
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			allowed := p.allow(w.Header(), r)
			if r.Method == "OPTIONS" && r.Header.Has("Origin") && r.Header.Has("Access-Control-Request-Method") {
				p.preflight(w, allowed)
				return
			}
			if allowed && p.exposed != "" {
				w.Header().Set("Access-Control-Expose-Headers", p.exposed)
			}
			next.ServeHTTP(w, r)
		})
	}
}

//starter:omit
type corsPolicy struct {
	CORS
	any                               bool
	methods, headers, exposed, maxAge string
}

// allow sets the fields that say who may read the response, and says whether the
// origin of r may.
//
//starter:omit
func (p *corsPolicy) allow(h *message.Header, r *keepalive.Request) bool {
	if p.any {
		h.Set("Access-Control-Allow-Origin", "*")
		return true
	}
	h.Add("Vary", "Origin")
	origin, n := "", 0
	for v := range r.Header.Values("Origin") {
		n++
		// The string comes from the list and not from the request: it is
		// not allocated, and it cannot be anything else.
		if i := slices.IndexFunc(p.AllowedOrigins, func(o string) bool { return o == string(v) }); i >= 0 {
			origin = p.AllowedOrigins[i]
		}
	}
	if n != 1 || origin == "" {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if p.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	return true
}

//starter:omit
func (p *corsPolicy) preflight(w keepalive.ResponseWriter, allowed bool) {
	if allowed {
		for _, f := range [...]struct{ name, value string }{
			{"Access-Control-Allow-Methods", p.methods},
			{"Access-Control-Allow-Headers", p.headers},
			{"Access-Control-Max-Age", p.maxAge},
		} {
			if f.value != "" {
				w.Header().Set(f.name, f.value)
			}
		}
	}
	w.WriteHeader(204)
}

// check panics if c cannot be meant.
//
//starter:omit
func (c *CORS) check() {
	if len(c.AllowedOrigins) == 0 {
		panic("middleware: CORS without an allowed origin")
	}
	for _, o := range c.AllowedOrigins {
		scheme, host, ok := strings.Cut(o, "://")
		switch {
		case o == "null" && c.Credentials:
			panic(`middleware: CORS with credentials for "null", which any page can be`)
		case o == "*" || o == "null":
		case !ok || scheme == "" || host == "" || strings.ContainsAny(host, "/?#*@, ") || o != strings.ToLower(o):
			panic("middleware: CORS origin " + strconv.Quote(o) + " is not as browsers write it, like https://example.org")
		}
	}
	for _, list := range [][]string{c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders} {
		if c.Credentials && slices.Contains(list, "*") {
			panic(`middleware: CORS with credentials and "*": browsers refuse it, and it would open everything`)
		}
	}
}
