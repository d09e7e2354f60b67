package server

import (
	"log/slog"
	"reflect"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
)

// What the zero Config stands for, and that what is set stays as it is.
func TestDefaults(t *testing.T) {
	want := Config{
		Addr: "127.0.0.1:8080", Limits: message.Limits{}.OrDefaults(), MaxConns: 10_000, MaxConnsPerClient: 256, MinRate: 240,
		HeaderTimeout: keepalive.DefaultHeaderTimeout, IdleTimeout: keepalive.DefaultIdleTimeout,
		BodyTimeout: keepalive.DefaultBodyTimeout, WriteTimeout: keepalive.DefaultWriteTimeout,
		ShutdownTimeout: 25 * time.Second, MaxWorkers: 512, Queue: 512, QueueTimeout: 5 * time.Second, ErrorLog: slog.Default(),
	}
	if got := (Config{}).OrDefaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	set := Config{
		Addr: "a:1", Limits: message.Limits{RequestLine: 1, HeaderSection: 2, Fields: 3, Content: 4}, MaxConns: 1, MaxConnsPerClient: 2, MinRate: 3,
		HeaderTimeout: 1, IdleTimeout: 2, BodyTimeout: 3, WriteTimeout: 4,
		ShutdownTimeout: 5, MaxWorkers: 4, Queue: 5, QueueTimeout: 6, ErrorLog: slog.New(slog.DiscardHandler),
	}
	if got := set.OrDefaults(); !reflect.DeepEqual(got, set) {
		t.Errorf("%+v\nwant\n%+v", got, set)
	}
}
