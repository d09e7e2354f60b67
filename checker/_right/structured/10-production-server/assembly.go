package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"barewire/steps/03-headers-bodies"
	"barewire/steps/04-keep-alive"
	"barewire/steps/07-middleware"
	"barewire/steps/08-rate-limiting"
)

// A layer is a middleware that a Config may have switched off.
type layer struct {
	on   bool
	make func() keepalive.Middleware
}

// assemble makes the handler that Handler describes, from the outside in.
func (s *Server) assemble() keepalive.Handler {
	c := &s.cfg
	just := func(m keepalive.Middleware) func() keepalive.Middleware {
		return func() keepalive.Middleware { return m }
	}
	var ms []keepalive.Middleware
	for _, l := range []layer{
		{true, just(before(holdBusy))},
		{true, just(before(dropLookalikes))},
		{c.Proxies.Field != ratelimit.NoField, just(before(s.nameClient))},
		{c.RequestID, middleware.RequestID},
		{true, s.Metrics.Middleware},
		{c.AccessLog != nil, just(c.AccessLog)},
		{true, func() keepalive.Middleware { return middleware.Recover(c.ErrorLog) }},
		{c.SecurityHeaders, middleware.SecurityHeaders{}.Middleware},
		{c.RateQuota > 0, s.limit},
		{true, func() keepalive.Middleware { return Workers(s.pool, c.QueueTimeout) }},
		{c.RequestTimeout > 0, func() keepalive.Middleware { return middleware.Timeout(c.RequestTimeout) }},
		{len(c.CORS.AllowedOrigins) > 0, c.CORS.Middleware},
		{c.Compress, func() keepalive.Middleware { return middleware.Compress(0) }},
		{true, just(s.originOnly)},
	} {
		if l.on {
			ms = append(ms, l.make())
		}
	}
	var last keepalive.Handler = &s.Router
	if c.Handler != nil {
		last = c.Handler
	}
	return middleware.Chain(ms...)(last)
}

// before makes a middleware of what is done before the handler; what that returns is
// done afterwards.
func before(f func(r *keepalive.Request) (after func())) keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if after := f(r); after != nil {
				defer after()
			}
			next.ServeHTTP(w, r)
		})
	}
}

// connKey is the key of a request's Conn in its context.
type connKey struct{}

func holdBusy(r *keepalive.Request) func() {
	c, ok := r.Context().Value(connKey{}).(Conn)
	if !ok {
		return nil
	}
	c.SetBusy(true)
	return func() { c.SetBusy(false) }
}

// dropLookalikes takes off what a program behind might take for a field of framing.
func dropLookalikes(r *keepalive.Request) func() {
	r.Header.Del("Content_Length")
	r.Header.Del("Transfer_Encoding")
	return nil
}

// nameClient makes RemoteAddr that of the client whom a trusted proxy names.
func (s *Server) nameClient(r *keepalive.Request) func() {
	peer := ratelimit.Proxies{}.ClientAddr(r)
	if client := s.cfg.Proxies.ClientAddr(r); client.IsValid() && client != peer {
		r.RemoteAddr = &net.TCPAddr{IP: client.AsSlice()}
	}
	return nil
}

func (s *Server) limit() keepalive.Middleware {
	l := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: s.cfg.RateQuota, Window: s.cfg.RateWindow}}
	return l.Middleware(ratelimit.Proxies{}.Key) // RemoteAddr is the client by now
}

// originOnly refuses what an origin server does not do.
func (s *Server) originOnly(next keepalive.Handler) keepalive.Handler {
	const https = "https://"
	open := s.tls != nil || len(s.cfg.Proxies.Trusted) > 0
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		raw := r.Target.Raw
		switch {
		case r.Method == "CONNECT":
			w.Header().Set("Connection", "close")
			keepalive.Error(w, 501)
		case r.Method == "TRACE":
			keepalive.Error(w, 501)
		case !open && len(raw) >= len(https) && strings.EqualFold(string(raw[:len(https)]), https):
			keepalive.Error(w, 421)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refused returns what counts and logs a request that the connection has refused, as
// if a handler had given that answer.
func (s *Server) refused() func(r *keepalive.Request, status int) {
	return func(r *keepalive.Request, status int) {
		ms := []keepalive.Middleware{before(s.nameClient), s.Metrics.Middleware()}
		if s.cfg.AccessLog != nil {
			ms = append(ms, s.cfg.AccessLog)
		}
		answer := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, _ *keepalive.Request) { w.WriteHeader(status) })
		middleware.Chain(ms...)(answer).ServeHTTP(new(nobody), r)
	}
}

// nobody is a ResponseWriter that nobody reads.
type nobody struct{ header message.Header }

func (n *nobody) Header() *message.Header     { return &n.header }
func (n *nobody) WriteHeader(int)             {}
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n *nobody) Flush() error                { return nil }

// serve is what happens on a connection: each stage hands what it has made of it to
// the next one, or nil where it ends.
func (s *Server) serve(ctx context.Context, nc net.Conn) {
	c := nc.(Conn)
	ctx = context.WithValue(ctx, connKey{}, c)
	for _, stage := range []func(context.Context, Conn, net.Conn) net.Conn{s.readProxy, s.shakeHands} {
		if nc = stage(ctx, c, nc); nc == nil {
			return
		}
	}
	s.http.ServeConn(ctx, link{nc, c})
}

// A link is what HTTP is spoken on: c, or TLS on it. It tells c when a request has
// begun, even if the bytes of that came with those of the one before.
type link struct {
	net.Conn
	c Conn
}

func (l link) Waiting(is bool) { l.c.SetBusy(!is) }

func (l link) NetConn() net.Conn { return l.Conn }

func (l link) CloseWrite() error {
	if half, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (l link) ReadFrom(src io.Reader) (int64, error) {
	if to, ok := l.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{l.Conn}, src)
}

// newcomer is how long a connection that has just come may go on once the server
// stops, before it has said anything.
const newcomer = time.Second

// preface runs f, which reads what comes before HTTP and has HeaderTimeout for that.
func (s *Server) preface(ctx context.Context, c Conn, f func() error) error {
	begun := time.Now()
	c.SetReadDeadline(begun.Add(s.cfg.HeaderTimeout))
	c.SetWriteDeadline(begun.Add(s.cfg.HeaderTimeout))
	calm := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Now().Add(newcomer)) })
	err := f()
	calm()
	c.SetWriteDeadline(time.Time{})
	c.SetBusy(false)
	return err
}

// readProxy reads a PROXY header, if there has to be one.
func (s *Server) readProxy(ctx context.Context, c Conn, nc net.Conn) net.Conn {
	if !s.cfg.ProxyProtocol {
		return nc
	}
	peer := ratelimit.Proxies{}.ClientAddr(&keepalive.Request{RemoteAddr: nc.RemoteAddr()})
	if !trusted(s.cfg.Proxies.Trusted, peer) {
		return nil
	}
	err := s.preface(ctx, c, func() error {
		addr, err := ReadProxy(nc)
		if err == nil && addr.IsValid() {
			c.SetRemoteAddr(net.TCPAddrFromAddrPort(addr))
		}
		return err
	})
	if err != nil {
		return nil
	}
	return nc
}

// shakeHands begins TLS, if there is a certificate.
func (s *Server) shakeHands(ctx context.Context, c Conn, nc net.Conn) net.Conn {
	if s.tls == nil {
		return nc
	}
	secured := tls.Server(nc, s.tls)
	err := s.preface(ctx, c, secured.Handshake)
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil {
		s.explain(nc, plain.RecordHeader[:])
	}
	if err != nil {
		return nil
	}
	return secured
}

// explain answers a client that speaks HTTP where TLS is spoken. Begin is what it has
// said first.
func (s *Server) explain(nc net.Conn, begin []byte) {
	method, _, _ := bytes.Cut(begin, []byte(" "))
	if len(method) == 0 || bytes.ContainsFunc(method, func(c rune) bool { return c < 'A' || c > 'Z' }) {
		return
	}
	const text = "This server speaks TLS here: the address begins with https.\n"
	now := time.Now()
	answer := message.AppendStatusLine(nil, 400)
	answer = message.AppendField(answer, "Date", message.AppendDate(nil, now))
	answer = message.AppendField(answer, "Content-Type", "text/plain; charset=utf-8")
	answer = message.AppendField(answer, "Content-Length", strconv.Itoa(len(text)))
	answer = message.AppendField(answer, "Connection", "close")
	answer = append(answer, "\r\n"...)
	if string(method) != "HEAD" {
		answer = append(answer, text...)
	}
	nc.SetDeadline(now.Add(newcomer))
	nc.Write(answer)
	if half, ok := nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, nc)
	}
}
