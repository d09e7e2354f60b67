package server_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/10-production-server"
)

// Content that no handler has read is dropped after the response. It does not begin the
// next request: the connection is idle behind it.
func TestDrainedIsIdle(t *testing.T) {
	for _, r := range []struct {
		name string
		tls  bool
	}{{"on a connection", false}, {"over TLS", true}} {
		t.Run(r.name, func(t *testing.T) {
			var cfg server.Config
			if r.tls {
				cfg = withTLS(t)
			}
			onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
				nc := d.call()
				defer nc.Close()
				below := nc
				if r.tls {
					nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
				}
				drained := func() {
					request := fmt.Sprintf("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", server.MaxAhead+5)
					if got := ask(nc, request+strings.Repeat("a", server.MaxAhead)); got != 200 {
						t.Fatalf("POST /ignore: %d, want 200", got)
					}
					io.WriteString(nc, "hello") // which Workers has not read
					synctest.Wait()
				}
				drained()
				if s := srv.Metrics.Conns.Stats(); s.Open != 1 || s.Idle != 1 {
					t.Errorf("%d connections, %d of them idle; want 1, 1: its request is over, and it can make room", s.Open, s.Idle)
				}
				time.Sleep(30 * time.Second) // MinRate is not for the time between requests
				drained()
				gone := make(chan time.Time, 1)
				go func() {
					io.Copy(io.Discard, nc)
					gone <- time.Now()
				}()
				begun := time.Now()
				srv.Shutdown(context.Background())
				if took := (<-gone).Sub(begun); took > time.Second {
					t.Errorf("Shutdown waited for %v; want less than a second: nothing is in progress", took)
				}
				below.Close()
			})
		})
	}
}
