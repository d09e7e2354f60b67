package server_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"barewire/solutions/07-middleware"
	"barewire/solutions/10-production-server"
)

// What is wrong with a configuration, and what a shutdown has cut off, is for people to read.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  server.Config
		want []string
	}{
		{"many faults", server.Config{
			Addr: "x", AdminAddr: "y:z:1", CertFile: "c", MinWorkers: 5, MaxWorkers: 3, RateQuota: 2, ProxyProtocol: true, MaxConns: -1, IdleTimeout: -time.Second,
			CORS: middleware.CORS{Credentials: true, AllowedOrigins: []string{"https://a", "*"}},
		}, []string{
			"server: Config.MaxConns: is -1; it cannot be negative",
			"server: Config.IdleTimeout: is -1s; it cannot be negative",
			"server: Config.Addr: \"x\" is not a host and a port, such as 127.0.0.1:8080",
			"server: Config.AdminAddr: \"y:z:1\" is not a host and a port, such as 127.0.0.1:8080",
			"server: Config.KeyFile: is missing; a certificate and its key go together",
			"server: Config.MinWorkers: is 5, and MaxWorkers is 3",
			"server: Config.RateWindow: is missing; 2 requests in which time?",
			"server: Config.ProxyProtocol: is on, and nobody is trusted: name the proxies in Proxies",
			"server: Config.CORS: allows credentials for every origin, which browsers refuse",
		}},
		{"the other halves", server.Config{RateWindow: time.Minute, KeyFile: "k"}, []string{
			"server: Config.CertFile: is missing; a certificate and its key go together",
			"server: Config.RateQuota: is missing; how many requests in 1m0s?",
		}},
	} {
		if err := c.cfg.Validate(); err == nil || err.Error() != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n%v\nwant:\n%s", c.name, err, strings.Join(c.want, "\n"))
		}
	}
	for n, want := range []string{"0 connections", "1 connection", "2 connections"} {
		err := &server.CutError{Connections: n, Cause: context.Canceled}
		if want = "server: shutdown: " + want + " cut off: context canceled"; err.Error() != want {
			t.Errorf("%s; want %s", err, want)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the cause is not to be found", err)
		}
	}
	if (server.Config{}).OrDefaults().ErrorLog != slog.Default() {
		t.Error("nobody is told of errors")
	}
}
