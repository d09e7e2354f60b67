//starter:omit

package server

import (
	"context"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
)

// This file is for the requests that no handler sees, since the connection refuses them.

// observer returns a function that counts and logs them as Handler does the others.
// Each of them ends its connection, so there are never more of them than there would be
// requests: a client that wants to fill the log does it faster with good ones.
func (s *Server) observer() func(r *keepalive.Request, status int, content string) {
	ms := []keepalive.Middleware{s.client, s.Metrics.Middleware()}
	if s.cfg.AccessLog != nil {
		ms = append(ms, s.cfg.AccessLog)
	}
	observed := middleware.Chain(ms...)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if a := r.Context().Value(refusal{}).(refusal); a.content != "" {
			keepalive.Text(w, a.status, a.content)
		} else {
			keepalive.Error(w, a.status)
		}
	}))
	return func(r *keepalive.Request, status int, content string) {
		r.SetContext(context.WithValue(r.Context(), refusal{}, refusal{status, content}))
		observed.ServeHTTP(new(nowhere), r)
	}
}

// A refusal is the answer to a refused request. The zero one is under which a context has
// it.
type refusal struct {
	status  int
	content string // that of keepalive.Error if it is empty
}

// refused is told of requests that the connection has answered.
func (s *Server) refused(r *keepalive.Request, status int) { s.observe(r, status, "") }

// nowhere is a ResponseWriter for an answer that somebody else has written.
type nowhere struct{ header message.Header }

func (w *nowhere) Header() *message.Header     { return &w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) Flush() error                { return nil }
