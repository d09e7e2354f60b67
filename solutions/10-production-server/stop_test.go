package server_test

import (
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/10-production-server"
)

// What stands before the first request has half a second left when the server stops: it may
// be on its way.
func TestStop_BeforeTheFirstRequest(t *testing.T) {
	for _, r := range []struct {
		name string
		cfg  server.Config
		from string
	}{{"a TLS handshake", withTLS(t), "192.0.2.7"}, {"a PROXY header", proxied(), "192.0.2.9"}} {
		t.Run(r.name, func(t *testing.T) {
			r.cfg.HeaderTimeout = time.Minute
			onFakeClock(t, r.cfg, func(t *testing.T, srv *server.Server, d *door) {
				nc := d.callFrom(r.from)
				defer nc.Close()
				synctest.Wait()
				begun := time.Now()
				if err := srv.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took != server.MinIdle {
					t.Errorf("Shutdown took %v, want %v", took, server.MinIdle)
				}
			})
		})
	}
}

// A TLS connection that has been idle for too long ends with a farewell (RFC 9112 §9.8): without it, its client would have to
// take the response for one that was cut off.
func TestStop_Farewell(t *testing.T) {
	cfg := withTLS(t)
	cfg.IdleTimeout = time.Minute
	onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
		below := d.call()
		defer below.Close()
		nc := tls.Client(below, anyCert)
		io.WriteString(nc, "GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
		all, err := io.ReadAll(nc)
		if !strings.HasSuffix(string(all), "\r\n\r\nshort") || err != nil {
			t.Errorf("the client reads %q, %v", all, err)
		}
	})
}
