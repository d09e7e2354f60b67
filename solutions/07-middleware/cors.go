package middleware

import (
	"net/netip"
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
	// them (RFC 6454 §6.2): "https://app.example.org", in lower case, without a
	// path. The host has letters, digits, "-", "." and "_" of ASCII (bücher.example
	// is xn--bcher-kva.example), or is an IPv6 address in brackets in its shortest
	// form. The port is from 1 to 65535, in decimal without leading zeros, and is
	// left out where it is the scheme's own: 80 for http, 443 for https. Origins
	// are compared byte for byte. "*" stands for all. "null", which is what every
	// sandboxed page sends, is allowed only if it is listed.
	AllowedOrigins []string

	AllowedMethods []string // besides GET, HEAD and POST, which need no leave
	AllowedHeaders []string // request fields besides those that need no leave
	ExposedHeaders []string // response fields that a page may read

	// Credentials lets pages send cookies and passwords, and read what comes
	// back. It cannot be had for every origin.
	Credentials bool

	// MaxAge is how long a browser may remember the answer to a preflight, in
	// whole seconds; it is not said if it is below one. Browsers cap it at 2 to
	// 24 hours.
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
	if seconds := int64(c.MaxAge / time.Second); seconds > 0 {
		p.maxAge = strconv.FormatInt(seconds, 10)
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
		switch {
		case o == "null" && c.Credentials:
			panic(`middleware: CORS with credentials for "null", which any page can be`)
		case o == "*" || o == "null":
		case !isOrigin(o):
			panic("middleware: CORS origin " + strconv.Quote(o) + " is not as browsers write it, like https://example.org")
		}
	}
	for _, list := range [][]string{c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders} {
		if c.Credentials && slices.Contains(list, "*") {
			panic(`middleware: CORS with credentials and "*": browsers refuse it, and it would open everything`)
		}
	}
}

// isOrigin says whether browsers write an origin so. One that they write in another way
// would never match, and nobody would be told.
//
//starter:omit
func isOrigin(o string) bool {
	scheme, rest, _ := strings.Cut(o, "://")
	if !consistsOf(scheme, lower+digits+"+-.") {
		return false
	}
	host, port, hasPort := rest, "", false
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		host, port, hasPort = rest[:i], rest[i+1:], true
	}
	if hasPort {
		n, _ := strconv.ParseUint(port, 10, 16) // what is no port is not written back as it came
		if n == 0 || strconv.FormatUint(n, 10) != port ||
			scheme == "http" && n == 80 || scheme == "https" && n == 443 {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, _ := netip.ParseAddr(inner) // what is none is not written back as it came
		// Browsers write ::ffff:c000:207 where Go writes ::ffff:192.0.2.7.
		return ok && consistsOf(inner, digits+"abcdef:") && (addr.Is4In6() || addr.String() == inner)
	}
	return consistsOf(host, lower+digits+"-._")
}

//starter:omit
const lower, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"

// consistsOf says whether s has bytes, and all of them are in set.
//
//starter:omit
func consistsOf(s, set string) bool { return s != "" && strings.Trim(s, set) == "" }
