package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"

	"barewire/checker/conformance"
	"barewire/checker/conformance/cases"
	"barewire/checker/conformance/mirror"
	"barewire/solutions/10-production-server"
)

// TestConformance sends the collection of checker/conformance to the server: each
// answer is one that the RFC allows, and the strictest one where there is a choice.
func TestConformance(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := conformance.WriteFile(folder); err != nil {
		t.Fatal(err)
	}
	handler, stop, err := mirror.Handler(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, goroutines := range []bool{false, true} {
		srv, err := server.New(server.Config{
			ErrorLog:   slog.New(slog.DiscardHandler),
			Handler:    handler,
			Goroutines: goroutines,
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
		wrong := conformance.TryAll(context.Background(), ln.Addr().String(), all, true)
		for i := range all {
			c := &all[i]
			t.Run(fmt.Sprintf("%s/%s/goroutines=%t", c.Group, c.Name, goroutines), func(t *testing.T) {
				if wrong := wrong[i]; wrong != "" {
					t.Errorf("%s: %s\n%s (%s): %s\nsent %q", c.File, wrong, c.Section, c.Verb, c.Why, c.Sent())
				}
			})
		}
	}
}
