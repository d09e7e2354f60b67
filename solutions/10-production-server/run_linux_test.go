package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// freeAddr is an address of this machine where nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln := listenAt(t, "127.0.10.10:0") // which only these tests use
	ln.Close()
	return ln.Addr().String()
}

func listenAt(t *testing.T, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// Run serves where the Config says, until it is told to stop.
func TestRun(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for _, r := range []struct {
		name  string
		admin bool
	}{{"with an address for health", true}, {"without", false}} {
		cfg := server.Config{Addr: freeAddr(t), ErrorLog: quiet}
		paths := []string{"http://" + cfg.Addr + "/none"}
		if r.admin {
			cfg.AdminAddr = freeAddr(t)
			paths = append(paths, "http://"+cfg.AdminAddr+"/livez")
		}
		srv, err := server.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- srv.Run(ctx) }()
		transport := &http.Transport{Proxy: nil}
		client := &http.Client{Transport: transport}
		got := ""
		for _, url := range paths {
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				res, err := client.Get(url)
				if err == nil {
					res.Body.Close()
					got += res.Status + " "
					break
				}
			}
		}
		if want := "404 Not Found 200 OK "; !strings.HasPrefix(want, got) || len(strings.Fields(got)) != 3*len(paths)-map[bool]int{true: 1}[r.admin] {
			t.Errorf("%s: the answers are %q, want %q", r.name, got, want)
		}
		transport.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: Run returned %v", r.name, err)
		}
	}

	entered, release := make(chan bool), make(chan bool)
	cfg := server.Config{Addr: freeAddr(t), ErrorLog: quiet, ShutdownTimeout: time.Millisecond}
	cfg.Handler = keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {
		close(entered)
		<-release
	})
	srv, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if nc, err := net.Dial("tcp", cfg.Addr); err == nil {
				defer nc.Close()
				io.WriteString(nc, getOf("/"))
				<-entered
			}
			time.Sleep(time.Millisecond)
			select {
			case <-entered:
				cancel()
			default:
			}
		}
	}()
	if err := srv.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a request that does not end, Run returns %v", err)
	}
	close(release)

	taken := listenAt(t, "127.0.10.10:0")
	defer taken.Close()
	for _, cfg := range []server.Config{{Addr: taken.Addr().String()}, {Addr: freeAddr(t), AdminAddr: taken.Addr().String()}} {
		cfg.ErrorLog = quiet
		srv, err := server.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Run(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("where somebody listens, Run returns %v", err)
		}
		if cfg.AdminAddr != "" {
			listenAt(t, cfg.Addr).Close() // which Run has left
		}
	}

	if srv, err = server.New(server.Config{ErrorLog: quiet}); err != nil {
		t.Fatal(err)
	}
	ln := listenAt(t, "127.0.10.10:0")
	ln.Close()
	if err := srv.RunOn(t.Context(), ln, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("on a listener that is closed, RunOn returns %v", err)
	}
}
