package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"

	"barewire/checker/conformance"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// TestConformance sends the collection of checker/conformance to the server: each
// answer is one that the RFC allows, and the strictest one where there is a choice.
func TestConformance(t *testing.T) {
	cases, err := conformance.Load()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Config{
		ErrorLog: slog.New(slog.DiscardHandler),
		Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			content, err := r.Content()
			if err != nil {
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintf(w, "method %s\ntarget %s\n", r.Method, r.Target.Raw)
			for name, value := range r.Header.All() {
				fmt.Fprintf(w, "field %s: %s\n", name, value)
			}
			fmt.Fprintf(w, "content %q\n", content)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Shutdown(context.Background()) })
	wrong := conformance.TryAll(context.Background(), ln.Addr().String(), cases, true)
	for i := range cases {
		c := &cases[i]
		t.Run(c.Group+"/"+c.Name, func(t *testing.T) {
			if wrong := wrong[i]; wrong != "" {
				t.Errorf("%s: %s\n%s (%s): %s\nsent %q", c.File, wrong, c.Section, c.Verb, c.Why, c.Sent())
			}
		})
	}
}
