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
	"errors"
	"net"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/04-keep-alive"
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
}

// New makes a server of a Config. The error is that of Validate, or a *ConfigError
// about CertFile that says why the certificate and its key cannot be used.
func New(cfg Config) (*Server, error) {
	// TODO 10.9: Validate, then make the parts and put them together. Who counts what the connection refuses?
	return new(Server), errors.New("task 10.9 is not written yet")
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
func (s *Server) Handler() keepalive.Handler {
	// TODO 10.9: Chain of step 7. What must be counted although it is refused, and what may cost a worker?
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Error(w, 501) })
}

// Serve serves the connections that ln accepts, and closes ln. What stands before the
// first request, a PROXY header or a TLS handshake, is no request: a connection is idle
// behind it, as [Conn] has it. Readiness is green from
// now on, unless the server has been told to stop. Serve always returns an error:
// [ErrServerClosed] after Shutdown. It does not wait for requests that are still being
// answered; Shutdown does. Where there is TLS, a client that does not speak it but HTTP
// is told so, with a 400 and a text, as a connection of step 4 answers: the first byte
// tells the two apart.
func (s *Server) Serve(ln net.Listener) error {
	// TODO 10.9: The accept loop of step 1, on a listener of 10.4.
	return errors.New("task 10.9 is not written yet")
}

// ServeAdmin serves health checks and metrics on ln, as Serve does.
func (s *Server) ServeAdmin(ln net.Listener) error {
	// TODO 10.9: Another accept loop.
	return errors.New("task 10.9 is not written yet")
}

// Shutdown ends the server without losing a request. Readiness turns red; after
// DrainDelay, in which balancers notice that, nothing is accepted any more; requests
// that have arrived are answered, each the last on its connection; idle connections
// are closed. Health checks and metrics are served until the end.
//
// If ctx is done first, the connections that are left are closed, and the error says
// how many there were, and what pool.Shutdown says.
func (s *Server) Shutdown(ctx context.Context) error {
	// TODO 10.9: In which order do the parts stop?
	return errors.New("task 10.9 is not written yet")
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
	// TODO 10.10: Listen, and RunOn does the rest.
	return errors.New("task 10.10 is not written yet")
}

// RunOn is Run on listeners that are there already. Admin may be nil. It returns
// early if a listener fails, after what has arrived is finished.
func (s *Server) RunOn(ctx context.Context, ln, admin net.Listener) error {
	// TODO 10.10: Two accept loops in the background; the end of ctx, or of one of them, begins the shutdown.
	return errors.New("task 10.10 is not written yet")
}
