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
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"barewire/solutions/01-tcp-echo"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/05-thread-pool"
	"barewire/solutions/06-routing"
	"barewire/solutions/07-middleware"
	"barewire/solutions/08-rate-limiting"
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

	//starter:omit
	cfg Config
	//starter:omit
	conns Conns
	//starter:omit
	pool *pool.Pool
	//starter:omit
	tls *tls.Config
	//starter:omit
	observe func(r *keepalive.Request, status int, content string)
	//starter:omit
	http keepalive.Server
	//starter:omit
	tcp echo.Server
	//starter:omit
	admin echo.Server
	//starter:omit
	lots lots
	//starter:omit
	stopping atomic.Bool
}

// New makes a server of a Config. The error is that of Validate, or a *ConfigError
// about CertFile that says why the certificate and its key cannot be used.
//
//starter:todo 10.9 Validate, then make the parts and put them together. Who counts what the connection refuses?
//starter:return new(Server), errors.New("task 10.9 is not written yet")
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg.OrDefaults()}
	s.conns = Conns{
		Max: s.cfg.MaxConns, MaxPerClient: s.cfg.MaxConnsPerClient, Trusted: s.cfg.Proxies.Trusted,
		MinRate: s.cfg.MinRate, Grace: s.cfg.HeaderTimeout,
	}
	if s.cfg.CertFile != "" {
		cert, err := LoadCertificate(s.cfg.CertFile, s.cfg.KeyFile, s.cfg.ErrorLog)
		if err != nil {
			return nil, &ConfigError{"CertFile", err.Error()}
		}
		s.tls = &tls.Config{GetCertificate: cert.Get, NextProtos: []string{"http/1.1"}}
	}
	s.pool = pool.New(s.cfg.poolConfig())
	s.Metrics.Conns, s.Metrics.Pool = &s.conns, s.pool
	s.observe = s.observer()
	s.http = keepalive.Server{
		Handler: s.Handler(), Refused: s.refused, Limits: s.cfg.Limits, ErrorLog: s.cfg.ErrorLog,
		HeaderTimeout: s.cfg.HeaderTimeout, IdleTimeout: s.cfg.IdleTimeout,
		BodyTimeout: s.cfg.BodyTimeout, WriteTimeout: s.cfg.WriteTimeout,
	}
	s.tcp = echo.Server{Handler: s.serveConn, ErrorLog: s.cfg.ErrorLog}
	s.admin = echo.Server{Handler: s.adminServer().ServeConn, ErrorLog: s.cfg.ErrorLog}
	return s, nil
}

// Handler returns what answers a request, without the connection below it:
//
//	busy            this connection is not idle
//	lookalikes      the fields Content_Length and Transfer_Encoding are taken away
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
// The context that ServeConn of step 4 gets is the one that middlewares see: so can
// they find what belongs to their connection.
//
// What the connection refuses, since it cannot be parsed, never comes here. Metrics and
// the access log are told of it all the same, and whom a trusted proxy names.
//
//starter:todo 10.9 Chain of step 7. What must be counted although it is refused, and what may cost a worker?
//starter:return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Error(w, 501) })
func (s *Server) Handler() keepalive.Handler {
	c := &s.cfg
	ms := []keepalive.Middleware{busy, lookalikes}
	add := func(wanted bool, m func() keepalive.Middleware) {
		if wanted {
			ms = append(ms, m())
		}
	}
	add(c.Proxies.Field != ratelimit.NoField, func() keepalive.Middleware { return s.client })
	add(c.RequestID, middleware.RequestID)
	add(true, s.Metrics.Middleware)
	add(c.AccessLog != nil, func() keepalive.Middleware { return c.AccessLog })
	add(true, func() keepalive.Middleware { return middleware.Recover(c.ErrorLog) })
	add(c.SecurityHeaders, middleware.SecurityHeaders{}.Middleware)
	add(c.RateQuota > 0, s.limit)
	add(s.pool != nil, func() keepalive.Middleware { return Workers(s.pool, c.QueueTimeout) })
	add(c.RequestTimeout > 0, func() keepalive.Middleware { return middleware.Timeout(c.RequestTimeout) })
	add(len(c.CORS.AllowedOrigins) > 0, c.CORS.Middleware)
	add(c.Compress, func() keepalive.Middleware { return middleware.Compress(0) })
	ms = append(ms, s.originOnly)
	var h keepalive.Handler = &s.Router
	if c.Handler != nil {
		h = c.Handler
	}
	return middleware.Chain(ms...)(h)
}

// client puts the address that a proxy has told in the place of the proxy's own, as
// long as the request lasts. The port is not known.
//
//starter:omit
func (s *Server) client(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if addr := s.cfg.Proxies.ClientAddr(r); addr != ipOf(r.RemoteAddr) {
			r.RemoteAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
		}
		next.ServeHTTP(w, r)
	})
}

//starter:omit
func (s *Server) limit() keepalive.Middleware {
	l := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: s.cfg.RateQuota, Window: s.cfg.RateWindow}}
	return l.Middleware(s.cfg.Proxies.Key)
}

// busy tells the connection that a request of it is being handled.
//
//starter:omit
func busy(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if conn, ok := r.Context().Value(connKey{}).(Conn); ok {
			conn.SetBusy(true)
			defer conn.SetBusy(false)
		}
		next.ServeHTTP(w, r)
	})
}

// originOnly refuses what no origin server does: CONNECT, behind which the client
// may already be sending bytes that are not HTTP; TRACE, which would show the fields
// that a proxy has added to whoever asks (RFC 9110 §9.3.8); and a resource that is to
// be had over TLS only, over a connection that everybody can read.
//
//starter:omit
func (s *Server) originOnly(next keepalive.Handler) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		switch {
		case r.Method == "CONNECT":
			w.Header().Set("Connection", "close")
			keepalive.Error(w, 501)
		case r.Method == "TRACE":
			keepalive.Error(w, 501)
		case s.tls == nil && len(s.cfg.Proxies.Trusted) == 0 && isHTTPS(r.Target.Raw):
			keepalive.Error(w, 421)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isHTTPS says whether an absolute URI has the scheme https.
//
//starter:omit
func isHTTPS(uri []byte) bool {
	return len(uri) > len("https:") && bytes.EqualFold(uri[:len("https:")], []byte("https:"))
}

// connKey is under which a context has the connection of its requests.
//
//starter:omit
type connKey struct{}

// serveConn is what the accept loop of step 1 does with each connection.
//
//starter:omit
func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	conn, ok := nc.(Conn)
	if !ok {
		return // it went to the lot
	}
	if s.cfg.ProxyProtocol {
		if err := s.greet(ctx, conn); err != nil {
			s.cfg.ErrorLog.Warn("server: connection refused", "peer", nc.RemoteAddr(), "error", err)
			return
		}
	}
	if s.tls != nil {
		secure := &tlsConn{tls.Server(nc, s.tls), conn, false}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.HeaderTimeout)
		hurry := context.AfterFunc(ctx, func() { time.AfterFunc(MinIdle, cancel) })
		err := secure.HandshakeContext(limited)
		hurry()
		cancel()
		if err != nil {
			s.Metrics.handshakes.Add(1)
			s.answerPlain(conn, err)
			return // port scanners do this all day
		}
		nc = secure
	}
	conn.SetBusy(false) // what has been read so far was no request
	s.http.ServeConn(context.WithValue(ctx, connKey{}, conn), nc)
}

// greet reads the PROXY header of a connection. When the server stops, it is soon
// expected.
//
//starter:omit
func (s *Server) greet(ctx context.Context, conn Conn) error {
	if !anyHas(s.cfg.Proxies.Trusted, ipOf(conn.RemoteAddr())) {
		return errors.New("not one of Config.Proxies")
	}
	conn.SetReadDeadline(time.Now().Add(s.cfg.HeaderTimeout))
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now().Add(MinIdle)) })()
	client, err := ReadProxy(conn)
	if client.IsValid() {
		conn.SetRemoteAddr(net.TCPAddrFromAddrPort(client))
	}
	return err
}

// A tlsConn is a TLS connection that can be cut off: with SetLinger(0), Close sends
// no farewell, so that the client sees that something is missing.
//
//starter:omit
type tlsConn struct {
	*tls.Conn
	below Conn
	cut   bool
}

// AwaitRequest tells the connection below, which is the one that may make room.
//
//starter:omit
func (c *tlsConn) AwaitRequest() {
	c.below.(interface{ AwaitRequest() }).AwaitRequest()
}

//starter:omit
func (c *tlsConn) SetLinger(sec int) error {
	c.cut = sec == 0
	if tcp, ok := c.below.(interface{ SetLinger(int) error }); ok {
		return tcp.SetLinger(sec)
	}
	return nil
}

//starter:omit
func (c *tlsConn) Close() error {
	if c.cut {
		return c.below.Close()
	}
	return c.Conn.Close()
}

// adminServer serves health checks and metrics, without any of the limits that are
// for the world: whoever asks must get an answer when everything else is full.
//
//starter:omit
func (s *Server) adminServer() *keepalive.Server {
	return &keepalive.Server{ErrorLog: s.cfg.ErrorLog, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Path() != "/metrics" {
			s.Health.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Write(s.Metrics.AppendTo(nil))
	})}
}

// Serve serves the connections that ln accepts, and closes ln. What stands before the
// first request, a PROXY header or a TLS handshake, is no request: a connection is idle
// behind it, as [Conn] has it. Readiness is green from
// now on, unless the server has been told to stop. Serve always returns an error:
// [ErrServerClosed] after Shutdown. It does not wait for requests that are still being
// answered; Shutdown does. Where there is TLS, a client that does not speak it but HTTP
// is told so, with a 400 and a text, as a connection of step 4 answers: the first byte
// tells the two apart.
//
//starter:todo 10.9 The accept loop of step 1, on a listener of 10.4.
//starter:return errors.New("task 10.9 is not written yet")
func (s *Server) Serve(ln net.Listener) error {
	s.Health.SetReady(true)
	if s.stopping.Load() {
		s.Health.SetReady(false) // Shutdown came first, or meanwhile
	}
	return s.tcp.Serve(s.park(ln))
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
//
//starter:todo 10.9 Another accept loop.
//starter:return errors.New("task 10.9 is not written yet")
func (s *Server) ServeAdmin(ln net.Listener) error { return s.admin.Serve(ln) }

// Shutdown ends the server without losing a request. Readiness turns red; after
// DrainDelay, in which balancers notice that, nothing is accepted any more; requests
// that have arrived are answered, each the last on its connection; idle connections
// are closed. Health checks and metrics are served until the end.
//
// If ctx is done first, the connections that are left are closed, and the error says
// how many there were, and what pool.Shutdown says.
//
//starter:todo 10.9 In which order do the parts stop?
//starter:return errors.New("task 10.9 is not written yet")
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.Health.SetReady(false)
	select {
	case <-time.After(s.cfg.DrainDelay):
	case <-ctx.Done():
	}
	var open int
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, func() {
		open = s.conns.Stats().Open // now, for in a moment they will all be closed
		cancel()
	})()
	s.lots.get(nil).stop()
	err := errors.Join(s.tcp.Shutdown(last), s.lots.shutdown(last))
	if err != nil {
		err = &CutError{Connections: open, Cause: ctx.Err()}
	}
	err = errors.Join(err, s.pool.Shutdown(ctx))
	// Nobody who asks for health is worth waiting for.
	cancel()
	s.admin.Shutdown(last)
	return err
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
//
//starter:todo 10.10 Listen, and RunOn does the rest.
//starter:return errors.New("task 10.10 is not written yet")
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
//
//starter:todo 10.10 Two accept loops in the background; the end of ctx, or of one of them, begins the shutdown.
//starter:return errors.New("task 10.10 is not written yet")
func (s *Server) RunOn(ctx context.Context, ln, admin net.Listener) error {
	ended := make(chan error, 2)
	go func() { ended <- s.Serve(ln) }()
	if admin != nil {
		go func() { ended <- s.ServeAdmin(admin) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended: // a listener failed: what is there is finished all the same
	}
	limited, cancel := context.WithTimeout(context.Background(), s.cfg.DrainDelay+s.cfg.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, s.Shutdown(limited))
}
