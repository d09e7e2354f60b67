package ratelimit

import "barewire/solutions/04-keep-alive"

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
//
//starter:todo 8.6 Fields first, then one way or the other.
func (l *Limiter[K]) Middleware(key func(r *keepalive.Request) (K, bool)) keepalive.Middleware {
	if err := l.Policy.check(); err != nil {
		panic(err)
	}
	policy := string(l.Policy.AppendPolicy(nil))
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			k, ok := key(r)
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			result := l.Allow(k)
			buf := make([]byte, 0, 64)
			w.Header().Add("RateLimit-Policy", policy)
			w.Header().Add("RateLimit", string(l.Policy.AppendLimit(buf, result)))
			if !result.OK {
				w.Header().Set("Retry-After", string(AppendRetryAfter(buf, result.RetryAfter)))
				keepalive.Error(w, 429)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
