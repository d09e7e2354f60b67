// Package server puts the course together: a server for the open internet, in which
// every part that one client could use up has a bound.
//
// It leaves out HTTP/2 and HTTP/3, and everything that an application would bring.
// The command barewire beside it is a server for files with all of it.
//
// Read config.go first: it is the list of everything that can be too much. Then
// server.go, the assembly; conns.go, who may be connected; workers.go, who may be
// served; metrics.go and health.go, what the operator sees; and proxy.go and
// certificate.go, what stands between the client and the first byte of HTTP.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/04-keep-alive"
	"barewire/steps/05-thread-pool"
	"barewire/steps/06-routing"
)

// ErrServerClosed is what Serve returns after Shutdown.
var ErrServerClosed = echo.ErrServerClosed

// A Server is an HTTP/1.1 server. Routes are registered on it before it serves:
//
//	srv, err := server.New(server.Config{Addr: "127.0.0.1:8080"})
//	srv.HandleFunc("GET /users/{id}", showUser)
//	err = srv.Run(ctx)
type Server struct {
	router.Router // where there is no Config.Handler

	Health  Health
	Metrics Metrics

	cfg      Config
	conns    *Conns
	pool     *pool.Pool
	tls      *tls.Config // nil without
	handler  keepalive.Handler
	http     *keepalive.Server
	accepts  echo.Server
	admin    echo.Server
	mu       sync.Mutex
	stopping bool
}

// New makes a server of a Config. The error is that of Validate, or a *ConfigError
// about CertFile that says why the certificate and its key cannot be used.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.OrDefaults()
	s := &Server{cfg: cfg}
	if cfg.CertFile != "" {
		cert, err := LoadCertificate(cfg.CertFile, cfg.KeyFile, cfg.ErrorLog)
		if err != nil {
			return nil, &ConfigError{"CertFile", err.Error()}
		}
		s.tls = &tls.Config{GetCertificate: cert.Get, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	}
	s.conns = &Conns{Max: cfg.MaxConns, MaxPerClient: cfg.MaxConnsPerClient, Trusted: cfg.Proxies.Trusted, MinRate: cfg.MinRate, Grace: cfg.HeaderTimeout}
	s.pool = pool.New(pool.Config{Min: cfg.MinWorkers, Max: cfg.MaxWorkers, Queue: cfg.Queue, ErrorLog: cfg.ErrorLog})
	s.Metrics.Conns, s.Metrics.Pool = s.conns, s.pool
	s.handler = s.assemble()
	s.http = &keepalive.Server{
		Handler: s.handler, Limits: cfg.Limits,
		HeaderTimeout: cfg.HeaderTimeout, IdleTimeout: cfg.IdleTimeout, BodyTimeout: cfg.BodyTimeout, WriteTimeout: cfg.WriteTimeout,
		ErrorLog: cfg.ErrorLog, Refused: s.refused(),
	}
	s.accepts = echo.Server{Handler: s.serve, ErrorLog: cfg.ErrorLog}
	admin := &keepalive.Server{Handler: keepalive.HandlerFunc(s.operate), ErrorLog: cfg.ErrorLog}
	s.admin = echo.Server{Handler: admin.ServeConn, ErrorLog: cfg.ErrorLog}
	return s, nil
}

// Handler returns what answers a request, without the connection below it:
//
//	busy            this connection is not idle
//	lookalikes      Content_Length and Transfer_Encoding are nobody's fields
//	client          RemoteAddr is whom a trusted proxy names, for all that follows
//	request id      so that everything below can log it
//	metrics         count also what is refused below
//	access log      likewise
//	recover         a panic is a 500, and logged
//	security fields also on errors
//	rate limit      429, before anything that costs
//	workers         503 when there are too few; everything below runs on the pool
//	timeout, CORS, compression
//	origin only     501 for TRACE, and for CONNECT, which closes the connection too:
//	                behind it come bytes that are not HTTP; 421 for an https URI
//	                without TLS, unless there are proxies to trust (RFC 9110 §7.4)
//	Config.Handler, or the routes
//
// What the connection refuses, since it cannot be parsed, never comes here. Metrics and
// the access log are told of it all the same, and whom a trusted proxy names.
func (s *Server) Handler() keepalive.Handler { return s.handler }

// Serve serves the connections that ln accepts, and closes ln. It always returns an
// error: [ErrServerClosed] after Shutdown. It does not wait for requests that are
// still being answered; Shutdown does. Where there is TLS, a client that does not speak
// it but HTTP is told so, with a 400 and a text.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	s.Health.SetReady(!s.stopping)
	s.mu.Unlock()
	return s.accepts.Serve(s.conns.Listener(ln))
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
func (s *Server) ServeAdmin(ln net.Listener) error { return s.admin.Serve(ln) }

// operate answers whoever looks after the server.
func (s *Server) operate(w keepalive.ResponseWriter, r *keepalive.Request) {
	if r.Path() != "/metrics" {
		s.Health.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write(s.Metrics.AppendTo(nil))
}

// Shutdown ends the server without losing a request. Readiness turns red; after
// DrainDelay, in which balancers notice that, nothing is accepted any more; requests
// that have arrived are answered, each the last on its connection; idle connections
// are closed. Health checks and metrics are served until the end.
//
// If ctx is done first, the connections that are left are closed, and the error says
// how many there were, and what pool.Shutdown says.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	s.Health.SetReady(false)
	s.mu.Unlock()
	if first && s.cfg.DrainDelay > 0 {
		select {
		case <-time.After(s.cfg.DrainDelay):
		case <-ctx.Done():
		}
	}
	// The connections that are left are counted before they are closed.
	left := 0
	patience, cut := context.WithCancel(context.Background())
	defer cut()
	defer context.AfterFunc(ctx, func() {
		left = s.conns.Stats().Open
		cut()
	})()
	var faults []error
	if s.accepts.Shutdown(patience) != nil {
		faults = append(faults, &CutError{left, ctx.Err()})
	}
	faults = append(faults, s.pool.Shutdown(ctx), quietly(s.admin.Shutdown(ctx)))
	return errors.Join(faults...)
}

// quietly is for operators who have not hung up: nothing of theirs is lost.
func quietly(error) error { return nil }

// A CutError says that connections were closed with requests in progress.
type CutError struct {
	Connections int
	Cause       error
}

// Error says how many there were.
func (e *CutError) Error() string {
	return "server: shutdown: " + plural(e.Connections, "connection") + " cut off: " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *CutError) Unwrap() error { return e.Cause }

// Run listens where the Config says, serves until ctx is done, and shuts down: that
// takes DrainDelay and then at most ShutdownTimeout.
func (s *Server) Run(ctx context.Context) error {
	var listeners [2]net.Listener
	for i, addr := range []string{s.cfg.Addr, s.cfg.AdminAddr} {
		if addr == "" {
			continue
		}
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			if listeners[0] != nil {
				listeners[0].Close()
			}
			return err
		}
		listeners[i] = ln
	}
	return s.RunOn(ctx, listeners[0], listeners[1])
}

// RunOn is Run on listeners that are there already. Admin may be nil. It returns
// early if a listener fails, after what has arrived is finished.
func (s *Server) RunOn(ctx context.Context, ln, admin net.Listener) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var loops sync.WaitGroup
	faults := make([]error, 3)
	begin := func(i int, serve func(net.Listener) error, ln net.Listener) {
		if ln == nil {
			return
		}
		loops.Go(func() {
			defer end()
			if err := serve(ln); !errors.Is(err, ErrServerClosed) {
				faults[i] = err
			}
		})
	}
	begin(0, s.Serve, ln)
	begin(1, s.ServeAdmin, admin)
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.Background(), s.cfg.DrainDelay+s.cfg.ShutdownTimeout)
	defer cancel()
	faults[2] = s.Shutdown(patience)
	loops.Wait()
	return errors.Join(faults...)
}
