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
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/02-request-line"
	"barewire/steps/03-headers-bodies"
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

	cfg      Config
	conns    *Conns
	pool     *pool.Pool
	cert     *Certificate // nil without TLS
	handler  keepalive.Handler
	refused  keepalive.Handler
	http     *keepalive.Server
	main     echo.Server
	admin    echo.Server
	handling atomic.Int64 // connections that are being handled
	stopOnce sync.Once
	stopping chan struct{} // closed when Shutdown has begun
	drained  chan struct{} // closed when DrainDelay is over
}

// New makes a server of a Config. The error is that of Validate, or a *ConfigError
// about CertFile that says why the certificate and its key cannot be used.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.OrDefaults()
	s := &Server{cfg: cfg, stopping: make(chan struct{}), drained: make(chan struct{})}
	if cfg.CertFile != "" {
		cert, err := LoadCertificate(cfg.CertFile, cfg.KeyFile, cfg.ErrorLog)
		if err != nil {
			return nil, &ConfigError{Field: "CertFile", Msg: err.Error()}
		}
		s.cert = cert
	}

	s.conns = &Conns{
		Max:          cfg.MaxConns,
		MaxPerClient: cfg.MaxConnsPerClient,
		Trusted:      cfg.Proxies.Trusted,
		MinRate:      cfg.MinRate,
		Grace:        cfg.HeaderTimeout,
	}
	s.pool = pool.New(pool.Config{Min: cfg.MinWorkers, Max: cfg.MaxWorkers, Queue: cfg.Queue, ErrorLog: cfg.ErrorLog})
	s.Metrics.Conns = s.conns
	s.Metrics.Pool = s.pool
	s.assemble()
	s.http = &keepalive.Server{
		Handler:       s.handler,
		Limits:        cfg.Limits,
		HeaderTimeout: cfg.HeaderTimeout,
		IdleTimeout:   cfg.IdleTimeout,
		BodyTimeout:   cfg.BodyTimeout,
		WriteTimeout:  cfg.WriteTimeout,
		ErrorLog:      cfg.ErrorLog,
		Refused:       s.tellOfRefused,
	}
	s.main.Handler = s.serveConn
	s.main.ErrorLog = cfg.ErrorLog
	adminHTTP := &keepalive.Server{Handler: keepalive.HandlerFunc(s.serveAdmin), ErrorLog: cfg.ErrorLog}
	s.admin.Handler = adminHTTP.ServeConn
	s.admin.ErrorLog = cfg.ErrorLog
	return s, nil
}

// assemble makes the handlers of s.
func (s *Server) assemble() {
	cfg := s.cfg
	told := []keepalive.Middleware{s.Metrics.Middleware()}
	if cfg.AccessLog != nil {
		told = append(told, cfg.AccessLog)
	}
	all := []keepalive.Middleware{busy, lookalikes, s.client}
	if cfg.RequestID {
		all = append(all, middleware.RequestID())
	}
	all = append(all, told...)
	all = append(all, middleware.Recover(cfg.ErrorLog))
	if cfg.SecurityHeaders {
		all = append(all, middleware.SecurityHeaders{}.Middleware())
	}
	if cfg.RateQuota > 0 {
		limiter := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: cfg.RateQuota, Window: cfg.RateWindow}}
		all = append(all, limiter.Middleware(ratelimit.Proxies{}.Key)) // RemoteAddr is the client by then
	}
	all = append(all, Workers(s.pool, cfg.QueueTimeout))
	if cfg.RequestTimeout > 0 {
		all = append(all, middleware.Timeout(cfg.RequestTimeout))
	}
	if len(cfg.CORS.AllowedOrigins) > 0 {
		all = append(all, cfg.CORS.Middleware())
	}
	if cfg.Compress {
		all = append(all, middleware.Compress(0))
	}
	all = append(all, s.originOnly)
	last := cfg.Handler
	if last == nil {
		last = &s.Router
	}
	s.handler = middleware.Chain(all...)(last)

	s.refused = middleware.Chain(append([]keepalive.Middleware{s.client}, told...)...)(
		keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Error(w, r.Context().Value(statusKey{}).(int))
		}))
}

type (
	statusKey struct{} // of a refused request, in its context
	connKey   struct{} // of a connection, in the context of its requests
)

// tellOfRefused lets metrics and the access log see a request that no handler has seen.
func (s *Server) tellOfRefused(r *keepalive.Request, status int) {
	r.SetContext(context.WithValue(r.Context(), statusKey{}, status))
	s.refused.ServeHTTP(new(nowhere), r)
}

// nowhere is a ResponseWriter without a client.
type nowhere struct{ header message.Header }

func (n *nowhere) Header() *message.Header           { return &n.header }
func (n *nowhere) WriteHeader(int)                   {}
func (n *nowhere) Write(content []byte) (int, error) { return len(content), nil }
func (n *nowhere) Flush() error                      { return nil }

func busy(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if c, ok := r.Context().Value(connKey{}).(Conn); ok {
			c.SetBusy(true)
			defer c.SetBusy(false)
		}
		next.ServeHTTP(w, r)
	})
}

// lookalikes takes off fields that a program behind may take for others.
func lookalikes(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		r.Header.Del("Content_Length")
		r.Header.Del("Transfer_Encoding")
		next.ServeHTTP(w, r)
	})
}

// client makes RemoteAddr the address of the client.
func (s *Server) client(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		addr := s.cfg.Proxies.ClientAddr(r)
		if addr.IsValid() && addr != ipOf(r.RemoteAddr) {
			r.RemoteAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
		}
		next.ServeHTTP(w, r)
	})
}

// originOnly refuses what is for proxies.
func (s *Server) originOnly(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		target := strings.ToLower(string(r.Target.Raw))
		https := r.Target.Form == reqline.AbsoluteForm && strings.HasPrefix(target, "https:")
		switch {
		case r.Method == "TRACE":
			keepalive.Error(w, 501)
		case r.Method == "CONNECT":
			w.Header().Set("Connection", "close")
			keepalive.Error(w, 501)
		case https && s.cert == nil && len(s.cfg.Proxies.Trusted) == 0:
			keepalive.Error(w, 421)
		default:
			next.ServeHTTP(w, r)
		}
	})
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
	select {
	case <-s.stopping:
	default:
		s.Health.SetReady(true)
	}
	return s.main.Serve(s.conns.Listener(ln))
}

// serveConn serves one connection.
func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	s.handling.Add(1)
	defer s.handling.Add(-1)
	c := nc.(Conn)

	c.SetReadDeadline(time.Now().Add(s.cfg.HeaderTimeout))
	c.SetWriteDeadline(time.Now().Add(s.cfg.WriteTimeout))
	hurry := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Now().Add(time.Second)) })
	if s.cfg.ProxyProtocol && !s.readProxy(c) {
		return
	}
	if s.cert != nil {
		nc = s.handshake(ctx, c)
		if nc == nil {
			return
		}
	}
	hurry()

	c.SetBusy(false) // none of that was a request
	s.http.ServeConn(context.WithValue(ctx, connKey{}, c), nc)
}

// readProxy reads who the client of a proxy is.
func (s *Server) readProxy(c Conn) bool {
	peer := ipOf(c.RemoteAddr())
	trusted := slices.ContainsFunc(s.cfg.Proxies.Trusted, func(p netip.Prefix) bool { return p.Contains(peer) })
	if !trusted {
		s.cfg.ErrorLog.Warn("a connection that is not from a proxy is refused", "remote", c.RemoteAddr().String())
		return false
	}
	addr, err := ReadProxy(c)
	if err != nil {
		s.cfg.ErrorLog.Warn("a connection without a PROXY header is refused", "remote", c.RemoteAddr().String(), "err", err)
		return false
	}
	if addr.IsValid() {
		c.SetRemoteAddr(net.TCPAddrFromAddrPort(addr))
	}
	return true
}

// handshake begins TLS. It returns nil if that fails.
func (s *Server) handshake(ctx context.Context, c Conn) net.Conn {
	tc := tls.Server(c, &tls.Config{
		GetCertificate: s.cert.Get,
		NextProtos:     []string{"http/1.1"},
		MinVersion:     tls.VersionTLS12,
	})
	err := tc.Handshake()
	if err == nil {
		return tc
	}
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok && e.Conn != nil && looksLikeHTTP(e.RecordHeader[:]) {
		const text = "This port speaks HTTPS, and the request was HTTP.\n"
		answer := message.AppendStatusLine(nil, 400)
		answer = message.AppendField(answer, "Content-Type", "text/plain; charset=utf-8")
		answer = message.AppendField(answer, "Content-Length", strconv.Itoa(len(text)))
		answer = message.AppendField(answer, "Date", string(message.AppendDate(nil, time.Now())))
		answer = message.AppendField(answer, "Connection", "close")
		answer = append(answer, "\r\n"...)
		if string(e.RecordHeader[:]) != "HEAD " {
			answer = append(answer, text...)
		}
		e.Conn.Write(answer)
		if half, ok := e.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			e.Conn.SetReadDeadline(time.Now().Add(time.Second))
			io.Copy(io.Discard, e.Conn)
		}
	}
	return nil
}

// looksLikeHTTP says whether b could be the start of a request line.
func looksLikeHTTP(b []byte) bool {
	for i, c := range b {
		if !reqline.IsToken(c) && (i == 0 || c != ' ' && c != '/') {
			return false
		}
	}
	return true
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
func (s *Server) ServeAdmin(ln net.Listener) error {
	return s.admin.Serve(ln)
}

func (s *Server) serveAdmin(w keepalive.ResponseWriter, r *keepalive.Request) {
	if string(r.Target.Path) != "/metrics" {
		s.Health.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
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
	s.stopOnce.Do(func() {
		close(s.stopping)
		s.Health.SetReady(false)
		time.AfterFunc(s.cfg.DrainDelay, func() { close(s.drained) })
	})
	select {
	case <-s.drained:
	case <-ctx.Done():
	}

	// When ctx is done, the connections are counted before they are closed.
	patience, cut := context.WithCancel(context.Background())
	defer cut()
	done := make(chan error, 1)
	go func() { done <- s.main.Shutdown(patience) }()
	var faults []error
	select {
	case <-done:
	case <-ctx.Done():
		n := int(s.handling.Load())
		cut()
		<-done
		if n > 0 {
			faults = append(faults, &CutError{Connections: n, Cause: ctx.Err()})
		}
	}
	faults = append(faults, s.pool.Shutdown(ctx))

	soon, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s.admin.Shutdown(soon)
	return errors.Join(faults...)
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
		admin, err = net.Listen("tcp", s.cfg.AdminAddr)
		if err != nil {
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
	running := 1
	go func() { ended <- s.Serve(ln) }()
	if admin != nil {
		running++
		go func() { ended <- s.ServeAdmin(admin) }()
	}
	var faults []error
	note := func(err error) {
		running--
		if !errors.Is(err, ErrServerClosed) {
			faults = append(faults, err)
		}
	}

	select {
	case <-ctx.Done():
	case err := <-ended:
		note(err)
	}
	last, cancel := context.WithTimeout(context.Background(), s.cfg.DrainDelay+s.cfg.ShutdownTimeout)
	defer cancel()
	faults = append(faults, s.Shutdown(last))
	for running > 0 {
		note(<-ended)
	}
	return errors.Join(faults...)
}
