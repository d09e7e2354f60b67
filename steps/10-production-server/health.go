package server

import (
	"barewire/steps/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
func (h *Health) SetReady(ready bool) {
	// TODO 10.8: One bit, which several goroutines read.
}

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
func (h *Health) Check(name string, f func() error) {
	// TODO 10.8: A list of checks under a lock.
}

// ServeHTTP answers the questions of Kubernetes and of people:
//
//	/livez    200 as long as this program can answer at all, with any text
//	/readyz   200 if it is ready and every check passes, and otherwise 503, with any text
//	/healthz  the same with JSON: {"ready":true,"checks":{"disk":"ok"}}
//
// Every other path is a 404. The answers are not for caches (RFC 9111 §5.2.2.5).
func (h *Health) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	// TODO 10.8: Three paths. What would a cache do to them?
}
