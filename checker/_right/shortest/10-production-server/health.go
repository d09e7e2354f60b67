package server

import (
	"sync"
	"sync/atomic"

	"barewire/steps/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
	ready  atomic.Bool
	mu     sync.Mutex
	checks []check
}

type check struct {
	name string
	f    func() error
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
func (h *Health) Check(name string, f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, check{name, f})
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
	switch path {
	case "/readyz", "/healthz":
	case "/livez":
		keepalive.Text(w, 200, "ok\n")
		return
	default:
		keepalive.Error(w, 404)
		return
	}
	var answer struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}
	answer.Ready, answer.Checks = h.ready.Load(), map[string]string{}
	h.mu.Lock()
	checks := h.checks
	h.mu.Unlock()
	for _, c := range checks {
		answer.Checks[c.name] = "ok"
		if err := c.f(); err != nil {
			answer.Ready, answer.Checks[c.name] = false, err.Error()
		}
	}
	status, text := 503, "not ready\n"
	if answer.Ready {
		status, text = 200, "ok\n"
	}
	if path == "/readyz" {
		keepalive.Text(w, status, text)
	} else {
		keepalive.JSON(w, status, answer)
	}
}
