package server

import (
	"sync"
	"sync/atomic"

	"barewire/solutions/04-keep-alive"
)

// Health says how the server is, to whoever decides whether it gets requests and
// whether it should be started anew. The zero value is alive and not ready.
type Health struct {
	//starter:omit
	ready atomic.Bool
	//starter:omit
	mu sync.Mutex
	//starter:omit
	checks []check
}

//starter:omit
type check struct {
	name string
	f    func() error
}

// SetReady says that the server takes requests, or no longer does. It turns false
// before the server stops accepting, so that balancers learn of it in time.
//
//starter:todo 10.8 One bit, which several goroutines read.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Check adds a check: a server whose f returns an error is not ready. It is called
// for each question, so f must be quick.
//
//starter:todo 10.8 A list of checks under a lock.
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
//
//starter:todo 10.8 Three paths. What would a cache do to them?
func (h *Health) ServeHTTP(w keepalive.ResponseWriter, r *keepalive.Request) {
	w.Header().Set("Cache-Control", "no-store")
	path := r.Path()
	if path == "/livez" {
		keepalive.Text(w, 200, "ok\n")
		return
	}
	if path != "/readyz" && path != "/healthz" {
		keepalive.Error(w, 404)
		return
	}
	report := struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{h.ready.Load(), map[string]string{}}
	h.mu.Lock()
	checks := h.checks
	h.mu.Unlock()
	for _, c := range checks {
		report.Checks[c.name] = "ok"
		if err := c.f(); err != nil {
			report.Checks[c.name] = err.Error()
			report.Ready = false
		}
	}
	status, word := 200, "ok\n"
	if !report.Ready {
		status, word = 503, "not ready\n"
	}
	if path == "/healthz" {
		keepalive.JSON(w, status, report)
		return
	}
	keepalive.Text(w, status, word)
}
