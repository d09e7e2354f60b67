package ratelimit

import (
	"fmt"
	"strings"

	"barewire/steps/04-keep-alive"
)

// Middleware returns a middleware that lets the requests through which the policy
// allows, and answers the others with 429 (RFC 6585 §4) and Retry-After (RFC 9110
// §10.2.3). Both kinds of response have the fields RateLimit-Policy and RateLimit,
// which are added, not set: with one limiter around another, a response tells of
// both, and the handler may say more.
//
// key returns the key of the client that sent a request, or false if this request
// is not limited, such as that of a health check; then nothing is counted and no
// field is added. [Proxies.Key] is one.
//
// It panics if the policy cannot work: a quota that is not between 1 and MaxQuota,
// a window that is not above 0, or a name that is not visible ASCII and spaces.
func (l *Limiter[K]) Middleware(key func(r *keepalive.Request) (K, bool)) keepalive.Middleware {
	p := l.Policy
	if p.Quota < 1 || p.Quota > MaxQuota || p.Window <= 0 || strings.ContainsFunc(p.Name, func(c rune) bool { return c < ' ' || c > '~' }) {
		panic(fmt.Sprintf("ratelimit: a policy that cannot work: %+v", p))
	}
	policy := string(p.AppendPolicy(nil))
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if k, limited := key(r); limited {
				res := l.Allow(k)
				w.Header().Add("RateLimit-Policy", policy)
				w.Header().Add("RateLimit", string(p.AppendLimit(nil, res)))
				if !res.OK {
					w.Header().Set("Retry-After", string(AppendRetryAfter(nil, res.RetryAfter)))
					keepalive.Error(w, 429)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}
