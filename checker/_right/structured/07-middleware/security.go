package middleware

import (
	"cmp"
	"strconv"
	"time"

	"barewire/steps/04-keep-alive"
)

// What [SecurityHeaders] says where it is told nothing else.
const (
	// DefaultContentSecurityPolicy lets a page load from its own server only,
	// without scripts in the page itself, and lets no page of others frame it.
	DefaultContentSecurityPolicy = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"

	// DefaultReferrerPolicy tells other sites the origin and not the path, and
	// nothing where that would leave TLS.
	DefaultReferrerPolicy = "strict-origin-when-cross-origin"

	// DefaultFrameOptions is for browsers too old for frame-ancestors.
	DefaultFrameOptions = "DENY"
)

// SecurityHeaders are response fields that make browsers take fewer liberties. In
// each string, "" stands for the default and "-" for no such field.
type SecurityHeaders struct {
	ContentSecurityPolicy string // DefaultContentSecurityPolicy
	ReferrerPolicy        string // DefaultReferrerPolicy
	FrameOptions          string // DefaultFrameOptions

	// HSTS is how long browsers must use TLS for this host, in whole seconds
	// (RFC 6797). Below one second nothing is said, for max-age=0 would take back
	// what was said before. Mind that a browser that was told cannot
	// be told otherwise over plain HTTP. Set it only on a server that is
	// reached over TLS.
	HSTS time.Duration

	HSTSSubdomains bool // HSTS is for all hosts below this one too
}

// Middleware sets the fields before the handler is called, so that the handler can
// set others or delete them; a field that is there already is left as it is. They
// are Content-Security-Policy, Referrer-Policy, X-Frame-Options,
// "X-Content-Type-Options: nosniff", and Strict-Transport-Security with max-age, and
// includeSubDomains if that is wanted, where HSTS is one second or more.
func (s SecurityHeaders) Middleware() keepalive.Middleware {
	hsts := "-"
	if s.HSTS >= time.Second {
		hsts = "max-age=" + strconv.FormatInt(int64(s.HSTS/time.Second), 10)
		if s.HSTSSubdomains {
			hsts += "; includeSubDomains"
		}
	}
	fields := [][2]string{
		{"Content-Security-Policy", cmp.Or(s.ContentSecurityPolicy, DefaultContentSecurityPolicy)},
		{"Referrer-Policy", cmp.Or(s.ReferrerPolicy, DefaultReferrerPolicy)},
		{"X-Frame-Options", cmp.Or(s.FrameOptions, DefaultFrameOptions)},
		{"X-Content-Type-Options", "nosniff"},
		{"Strict-Transport-Security", hsts},
	}
	return each(func(w keepalive.ResponseWriter, r *keepalive.Request, next func(keepalive.ResponseWriter)) {
		for _, f := range fields {
			if f[1] != "-" && !w.Header().Has(f[0]) {
				w.Header().Set(f[0], f[1])
			}
		}
		next(w)
	})
}
