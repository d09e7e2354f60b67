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
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/02-request-line"
	"barewire/steps/04-keep-alive"
	"barewire/steps/05-thread-pool"
	"barewire/steps/06-routing"
	"barewire/steps/07-middleware"
	"barewire/steps/08-rate-limiting"
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

	cfg         Config
	conns       Conns
	pool        *pool.Pool
	tls         *tls.Config // nil for none
	handler     keepalive.Handler
	http        keepalive.Server
	main, admin echo.Server
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
		s.tls = &tls.Config{GetCertificate: cert.Get, NextProtos: []string{"http/1.1"}}
	}
	s.conns = Conns{Max: cfg.MaxConns, MaxPerClient: cfg.MaxConnsPerClient, Trusted: cfg.Proxies.Trusted, MinRate: cfg.MinRate, Grace: cfg.HeaderTimeout}
	s.pool = pool.New(pool.Config{Min: cfg.MinWorkers, Max: cfg.MaxWorkers, Queue: cfg.Queue, ErrorLog: cfg.ErrorLog})
	s.Metrics.Conns, s.Metrics.Pool = &s.conns, s.pool
	s.handler = s.chain()
	s.http = keepalive.Server{Handler: s.handler, Limits: cfg.Limits, HeaderTimeout: cfg.HeaderTimeout, IdleTimeout: cfg.IdleTimeout,
		BodyTimeout: cfg.BodyTimeout, WriteTimeout: cfg.WriteTimeout, ErrorLog: cfg.ErrorLog, Refused: s.refused}
	s.main = echo.Server{Handler: s.serveConn, ErrorLog: cfg.ErrorLog}
	operator := keepalive.Server{Handler: keepalive.HandlerFunc(s.serveAdmin), ErrorLog: cfg.ErrorLog}
	s.admin = echo.Server{Handler: operator.ServeConn, ErrorLog: cfg.ErrorLog}
	return s, nil
}

func (s *Server) chain() keepalive.Handler {
	cfg, h := s.cfg, s.cfg.Handler
	if h == nil {
		h = &s.Router
	}
	limiter := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: cfg.RateQuota, Window: cfg.RateWindow}}
	return middleware.Chain(
		busy,
		s.client,
		when(cfg.RequestID, middleware.RequestID),
		s.Metrics.Middleware(),
		when(cfg.AccessLog != nil, func() keepalive.Middleware { return cfg.AccessLog }),
		middleware.Recover(cfg.ErrorLog),
		when(cfg.SecurityHeaders, middleware.SecurityHeaders{}.Middleware),
		// The key is that of RemoteAddr, which is the client's.
		when(cfg.RateQuota > 0, func() keepalive.Middleware { return limiter.Middleware(ratelimit.Proxies{}.Key) }),
		Workers(s.pool, cfg.QueueTimeout),
		when(cfg.RequestTimeout > 0, func() keepalive.Middleware { return middleware.Timeout(cfg.RequestTimeout) }),
		when(len(cfg.CORS.AllowedOrigins) > 0, cfg.CORS.Middleware),
		when(cfg.Compress, func() keepalive.Middleware { return middleware.Compress(0) }),
		s.originOnly,
	)(h)
}

func when(wanted bool, m func() keepalive.Middleware) keepalive.Middleware {
	if !wanted {
		return middleware.Chain()
	}
	return m()
}

type connKey struct{}

func busy(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		r.Header.Del("Content_Length")
		r.Header.Del("Transfer_Encoding")
		if c, ok := r.Context().Value(connKey{}).(Conn); ok {
			c.SetBusy(true)
			defer c.SetBusy(false)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) client(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if addr := s.cfg.Proxies.ClientAddr(r); addr != ipOf(r.RemoteAddr) {
			r.RemoteAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) originOnly(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		scheme, _, _ := strings.Cut(string(r.Target.Raw), ":")
		switch {
		case r.Method == "CONNECT":
			w.Header().Set("Connection", "close")
			keepalive.Error(w, 501)
		case r.Method == "TRACE":
			keepalive.Error(w, 501)
		case r.Target.Form == reqline.AbsoluteForm && strings.ToLower(scheme) == "https" && s.tls == nil && len(s.cfg.Proxies.Trusted) == 0:
			keepalive.Error(w, 421)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refused has a request counted and logged that no handler sees.
func (s *Server) refused(r *keepalive.Request, status int) {
	answer := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { w.WriteHeader(status) })
	log := when(s.cfg.AccessLog != nil, func() keepalive.Middleware { return s.cfg.AccessLog })
	middleware.Chain(s.client, s.Metrics.Middleware(), log)(answer).ServeHTTP(nobody{}, r)
}

// A nobody is a ResponseWriter for a response that leaves by another way.
type nobody struct{ keepalive.ResponseWriter }

func (nobody) WriteHeader(int) {}

func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	c := nc.(*conn)
	c.SetDeadline(time.Now().Add(s.cfg.HeaderTimeout))
	woken := make(chan struct{})
	forget := context.AfterFunc(ctx, func() { // a newcomer gets a second
		c.SetDeadline(time.Now().Add(min(time.Second, s.cfg.HeaderTimeout)))
		close(woken)
	})
	nc, h := s.begin(c)
	if !forget() {
		<-woken
	}
	if nc != nil {
		c.SetDeadline(time.Time{})
		c.SetBusy(false)
		h.ServeConn(context.WithValue(ctx, connKey{}, c), nc)
	}
}

// begin reads what stands before HTTP, and returns what serves the connection, or nil.
func (s *Server) begin(c *conn) (net.Conn, *keepalive.Server) {
	if s.cfg.ProxyProtocol {
		if !contain(s.cfg.Proxies.Trusted, ipOf(c.RemoteAddr())) {
			return nil, nil
		}
		addr, err := ReadProxy(c)
		if err != nil {
			return nil, nil
		}
		if addr.IsValid() {
			c.SetRemoteAddr(net.TCPAddrFromAddrPort(addr))
		}
	}
	if s.tls == nil {
		return c, &s.http
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return nil, nil
	}
	again := replayed{c, io.MultiReader(bytes.NewReader(first), c)}
	if 'A' <= first[0] && first[0] <= 'Z' { // HTTP, as no TLS record begins so
		h := s.http
		h.Handler = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			w.Header().Set("Connection", "close")
			keepalive.Text(w, 400, "This server speaks HTTPS only.\n")
		})
		return again, &h
	}
	secure := tls.Server(again, s.tls)
	if secure.Handshake() != nil {
		return nil, nil
	}
	return secure, &s.http
}

// A replayed connection is read from its beginning again.
type replayed struct {
	*conn
	r io.Reader
}

func (c replayed) Read(p []byte) (int, error) { return c.r.Read(p) }

func (s *Server) serveAdmin(w keepalive.ResponseWriter, r *keepalive.Request) {
	if string(r.Target.Path) != "/metrics" {
		s.Health.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(s.Metrics.AppendTo(nil))
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
	s.Health.SetReady(true)
	err := s.main.Serve(s.conns.Listener(ln))
	if err == ErrServerClosed {
		s.Health.SetReady(false)
	}
	return err
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
func (s *Server) ServeAdmin(ln net.Listener) error { return s.admin.Serve(ln) }

// Shutdown ends the server without losing a request. Readiness turns red; after
// DrainDelay, in which balancers notice that, nothing is accepted any more; requests
// that have arrived are answered, each the last on its connection; idle connections
// are closed. Health checks and metrics are served until the end.
//
// If ctx is done first, the connections that are left are closed, and the error says
// how many there were, and what pool.Shutdown says.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Health.SetReady(false)
	select {
	case <-time.After(s.cfg.DrainDelay):
	case <-ctx.Done():
	}
	open := 0
	last, cut := context.WithCancel(context.Background())
	defer cut()
	defer context.AfterFunc(ctx, func() {
		open = s.conns.Stats().Open
		cut()
	})()
	var errs []error
	if s.main.Shutdown(last) != nil && open > 0 {
		errs = append(errs, &CutError{open, ctx.Err()})
	}
	errs = append(errs, s.pool.Shutdown(ctx))
	s.admin.Shutdown(ctx)
	return errors.Join(errs...)
}

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
	ln, err := net.Listen("tcp", s.cfg.Addr)
	if err != nil {
		return err
	}
	var admin net.Listener
	if s.cfg.AdminAddr != "" {
		if admin, err = net.Listen("tcp", s.cfg.AdminAddr); err != nil {
			ln.Close()
			return err
		}
	}
	return s.RunOn(ctx, ln, admin)
}

// RunOn is Run on listeners that are there already. Admin may be nil. It returns
// early if a listener fails, after what has arrived is finished.
func (s *Server) RunOn(ctx context.Context, ln, admin net.Listener) error {
	ended := make(chan error, 2)
	go func() { ended <- s.Serve(ln) }()
	if admin != nil {
		go func() { ended <- s.ServeAdmin(admin) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	limited, cancel := context.WithTimeout(context.Background(), s.cfg.DrainDelay+s.cfg.ShutdownTimeout)
	defer cancel()
	if err == ErrServerClosed {
		err = nil
	}
	return errors.Join(err, s.Shutdown(limited))
}
