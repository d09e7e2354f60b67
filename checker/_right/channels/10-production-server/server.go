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

	cfg         Config // with defaults
	conns       *Conns
	pool        *pool.Pool
	certificate *Certificate // nil without TLS
	limiter     *ratelimit.Limiter[netip.Prefix]

	tcp, admin echo.Server
	stopping   atomic.Bool
	drained    chan struct{} // closed when the first Shutdown has waited for DrainDelay
}

// New makes a server of a Config. The error is that of Validate, or a *ConfigError
// about CertFile that says why the certificate and its key cannot be used.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.OrDefaults()
	s := &Server{cfg: cfg, drained: make(chan struct{})}
	if cfg.CertFile != "" {
		var err error
		if s.certificate, err = LoadCertificate(cfg.CertFile, cfg.KeyFile, cfg.ErrorLog); err != nil {
			return nil, &ConfigError{"CertFile", err.Error()}
		}
	}
	if cfg.RateQuota > 0 {
		s.limiter = &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: cfg.RateQuota, Window: cfg.RateWindow}}
	}
	s.conns = &Conns{Max: cfg.MaxConns, MaxPerClient: cfg.MaxConnsPerClient, Trusted: cfg.Proxies.Trusted, MinRate: cfg.MinRate, Grace: cfg.HeaderTimeout}
	s.pool = pool.New(pool.Config{Min: cfg.MinWorkers, Max: cfg.MaxWorkers, Queue: cfg.Queue, ErrorLog: cfg.ErrorLog})
	s.Metrics.Conns, s.Metrics.Pool = s.conns, s.pool
	s.tcp.ErrorLog, s.admin.ErrorLog = cfg.ErrorLog, cfg.ErrorLog
	http := s.connections(s.Handler())
	http.Refused = s.refused()
	s.tcp.Handler = func(ctx context.Context, nc net.Conn) { s.talk(ctx, nc, http) }
	admin := s.connections(middleware.Chain(markBusy)(keepalive.HandlerFunc(s.answerAdmin)))
	s.admin.Handler = func(ctx context.Context, nc net.Conn) { admin.ServeConn(withConn(ctx, nc), nc) }
	return s, nil
}

// connections returns what serves a connection with a handler.
func (s *Server) connections(h keepalive.Handler) *keepalive.Server {
	return &keepalive.Server{
		Handler: h, Limits: s.cfg.Limits, ErrorLog: s.cfg.ErrorLog,
		HeaderTimeout: s.cfg.HeaderTimeout, IdleTimeout: s.cfg.IdleTimeout, BodyTimeout: s.cfg.BodyTimeout, WriteTimeout: s.cfg.WriteTimeout,
	}
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
func (s *Server) Handler() keepalive.Handler {
	c := s.cfg
	chain := []keepalive.Middleware{markBusy, withoutLookalikes, s.nameClient}
	add := func(wanted bool, make func() keepalive.Middleware) {
		if wanted {
			chain = append(chain, make())
		}
	}
	add(c.RequestID, middleware.RequestID)
	add(true, s.Metrics.Middleware)
	add(c.AccessLog != nil, func() keepalive.Middleware { return c.AccessLog })
	add(true, func() keepalive.Middleware { return middleware.Recover(c.ErrorLog) })
	add(c.SecurityHeaders, middleware.SecurityHeaders{}.Middleware)
	add(s.limiter != nil, func() keepalive.Middleware { return s.limiter.Middleware(ratelimit.Proxies{}.Key) }) // the client is named already
	add(true, func() keepalive.Middleware { return Workers(s.pool, c.QueueTimeout) })
	add(c.RequestTimeout > 0, func() keepalive.Middleware { return middleware.Timeout(c.RequestTimeout) })
	add(len(c.CORS.AllowedOrigins) > 0, c.CORS.Middleware)
	add(c.Compress, func() keepalive.Middleware { return middleware.Compress(0) })
	add(true, func() keepalive.Middleware { return s.originOnly })
	var h keepalive.Handler = &s.Router
	if c.Handler != nil {
		h = c.Handler
	}
	return middleware.Chain(chain...)(h)
}

type connKey struct{}

// withConn has a context carry the connection, for markBusy.
func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// markBusy has the connection count as busy while a request is handled.
func markBusy(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if c, ok := r.Context().Value(connKey{}).(Conn); ok {
			c.SetBusy(true)
			defer c.SetBusy(false)
		}
		next.ServeHTTP(w, r)
	})
}

// withoutLookalikes takes fields off that some programs behind a server take for those
// that frame content.
func withoutLookalikes(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		r.Header.Del("Content_Length")
		r.Header.Del("Transfer_Encoding")
		next.ServeHTTP(w, r)
	})
}

// nameClient puts the address that a trusted proxy names into RemoteAddr.
func (s *Server) nameClient(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		peer, client := ratelimit.Proxies{}.ClientAddr(r), s.cfg.Proxies.ClientAddr(r)
		if client.IsValid() && client != peer {
			r.RemoteAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(client, 0))
		}
		next.ServeHTTP(w, r)
	})
}

// originOnly refuses what is for a proxy, or for a server with TLS.
func (s *Server) originOnly(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		switch {
		case r.Method == "CONNECT":
			w.Header().Set("Connection", "close")
			keepalive.Error(w, 501)
		case r.Method == "TRACE":
			keepalive.Error(w, 501)
		case r.Target.Form == reqline.AbsoluteForm && s.certificate == nil && len(s.cfg.Proxies.Trusted) == 0 &&
			len(r.Target.Raw) > 6 && strings.EqualFold(string(r.Target.Raw[:6]), "https:"):
			keepalive.Error(w, 421)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refused returns what is told of requests that no handler sees: metrics and the log
// get to know them as if a handler had answered.
func (s *Server) refused() func(r *keepalive.Request, status int) {
	type statusKey struct{}
	chain := []keepalive.Middleware{s.nameClient, s.Metrics.Middleware()}
	if s.cfg.AccessLog != nil {
		chain = append(chain, s.cfg.AccessLog)
	}
	h := middleware.Chain(chain...)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Error(w, r.Context().Value(statusKey{}).(int))
	}))
	return func(r *keepalive.Request, status int) {
		r.SetContext(context.WithValue(r.Context(), statusKey{}, status))
		h.ServeHTTP(new(nowhere), r)
	}
}

// Nowhere is a ResponseWriter that nobody reads.
type nowhere struct {
	header message.Header
}

func (w *nowhere) Header() *message.Header     { return &w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) Flush() error                { return nil }

// talk serves one connection, once it is known who is there.
func (s *Server) talk(ctx context.Context, nc net.Conn, http *keepalive.Server) {
	conn := nc.(Conn)
	if s.cfg.ProxyProtocol && !s.greeted(ctx, conn, s.readProxy) {
		return
	}
	if s.certificate == nil {
		conn.SetBusy(false) // what has come so far was no request
		http.ServeConn(withConn(ctx, conn), conn)
		return
	}
	tlsConn := tls.Server(conn, &tls.Config{GetCertificate: s.certificate.Get, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12})
	if !s.greeted(ctx, conn, func(Conn) error { return tlsConn.Handshake() }) {
		return
	}
	conn.SetBusy(false)
	http.ServeConn(withConn(ctx, conn), tlsConn)
}

// stopGrace is how long a client that has just connected may still take, when the
// server stops, to say who it is.
const stopGrace = time.Second

// greeted says whether what comes before HTTP went well. It has HeaderTimeout for that,
// and less if the server stops.
func (s *Server) greeted(ctx context.Context, conn Conn, greet func(Conn) error) bool {
	until := time.Now().Add(s.cfg.HeaderTimeout)
	conn.SetDeadline(until)
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-done:
		case <-ctx.Done():
			if sooner := time.Now().Add(stopGrace); sooner.Before(until) {
				conn.SetReadDeadline(sooner)
			}
		}
	}()
	err := greet(conn)
	close(done)
	<-watched // from now on the deadline is that of HTTP
	if wrong, ok := errors.AsType[tls.RecordHeaderError](err); ok && wrong.Conn != nil {
		tellPlain(conn, wrong.RecordHeader[:])
	}
	return err == nil
}

// readProxy reads the header of the PROXY protocol, of those who may send one.
func (s *Server) readProxy(conn Conn) error {
	peer := ratelimit.Proxies{}.ClientAddr(&keepalive.Request{RemoteAddr: conn.RemoteAddr()})
	if !slices.ContainsFunc(s.cfg.Proxies.Trusted, func(p netip.Prefix) bool { return p.Contains(peer) }) {
		return ErrProxy
	}
	client, err := ReadProxy(conn)
	if err == nil && client.IsValid() {
		conn.SetRemoteAddr(net.TCPAddrFromAddrPort(client))
	}
	return err
}

// tellPlain tells a client that speaks HTTP without TLS what is wrong, if it does.
func tellPlain(conn Conn, begin []byte) {
	if !slices.ContainsFunc([]string{"GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO", "PATCH", "TRACE", "CONNE"}, func(m string) bool { return m == string(begin) }) {
		return
	}
	const text = "This server speaks TLS: ask for https.\n"
	out := message.AppendStatusLine(nil, 400)
	out = message.AppendField(out, "Date", message.AppendDate(nil, time.Now()))
	out = message.AppendField(out, "Content-Type", "text/plain; charset=utf-8")
	out = message.AppendField(out, "Content-Length", strconv.Itoa(len(text)))
	out = append(message.AppendField(out, "Connection", "close"), "\r\n"...)
	if string(begin) != "HEAD " {
		out = append(out, text...)
	}
	conn.SetDeadline(time.Now().Add(stopGrace))
	conn.Write(out)
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}) // or a reset destroys the answer
	}
}

// Serve serves the connections that ln accepts, and closes ln. It always returns an
// error: [ErrServerClosed] after Shutdown. It does not wait for requests that are
// still being answered; Shutdown does. Where there is TLS, a client that does not speak
// it but HTTP is told so, with a 400 and a text.
func (s *Server) Serve(ln net.Listener) error {
	s.Health.SetReady(true)
	if s.stopping.Load() {
		s.Health.SetReady(false)
	}
	return s.tcp.Serve(s.conns.Listener(ln))
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
func (s *Server) ServeAdmin(ln net.Listener) error {
	bounds := &Conns{Max: maxAdminConns, MinRate: s.cfg.MinRate, Grace: s.cfg.HeaderTimeout}
	return s.admin.Serve(bounds.Listener(ln))
}

// maxAdminConns bounds those who ask how the server is.
const maxAdminConns = 64

func (s *Server) answerAdmin(w keepalive.ResponseWriter, r *keepalive.Request) {
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
	first := s.stopping.CompareAndSwap(false, true)
	s.Health.SetReady(false)
	if first {
		if s.cfg.DrainDelay > 0 {
			select {
			case <-time.After(s.cfg.DrainDelay):
			case <-ctx.Done():
			}
		}
		close(s.drained)
	}
	select {
	case <-s.drained:
	case <-ctx.Done():
	}
	cut := s.endConnections(ctx)
	left := s.pool.Shutdown(ctx)
	// Nobody need wait for those who watch.
	last, cancel := context.WithTimeout(ctx, lastAdmin)
	defer cancel()
	s.admin.Shutdown(last)
	return errors.Join(cut, left)
}

// lastAdmin is how long the last answers to health checks may take.
const lastAdmin = 100 * time.Millisecond

// endConnections waits for the connections to end. If ctx is done first, it counts those
// that are left and then closes them.
func (s *Server) endConnections(ctx context.Context) error {
	last, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	ended := make(chan error, 1)
	go func() { ended <- s.tcp.Shutdown(last) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	n := s.conns.Stats().Open
	cut()
	if err := <-ended; err == nil || n == 0 {
		return nil // they have ended just now
	}
	return &CutError{n, ctx.Err()}
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
	if s.cfg.AdminAddr == "" {
		return s.RunOn(ctx, ln, nil)
	}
	admin, err := net.Listen("tcp", s.cfg.AdminAddr)
	if err != nil {
		ln.Close()
		return err
	}
	return s.RunOn(ctx, ln, admin)
}

// RunOn is Run on listeners that are there already. Admin may be nil. It returns
// early if a listener fails, after what has arrived is finished.
func (s *Server) RunOn(ctx context.Context, ln, admin net.Listener) error {
	serving := 0
	ended := make(chan error, 2)
	serve := func(f func(net.Listener) error, ln net.Listener) {
		serving++
		go func() { ended <- f(ln) }()
	}
	serve(s.Serve, ln)
	if admin != nil {
		serve(s.ServeAdmin, admin)
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-ended:
		serving--
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainDelay+s.cfg.ShutdownTimeout)
	defer cancel()
	left := s.Shutdown(limited)
	for range serving {
		if err := <-ended; failed == nil || errors.Is(failed, ErrServerClosed) {
			failed = err
		}
	}
	if errors.Is(failed, ErrServerClosed) {
		failed = nil
	}
	return errors.Join(failed, left)
}
