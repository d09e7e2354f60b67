package step10

import (
	"context"
	"time"

	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// newLive serves on the clock. The exam may call
//
//	listener  the name of the listener
//	conns     how many connections are open, and how many of them are idle
//	stop      Shutdown, which has some time
//
// and hears of "served" when Serve has returned.
func newLive(s *wire.Session, c Config) {
	cfg := c.server()
	cfg.ErrorLog = quiet
	srv, err := server.New(cfg)
	if err != nil {
		panic("New: " + err.Error())
	}
	routes(srv)
	ln := s.Listen()
	stop := func(within time.Duration) Ended {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		return endedBy(srv.Shutdown(ctx))
	}
	s.Defer(func() { stop(0) })
	go func() { s.Emit("served", endedBy(srv.Serve(ln))) }()
	wire.On(s, "listener", func(struct{}) string { return ln.Name })
	wire.On(s, "conns", func(struct{}) server.ConnStats {
		if srv.Metrics.Conns == nil {
			return server.ConnStats{}
		}
		return srv.Metrics.Conns.Stats()
	})
	wire.On(s, "stop", stop)
}
