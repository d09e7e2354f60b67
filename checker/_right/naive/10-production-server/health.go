package server

import (
	"slices"
	"sync"

	"barewire/steps/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
	mu     sync.Mutex
	ready  bool
	checks []healthCheck
}

type healthCheck struct {
	name string
	f    func() error
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
func (h *Health) SetReady(ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = ready
}

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
func (h *Health) Check(name string, f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, healthCheck{name, f})
}

// report asks all checks.
func (h *Health) report() (ready bool, results map[string]string) {
	h.mu.Lock()
	ready = h.ready
	checks := slices.Clone(h.checks)
	h.mu.Unlock()
	results = map[string]string{}
	for _, c := range checks {
		if err := c.f(); err != nil {
			ready = false
			results[c.name] = err.Error()
		} else if results[c.name] == "" {
			results[c.name] = "ok"
		}
	}
	return ready, results
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
	path := string(r.Target.Path)
	if path == "/livez" {
		keepalive.Text(w, 200, "ok\n")
		return
	}
	if path != "/readyz" && path != "/healthz" {
		keepalive.Error(w, 404)
		return
	}
	ready, checks := h.report()
	status, text := 200, "ok\n"
	if !ready {
		status, text = 503, "not ready\n"
	}
	if path == "/readyz" {
		keepalive.Text(w, status, text)
		return
	}
	keepalive.JSON(w, status, struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{ready, checks})
}
