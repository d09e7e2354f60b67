package server

import (
	"slices"
	"sync/atomic"

	"barewire/steps/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
	ready  atomic.Bool
	checks atomic.Pointer[[]check] // never changed, only replaced
}

type check struct {
	name string
	f    func() error
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
func (h *Health) SetReady(ready bool) {
	h.ready.Store(ready)
}

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
func (h *Health) Check(name string, f func() error) {
	for {
		old := h.checks.Load()
		var all []check
		if old != nil {
			all = slices.Clone(*old)
		}
		all = append(all, check{name, f})
		if h.checks.CompareAndSwap(old, &all) {
			return
		}
	}
}

// ServeHTTP answers the questions of Kubernetes and of people:
//
//	/livez    200 as long as this program can answer at all, with any text
//	/readyz   200 if it is ready and every check passes, and otherwise 503, with any text
//	/healthz  the same with JSON: {"ready":true,"checks":{"disk":"ok"}}
//
// Every other path is a 404. The answers are not for caches (RFC 9111 §5.2.2.5).
func (h *Health) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch string(r.Target.Path) {
	case "/livez":
		keepalive.Text(w, 200, "ok\n")
	case "/readyz":
		if ready, _ := h.report(); ready {
			keepalive.Text(w, 200, "ok\n")
		} else {
			keepalive.Text(w, 503, "not ready\n")
		}
	case "/healthz":
		status := 200
		ready, checks := h.report()
		if !ready {
			status = 503
		}
		keepalive.JSON(w, status, struct {
			Ready  bool              `json:"ready"`
			Checks map[string]string `json:"checks"`
		}{ready, checks})
	default:
		keepalive.Error(w, 404)
	}
}

// report asks all checks.
func (h *Health) report() (ready bool, checks map[string]string) {
	ready, checks = h.ready.Load(), map[string]string{}
	all := h.checks.Load()
	if all == nil {
		return ready, checks
	}
	for _, c := range *all {
		checks[c.name] = "ok"
		if err := c.f(); err != nil {
			ready, checks[c.name] = false, err.Error()
		}
	}
	return ready, checks
}
