package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"barewire/solutions/07-middleware"
)

// A client that speaks HTTP where there is TLS is told so, and reads all of it, whatever
// it has sent; the access log has a line of it. To what is no HTTP nothing is said.
func TestPlain(t *testing.T) {
	const head = "HTTP/1.1 400 Bad Request\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\nConnection: close\r\n\r\n"
	for _, r := range []struct{ name, send, want, log string }{
		{"GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", head + "This port speaks HTTPS.\n", "status=400 bytes=24 "},
		{"much", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n" + strings.Repeat("x", 10_000), head + "This port speaks HTTPS.\n", "status=400 bytes=24 "},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", head, "status=400 bytes=24 "},
		{"no HTTP", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "", ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			var log bytes.Buffer
			cfg := withTLS(t)
			cfg.AccessLog = middleware.AccessLog(slog.New(slog.NewTextHandler(&log, nil)))
			srv, addr := onSocket(t, cfg)
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(nc, r.send)
			all, err := io.ReadAll(nc)
			got := string(all)
			if _, date, ok := strings.Cut(got, "Date: "); ok {
				date, _, _ = strings.Cut(date, "\r\n")
				if _, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", date); err != nil {
					t.Error(err)
				}
				got = strings.Replace(got, date, "D", 1)
			}
			if got != r.want || err != nil && r.want != "" {
				t.Errorf("the client reads %q, %v; want %q", got, err, r.want)
			}
			nc.Close()
			for end := time.Now().Add(5 * time.Second); srv.Metrics.Conns.Stats().Open > 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			if !strings.Contains(log.String(), r.log) || r.log == "" && log.Len() > 0 {
				t.Errorf("the log has %q, want %q", log.String(), r.log)
			}
		})
	}
}
