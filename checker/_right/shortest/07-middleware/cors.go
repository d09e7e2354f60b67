package middleware

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	origins := slices.Clone(c.AllowedOrigins)
	if len(origins) == 0 {
		panic("middleware: CORS without origins")
	}
	for _, o := range origins {
		if !isOrigin(o) {
			panic("middleware: CORS: no browser sends the origin " + o)
		}
	}
	if all := slices.Concat(origins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders); c.Credentials &&
		(slices.Contains(all, "*") || slices.Contains(origins, "null")) {
		panic("middleware: CORS: Credentials for everybody")
	}
	age := ""
	if c.MaxAge >= time.Second {
		age = strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	}
	methods, headers, exposed := strings.Join(c.AllowedMethods, ", "), strings.Join(c.AllowedHeaders, ", "), strings.Join(c.ExposedHeaders, ", ")
	return around(func(w keepalive.ResponseWriter, r *keepalive.Request, next keepalive.Handler) {
		set := func(name, value string) {
			if value != "" {
				w.Header().Set("Access-Control-"+name, value)
			}
		}
		sent := slices.Collect(r.Header.Values("Origin"))
		preflight := r.Method == "OPTIONS" && len(sent) > 0 && r.Header.Has("Access-Control-Request-Method")
		allowed := ""
		if slices.Contains(origins, "*") {
			allowed = "*"
		} else {
			addVary(w.Header(), "Origin")
			if len(sent) == 1 && slices.Contains(origins, string(sent[0])) {
				allowed = string(sent[0])
			}
		}
		if allowed != "" {
			set("Allow-Origin", allowed)
			if c.Credentials {
				set("Allow-Credentials", "true")
			}
			if preflight {
				set("Allow-Methods", methods)
				set("Allow-Headers", headers)
				set("Max-Age", age)
			} else {
				set("Expose-Headers", exposed)
			}
		}
		if preflight {
			w.WriteHeader(204)
			return
		}
		next.ServeHTTP(w, r)
	})
}

var origin = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://(?:[a-z0-9._-]+|\[([0-9a-f:]+)\])(?::([1-9][0-9]*))?$`)

func isOrigin(s string) bool {
	m := origin.FindStringSubmatch(s)
	if m == nil {
		return s == "*" || s == "null"
	}
	scheme, ip, port := m[1], m[2], m[3]
	if ip != "" {
		addr, _ := netip.ParseAddr(ip)
		shortest := addr.String()
		if b := addr.As16(); addr.Is4In6() { // browsers write no dots
			shortest = fmt.Sprintf("::ffff:%x:%x", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15]))
		}
		if ip != shortest {
			return false
		}
	}
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && scheme+port != "http80" && scheme+port != "https443"
}
