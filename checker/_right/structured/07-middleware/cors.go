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
	any, allowed := slices.Contains(c.AllowedOrigins, "*"), map[string]bool{}
	for _, origin := range c.AllowedOrigins {
		allowed[origin] = true
		if origin != "*" && origin != "null" && !isOrigin(origin) {
			panic(fmt.Sprintf("middleware: CORS: no browser sends the origin %q", origin))
		}
	}
	if len(allowed) == 0 {
		panic("middleware: CORS without an origin")
	}
	all := slices.Concat(c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders)
	if c.Credentials && (slices.Contains(all, "*") || allowed["null"]) {
		panic("middleware: CORS: credentials for everybody")
	}

	// The fields that do not depend on the origin, those with a value.
	type field struct{ name, value string }
	fields := func(list ...field) []field {
		return slices.DeleteFunc(list, func(f field) bool { return f.value == "" })
	}
	credentials, age := "", ""
	if c.Credentials {
		credentials = "true"
	}
	if c.MaxAge >= time.Second {
		age = strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	}
	const prefix = "Access-Control-"
	usual := fields(
		field{prefix + "Allow-Credentials", credentials},
		field{prefix + "Expose-Headers", strings.Join(c.ExposedHeaders, ", ")})
	preflight := fields(
		field{prefix + "Allow-Credentials", credentials},
		field{prefix + "Allow-Methods", strings.Join(c.AllowedMethods, ", ")},
		field{prefix + "Allow-Headers", strings.Join(c.AllowedHeaders, ", ")},
		field{prefix + "Max-Age", age})

	// value is what Allow-Origin says to a request, "" for nothing.
	value := func(origins [][]byte) string {
		switch {
		case any:
			return "*"
		case len(origins) == 1 && allowed[string(origins[0])]:
			return string(origins[0])
		}
		return ""
	}
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		origins := slices.Collect(r.Header.Values("Origin"))
		asks := r.Method == "OPTIONS" && len(origins) > 0 && r.Header.Has(prefix+"Request-Method")
		extra := usual
		if asks {
			extra = preflight
		}
		h := w.Header()
		if !any {
			h.Add("Vary", "Origin")
		}
		if v := value(origins); v != "" {
			h.Set(prefix+"Allow-Origin", v)
			for _, f := range extra {
				h.Set(f.name, f.value)
			}
		}
		if asks {
			w.WriteHeader(204)
			return
		}
		next(w)
	})
}

var originForm = regexp.MustCompile(`\A([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?\z`)

// isOrigin says whether a browser could send s as an Origin.
func isOrigin(s string) bool {
	m := originForm.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	scheme, host, port := m[1], m[2], m[3]
	if text, ok := strings.CutPrefix(host, "["); ok {
		text = strings.TrimSuffix(text, "]")
		ip, err := netip.ParseAddr(text)
		shortest := ip.String()
		if ip.Is4In6() { // browsers know no dots in it
			b := ip.As16()
			shortest = fmt.Sprintf("::ffff:%x:%x", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15]))
		}
		if err != nil || shortest != text {
			return false
		}
	}
	if n, _ := strconv.Atoi(port); n > 65535 {
		return false
	}
	return port != map[string]string{"http": "80", "https": "443"}[scheme] || port == ""
}
