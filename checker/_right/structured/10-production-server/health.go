package server

import (
	"maps"
	"sync"
	"sync/atomic"

	"barewire/steps/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
	ready atomic.Bool

	mu     sync.Mutex
	checks map[string]func() error
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
func (h *Health) Check(name string, f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]func() error{}
	}
	h.checks[name] = f
}

// A condition is what /healthz says.
type condition struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"`
}

func (h *Health) condition() condition {
	h.mu.Lock()
	checks := maps.Clone(h.checks)
	h.mu.Unlock()
	c := condition{h.ready.Load(), map[string]string{}}
	for name, check := range checks {
		c.Checks[name] = "ok"
		if err := check(); err != nil {
			c.Ready, c.Checks[name] = false, err.Error()
		}
	}
	return c
}

// ServeHTTP answers the questions of Kubernetes and of people:
//
//	/livez    200 as long as this program can answer at all, with any text
//	/readyz   200 if it is ready and every check passes, and otherwise 503, with any text
//	/healthz  the same with JSON: {"ready":true,"checks":{"disk":"ok"}}
//
// Every other path is a 404. The answers are not for caches (RFC 9111 §5.2.2.5).
func (h *Health) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	answer := healthPages[r.Path()]
	if answer == nil {
		keepalive.Error(w, 404)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(h, w)
}

var healthPages = map[string]func(h *Health, w keepalive.ResponseWriter){
	"/livez": func(_ *Health, w keepalive.ResponseWriter) { keepalive.Text(w, 200, "ok\n") },
	"/readyz": func(h *Health, w keepalive.ResponseWriter) {
		text := map[bool]string{true: "ok\n", false: "not ready\n"}
		c := h.condition()
		keepalive.Text(w, c.status(), text[c.Ready])
	},
	"/healthz": func(h *Health, w keepalive.ResponseWriter) {
		c := h.condition()
		keepalive.JSON(w, c.status(), c)
	},
}

func (c condition) status() int {
	if c.Ready {
		return 200
	}
	return 503
}
