package middleware

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
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
func (c CORS) Middleware() keepalive.Middleware {
	p := newCORSPolicy(c)
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			h := w.Header()
			if !p.any {
				h.Add("Vary", "Origin")
			}
			if r.Method == "OPTIONS" && r.Header.Has("Origin") && r.Header.Has("Access-Control-Request-Method") {
				p.allow(h, &r.Header, p.preflight)
				w.WriteHeader(204)
				return
			}
			p.allow(h, &r.Header, p.others)
			next.ServeHTTP(w, r)
		})
	}
}

// A corsPolicy is a CORS that has been checked, and what it says.
type corsPolicy struct {
	any               bool
	origins           map[string]bool
	preflight, others [][2]string // fields where the origin is allowed
}

func newCORSPolicy(c CORS) *corsPolicy {
	p := &corsPolicy{origins: make(map[string]bool)}
	if len(c.AllowedOrigins) == 0 {
		panic("middleware: CORS for no origin")
	}
	if c.Credentials && (slices.Contains(c.AllowedOrigins, "null") || slices.Contains(slices.Concat(c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders), "*")) {
		panic("middleware: CORS with credentials for everybody")
	}
	for _, origin := range c.AllowedOrigins {
		switch {
		case origin == "*":
			p.any = true
		case origin != "null" && !isOrigin(origin):
			panic(fmt.Sprintf("middleware: CORS for %q, which no browser sends as an origin", origin))
		}
		p.origins[origin] = true
	}
	add := func(to *[][2]string, name, value string) {
		if value != "" {
			*to = append(*to, [2]string{"Access-Control-" + name, value})
		}
	}
	if c.Credentials {
		add(&p.preflight, "Allow-Credentials", "true")
		add(&p.others, "Allow-Credentials", "true")
	}
	add(&p.preflight, "Allow-Methods", strings.Join(c.AllowedMethods, ", "))
	add(&p.preflight, "Allow-Headers", strings.Join(c.AllowedHeaders, ", "))
	if seconds := int64(c.MaxAge / time.Second); seconds > 0 {
		add(&p.preflight, "Max-Age", strconv.FormatInt(seconds, 10))
	}
	add(&p.others, "Expose-Headers", strings.Join(c.ExposedHeaders, ", "))
	return p
}

// allow adds fields to a response if the origin of its request is allowed.
func (p *corsPolicy) allow(to, from *message.Header, fields [][2]string) {
	origin := "*"
	if !p.any {
		sent, ok := only(from, "Origin")
		if !ok || !p.origins[string(sent)] {
			return
		}
		origin = string(sent)
	}
	to.Set("Access-Control-Allow-Origin", origin)
	for _, f := range fields {
		to.Set(f[0], f[1])
	}
}

// isOrigin says whether a browser would write an origin like this.
func isOrigin(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" || scheme[0] < 'a' {
		return false
	}
	host, port, hasPort := rest, "", false
	if strings.HasPrefix(rest, "[") {
		var address string
		if address, port, ok = strings.Cut(rest[1:], "]"); !ok || !isShortIPv6(address) {
			return false
		}
		if port != "" {
			if port, hasPort = strings.CutPrefix(port, ":"); !hasPort {
				return false
			}
		}
	} else {
		host, port, hasPort = strings.Cut(rest, ":")
		if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
			return false
		}
	}
	if !hasPort {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port && !(scheme == "http" && n == 80) && !(scheme == "https" && n == 443)
}

// isShortIPv6 says whether an address is written as browsers write it, which is that
// of RFC 5952 but never with an IPv4 address in it.
func isShortIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return false
	}
	if b := a.As16(); a.Is4In6() {
		return s == fmt.Sprintf("::ffff:%x:%x", uint(b[12])<<8|uint(b[13]), uint(b[14])<<8|uint(b[15]))
	}
	return s == a.String()
}
