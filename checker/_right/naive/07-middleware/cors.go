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
	c.check()
	anyOrigin := slices.Contains(c.AllowedOrigins, "*")
	origins := slices.Clone(c.AllowedOrigins)
	methods := strings.Join(c.AllowedMethods, ", ")
	headers := strings.Join(c.AllowedHeaders, ", ")
	exposed := strings.Join(c.ExposedHeaders, ", ")

	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			sent := slices.Collect(r.Header.Values("Origin"))
			allowed := ""
			if anyOrigin {
				allowed = "*"
			} else {
				w.Header().Add("Vary", "Origin")
				if len(sent) == 1 && slices.Contains(origins, string(sent[0])) {
					allowed = string(sent[0])
				}
			}

			set := func(name, value string) {
				if allowed != "" && value != "" {
					w.Header().Set(name, value)
				}
			}
			set("Access-Control-Allow-Origin", allowed)
			if c.Credentials {
				set("Access-Control-Allow-Credentials", "true")
			}
			if r.Method == "OPTIONS" && len(sent) > 0 && r.Header.Has("Access-Control-Request-Method") {
				set("Access-Control-Allow-Methods", methods)
				set("Access-Control-Allow-Headers", headers)
				if c.MaxAge >= time.Second {
					set("Access-Control-Max-Age", fmt.Sprint(int64(c.MaxAge/time.Second)))
				}
				w.WriteHeader(204)
				return
			}
			set("Access-Control-Expose-Headers", exposed)
			next.ServeHTTP(w, r)
		})
	}
}

// check panics where c contradicts itself.
func (c CORS) check() {
	if len(c.AllowedOrigins) == 0 {
		panic("middleware: CORS without an origin")
	}
	for _, origin := range c.AllowedOrigins {
		if origin != "*" && origin != "null" && !isOrigin(origin) {
			panic(fmt.Sprintf("middleware: CORS with %q, which is no origin as browsers write it", origin))
		}
	}
	if !c.Credentials {
		return
	}
	for _, list := range [][]string{c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders} {
		if slices.Contains(list, "*") {
			panic("middleware: CORS with * and credentials")
		}
	}
	if slices.Contains(c.AllowedOrigins, "null") {
		panic("middleware: CORS with null and credentials")
	}
}

var (
	schemePattern = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	hostPattern   = regexp.MustCompile(`^[a-z0-9._-]+$`)
	portPattern   = regexp.MustCompile(`^[1-9][0-9]*$`)
	numberPattern = regexp.MustCompile(`^([0-9]+|0x[0-9a-f]*)$`)
)

// isOrigin says whether a browser could send s as an origin.
func isOrigin(s string) bool {
	scheme, rest, found := strings.Cut(s, "://")
	if !found || !schemePattern.MatchString(scheme) {
		return false
	}
	host, port, hasPort := rest, "", false
	if strings.HasPrefix(rest, "[") {
		address, behind, closed := strings.Cut(rest[1:], "]")
		if !closed || !isShortIPv6(address) {
			return false
		}
		port, hasPort = strings.CutPrefix(behind, ":")
		if behind != "" && !hasPort {
			return false
		}
	} else {
		host, port, hasPort = strings.Cut(rest, ":")
		if !hostPattern.MatchString(host) {
			return false
		}
		labels := strings.Split(host, ".")
		if numberPattern.MatchString(labels[len(labels)-1]) {
			if _, err := netip.ParseAddr(host); err != nil { // for a browser it is an IPv4 address
				return false
			}
		}
	}
	if !hasPort {
		return true
	}
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil && portPattern.MatchString(port) &&
		!(scheme == "http" && port == "80") && !(scheme == "https" && port == "443")
}

func isShortIPv6(s string) bool {
	address, err := netip.ParseAddr(s)
	if err != nil || !address.Is6() || address.Zone() != "" {
		return false
	}
	if address.Is4In6() { // browsers write these as all others
		b := address.As16()
		return s == fmt.Sprintf("::ffff:%x:%x", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15]))
	}
	return s == address.String()
}
