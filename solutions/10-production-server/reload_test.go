package server_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/10-production-server"
)

// The log says when another certificate has taken the place of the one before.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := withTLS(t)
		var log bytes.Buffer
		c, err := server.LoadCertificate(cfg.CertFile, cfg.KeyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		look := func(what string, lines int) {
			t.Helper()
			time.Sleep(time.Minute)
			if _, err := c.Get(nil); err != nil {
				t.Error(err)
			}
			if want := `level=INFO msg="server: certificate read again" file=` + cfg.CertFile + "\n"; strings.Count(log.String(), want) != lines || strings.Count(log.String(), "\n") != lines {
				t.Errorf("%s: the log has %q, want %d times %q", what, log.String(), lines, want)
			}
		}
		look("nothing has changed", 0)
		if err := os.Chtimes(cfg.CertFile, time.Time{}, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
		look("another time", 1)
		look("nothing more", 1)
	})
}
