package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	middleware "barewire/steps/07-middleware"
	ratelimit "barewire/steps/08-rate-limiting"
	server "barewire/steps/10-production-server"
)

// open makes a server, or fails the test.
func open(t testing.TB, cfg server.Config) *server.Server {
	t.Helper()
	if cfg.ErrorLog == nil {
		cfg.ErrorLog = quiet
	}
	srv, err := server.New(cfg)
	if err != nil {
		testkit.Report{Want: "a server", Got: "error " + err.Error(), Why: "this Config is good"}.Fatal(t)
	}
	return srv
}

func TestTask9_New(t *testing.T) {
	_, err := server.New(server.Config{MaxConns: -1})
	if got := faults(err); got != "MaxConns" {
		testkit.Report{Doing: "New gets a Config with MaxConns: -1", Want: "the error of Validate, about MaxConns", Got: got, Why: "what is wrong is said before anything listens"}.Error(t)
	}
	_, err = server.New(server.Config{CertFile: filepath.Join(t.TempDir(), "none.pem"), KeyFile: "none.pem", ErrorLog: quiet})
	if got := faults(err); got != "CertFile" {
		testkit.Report{Doing: "New gets a Config with a CertFile that is not there", Want: "a *ConfigError about CertFile", Got: got, Why: "a certificate that cannot be read is found out now, and not at the first handshake"}.Error(t)
	}
}

// TestTask9_Handler looks at the chain without a connection below it.
func TestTask9_Handler(t *testing.T) {
	page := func(w keepalive.ResponseWriter, r *keepalive.Request) {
		switch r.Path() {
		case "/panic":
			panic("on purpose")
		case "/long":
			keepalive.Text(w, 200, strings.Repeat("long ", 1000))
		default:
			keepalive.Text(w, 200, r.Method+" "+r.Path())
		}
	}
	overTLS := secure(t)
	overTLS.Handler = keepalive.HandlerFunc(page)
	for _, r := range []struct {
		name, why string
		cfg       server.Config
		requests  []string // heads, in order
		want      string   // statuses, and the fields named in look
		look      string
		metrics   string // a line that must be among the metrics
	}{
		{"a route answers", "Server is a Router", server.Config{}, []string{"GET /a"}, "200", "", `barewire_requests_total{method="GET",status="200"} 1`},
		{"a path without a route", "404, and counted", server.Config{}, []string{"GET /b"}, "404", "", `barewire_requests_total{method="GET",status="404"} 1`},
		{"Config.Handler answers instead of the routes", "for those who bring a router of their own", server.Config{Handler: keepalive.HandlerFunc(page)}, []string{"GET /b", "BREW /c"}, "200 200", "", ""},
		{"too many requests", "the limit is for each client, and refusals are counted", server.Config{RateQuota: 2, RateWindow: time.Hour},
			[]string{"GET /a", "GET /a", "GET /a"}, "200 200 429", "", `barewire_requests_total{method="GET",status="429"} 1`},
		{"a panic is a 500", "and no more than that, and counted as one", server.Config{Handler: keepalive.HandlerFunc(page)}, []string{"GET /panic", "GET /b"}, "500 200", "", `barewire_requests_total{method="GET",status="500"} 1`},
		{"a request id on every response", "on errors above all", server.Config{RequestID: true}, []string{"GET /b\r\nX-Request-ID: abc"}, "404 X-Request-Id: abc", "X-Request-ID", ""},
		{"fields for browsers, on errors too", "an error page is a page", server.Config{SecurityHeaders: true}, []string{"GET /b"}, "404 X-Content-Type-Options: nosniff", "X-Content-Type-Options", ""},
		{"and on refusals", "what is refused passes through the same fields", server.Config{SecurityHeaders: true, RateQuota: 1, RateWindow: time.Hour}, []string{"GET /a", "GET /a"},
			"200 X-Content-Type-Options: nosniff 429 X-Content-Type-Options: nosniff", "X-Content-Type-Options", ""},
		{"other origins", "CORS of step 7", server.Config{CORS: middleware.CORS{AllowedOrigins: []string{"https://a.example"}}}, []string{"GET /a\r\nOrigin: https://a.example"},
			"200 Access-Control-Allow-Origin: https://a.example", "Access-Control-Allow-Origin", ""},
		{"compression", "for those who take it", server.Config{Compress: true, Handler: keepalive.HandlerFunc(page)}, []string{"GET /long\r\nAccept-Encoding: gzip"}, "200 Content-Encoding: gzip", "Content-Encoding", ""},
		{"CONNECT is refused, whoever answers the rest", "an origin server is no proxy, and behind CONNECT come bytes that are not HTTP (RFC 9110 §9.3.6)",
			server.Config{Handler: keepalive.HandlerFunc(page)}, []string{"CONNECT a.example:443"}, "501 Connection: close", "Connection", ""},
		{"lookalikes of the fields that frame are taken away", "CGI and what came after it make one name of Content_Length and Content-Length: whoever is behind the handler would believe the wrong one",
			server.Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
				w.Header().Set("Seen", fmt.Sprint(r.Header.Has("Content_Length"), r.Header.Has("transfer_encoding"), r.Header.Has("X_Other")))
				w.WriteHeader(200)
			})}, []string{"GET /\r\nContent_Length: 5\r\ntransfer_encoding: chunked\r\nX_Other: y"}, "200 Seen: false false true", "Seen", ""},
		{"TRACE is refused", "it sends back the fields that a proxy has added (RFC 9110 §9.3.8)", server.Config{Handler: keepalive.HandlerFunc(page)}, []string{"TRACE /"}, "501", "", ""},
		{"an https URI without TLS", "whoever listens in would get what is to be had over TLS only (RFC 9110 §7.4)", server.Config{Handler: keepalive.HandlerFunc(page)},
			[]string{"GET HTTPS://a.example/", "GET http://a.example/"}, "421 200", "", ""},
		{"an https URI over TLS", "it has come as it should", overTLS, []string{"GET https://a.example/"}, "200", "", ""},
		{"an https URI behind a proxy", "the proxy has TLS, and hands the request on as it was", server.Config{Handler: keepalive.HandlerFunc(page), Proxies: ratelimit.Proxies{Trusted: everybody}},
			[]string{"GET https://a.example/"}, "200", "", ""},
		{"a handler that takes too long", "RequestTimeout, if the handler heeds its context", server.Config{RequestTimeout: time.Second, Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			<-r.Context().Done()
		})}, []string{"GET /a"}, "503", "", ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				srv := open(t, r.cfg)
				srv.HandleFunc("GET /a", page)
				h := srv.Handler()
				got := ""
				for _, head := range r.requests {
					line, fields, more := strings.Cut(head, "\r\n")
					if more {
						fields += "\r\n"
					}
					line, host := strings.TrimSpace(line), "a"
					switch target := strings.Fields(line)[1]; {
					case strings.Contains(target, "://"):
						host = "a.example"
					case !strings.HasPrefix(target, "/"):
						host = target
					}
					req := request(t, line+" HTTP/1.1\r\nHost: "+host+"\r\n"+fields+"\r\n")
					req.RemoteAddr = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 1234}
					s := new(sheet)
					h.ServeHTTP(s, req)
					got += fmt.Sprintf(" %d", s.status)
					if v := s.header.Get(r.look); r.look != "" && v != "" {
						got += fmt.Sprintf(" %s: %s", textName(r.look), v)
					}
				}
				if got = strings.TrimSpace(got); got != r.want {
					testkit.Report{Sent: strings.Join(r.requests, "\n"), Doing: "the server has: " + settings(r.cfg), Want: r.want, Got: got, Why: r.why}.Error(t)
				} else if text := string(srv.Metrics.AppendTo(nil)); !strings.Contains(text, r.metrics) {
					testkit.Report{Sent: strings.Join(r.requests, "\n"), Doing: "the server has: " + settings(r.cfg), Want: r.metrics, Got: lines(text, "requests_total{"), Why: r.why}.Error(t)
				}
				srv.Shutdown(t.Context())
			})
		})
	}
}

// textName writes a field name as HTTP libraries do.
func textName(name string) string { return strings.Replace(name, "ID", "Id", 1) }

// live runs a story, of which doing is the short form, with a server that serves a
// street: it answers /fast at once, /slow after ten seconds, and /who with the address.
func live(t *testing.T, cfg server.Config, doing string, story func(srv *server.Server, s *street) string, want, why string) {
	t.Helper()
	report := testkit.Report{Doing: "(" + settings(cfg) + ") " + doing, Want: strings.NewReplacer("; ", "\n", "<nil>", "nil").Replace(want), Why: why}
	testkit.BubbleFor(t, report, func(t *testing.T) {
		srv := open(t, cfg)
		srv.HandleFunc("GET /fast", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "fast") })
		srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			time.Sleep(10 * time.Second)
			keepalive.Text(w, 200, "slow")
		})
		srv.HandleFunc("GET /who", func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, r.RemoteAddr.String()) })
		s := newStreet()
		served := make(chan error, 1)
		go func() { served <- srv.Serve(s) }()
		settle()
		got := story(srv, s)
		srv.Shutdown(context.Background())
		s.Close()
		if err := <-served; !errors.Is(err, server.ErrServerClosed) {
			got += fmt.Sprint("; Serve returned ", err)
		}
		if got != want {
			report.Got = strings.NewReplacer("; ", "\n", "<nil>", "nil").Replace(got)
			report.Want = strings.NewReplacer("; ", "\n", "<nil>", "nil").Replace(want)
			report.Error(t)
		}
	})
}

// settings writes the fields of a Config that are set, and short.
func settings(cfg server.Config) string {
	var set []string
	v := reflect.ValueOf(cfg)
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case f.IsZero() || name == "ErrorLog":
		case f.Kind() == reflect.Bool || f.CanInt() || f.CanFloat():
			set = append(set, fmt.Sprintf("%s: %v", name, f.Interface()))
		default:
			set = append(set, name)
		}
	}
	if len(set) == 0 {
		return "zero Config"
	}
	return strings.Join(set, ", ")
}

// from is a connection that comes from an address.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

// call connects a client from 192.0.2.9 to the server.
func (s *street) call() *client {
	ours, theirs := net.Pipe()
	s.door <- from{theirs, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 999}}
	return newClient(ours)
}

func to(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }

func TestTask9_Serve(t *testing.T) {
	proxied := server.Config{ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
	named := server.Config{Proxies: ratelimit.Proxies{Trusted: proxied.Proxies.Trusted, Field: ratelimit.XForwardedFor}}
	stranger := server.Config{ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}}
	for _, r := range []struct {
		name, doing, why string
		cfg              server.Config
		story            func(srv *server.Server, s *street) string
		want             string
	}{
		{"requests are answered, one after another", "a client sends two requests on one connection", "all of the course at work", server.Config{}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return c.ask(to("/fast")) + "; " + c.ask(to("/who"))
		}, `200, "fast"; 200, "192.0.2.9:999"`},
		{"ready when it serves", "/readyz is asked while the server serves", "now it can be sent requests", server.Config{}, func(srv *server.Server, s *street) string {
			return get(t, &srv.Health, "/readyz")[:3]
		}, "200"},
		{"the longest idle makes room", "a first client connects and says nothing; a second one connects and sends a request", "MaxConns is the bound, and 10.4 keeps it", server.Config{MaxConns: 1}, func(srv *server.Server, s *street) string {
			first, second := s.call(), s.call()
			defer first.Close()
			defer second.Close()
			got := second.ask(to("/fast"))
			return got + fmt.Sprint("; the first is still there: ", strings.HasPrefix(first.ask(to("/fast")), "200"))
		}, `200, "fast"; the first is still there: false`},
		{"a request in progress does not make room", "a first client has a request that takes 10s; a second one connects, and sends one as well", "busy is not idle, even without a byte for ten seconds", server.Config{MaxConns: 1}, func(srv *server.Server, s *street) string {
			first, second := s.call(), s.call()
			defer first.Close()
			defer second.Close()
			io.WriteString(first, to("/slow"))
			begun := time.Now()
			got := first.answer()
			return fmt.Sprintf("%s after %v; then %s", got, time.Since(begun), second.ask(to("/fast")))
		}, `200, "slow" after 10s; then 200, "fast"`},
		{"a client has as many connections as it may have", "two connections come from one address, and send a request each", "MaxConnsPerClient is the bound, and 10.4 keeps it", server.Config{MaxConnsPerClient: 1}, func(srv *server.Server, s *street) string {
			first, second := s.call(), s.call()
			defer first.Close()
			defer second.Close()
			return first.ask(to("/fast")) + fmt.Sprint("; the second is answered: ", strings.HasPrefix(second.ask(to("/fast")), "200"))
		}, `200, "fast"; the second is answered: false`},
		{"a trusted proxy has as many as it likes", "two connections come from a trusted proxy, and send a request each", "each of them may be another client's", server.Config{MaxConnsPerClient: 1, Proxies: named.Proxies}, func(srv *server.Server, s *street) string {
			first, second := s.call(), s.call()
			defer first.Close()
			defer second.Close()
			return first.ask(to("/fast")) + "; " + second.ask(to("/fast"))
		}, `200, "fast"; 200, "fast"`},
		{"who is refused by the limit needs no worker", "a client may send one request, which takes 10s and has the only worker; others wait for 1s; then it sends another one", "a client that sends too much would take the places of the others, to be told no: 429, and not 503", server.Config{MaxWorkers: 1, Queue: 1, QueueTimeout: time.Second, RateQuota: 1, RateWindow: time.Hour}, func(srv *server.Server, s *street) string {
			first, second := s.call(), s.call()
			defer first.Close()
			defer second.Close()
			io.WriteString(first, to("/slow"))
			settle()
			got := second.ask(to("/fast"))
			return strings.TrimSuffix(got, ", Retry-After") + "; " + first.answer()
		}, `429; 200, "slow"`},
		{"a slow sender is cut off", "a client sends its content at one byte a second; the server wants 100", "MinRate counts from HeaderTimeout on", server.Config{MinRate: 100}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			io.WriteString(c, "POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
			begun := time.Now()
			go func() {
				for range 1000 {
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			c.answer()
			took := time.Since(begun)
			c.Close()
			time.Sleep(2 * time.Second) // the sender notices
			return fmt.Sprint("within 20 s: ", took < 20*time.Second)
		}, "within 20 s: true"},
		{"the client's address from the PROXY header", "a proxy sends a PROXY header, and a request for /who, which answers with the client's address", "behind a proxy every connection comes from the proxy", proxied, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return c.ask("PROXY TCP4 198.51.100.7 192.0.2.1 56324 80\r\n" + to("/who"))
		}, `200, "198.51.100.7:56324"`},
		{"the client's address from a field, for this request only", "a trusted proxy sends two requests for /who, the first one with X-Forwarded-For", "the next request on the proxy's connection is another client's", named, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return c.ask("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.1, 198.51.100.7\r\n\r\n") + "; " + c.ask(to("/who"))
		}, `200, "198.51.100.7:0"; 200, "192.0.2.9:999"`},
		{"a field that nobody was told to believe", "a client sends X-Forwarded-For with a request for /who, and no proxy is trusted", "anybody can send one", server.Config{}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return c.ask("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
		}, `200, "192.0.2.9:999"`},
		{"a proxy that asks for itself", "a proxy sends PROXY UNKNOWN, and a request for /who", "UNKNOWN leaves the address as it is", proxied, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return c.ask("PROXY UNKNOWN\r\n" + to("/who"))
		}, `200, "192.0.2.9:999"`},
		{"no PROXY header", "a client sends a request without a PROXY header", "a connection without one did not come through the proxy", proxied, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return "answered: " + fmt.Sprint(strings.HasPrefix(c.ask(to("/who")), "200"))
		}, `answered: false`},
		{"a PROXY header from a stranger", "a client who is no trusted proxy sends a PROXY header and a request", "anybody can write one", stranger, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return "answered: " + fmt.Sprint(strings.HasPrefix(c.ask("PROXY TCP4 198.51.100.7 192.0.2.1 56324 80\r\n"+to("/who")), "200"))
		}, `answered: false`},
		{"a stranger without a PROXY header", "a client who is no trusted proxy sends a request", "connections of others are refused: whoever finds the way around the proxy is not limited by it, nor in its log", stranger, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			return "answered: " + fmt.Sprint(strings.HasPrefix(c.ask(to("/who")), "200"))
		}, `answered: false`},
		{"half a PROXY header", "a proxy sends half a PROXY header, and nothing more. The connection is closed:", "a deadline before every wait", proxied, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			io.WriteString(c, "PROXY TCP4 198.5")
			begun := time.Now()
			c.answer()
			return fmt.Sprint("within a minute: ", time.Since(begun) < time.Minute)
		}, "within a minute: true"},
	} {
		t.Run(r.name, func(t *testing.T) { live(t, r.cfg, r.doing, r.story, r.want, r.why) })
	}
}

// secure is a Config with a certificate.
func secure(t *testing.T) server.Config {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, certFile, keyFile, "barewire", time.Now())
	return server.Config{CertFile: certFile, KeyFile: keyFile, HeaderTimeout: 5 * time.Second}
}

// A request that has begun is in progress, wherever its beginning was read.
func TestTask9_Together(t *testing.T) {
	live(t, server.Config{}, "a client sends two requests at once, of the second one the head only. It has the first answer, and 4s later sends the content", func(srv *server.Server, s *street) string {
		c := s.call()
		defer c.Close()
		io.WriteString(c, to("/fast")+"POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
		got := c.answer()
		time.Sleep(4 * time.Second)
		got += fmt.Sprint("; until then idle: ", srv.Metrics.Conns.Stats().Idle)
		io.WriteString(c, "x")
		return got + "; " + strings.SplitN(c.answer(), ",", 2)[0]
	}, `200, "fast"; until then idle: 0; 405`, "Stats has the connection among those that may be closed to make room, and its request has been read")
}

func TestTask9_TLS(t *testing.T) {
	live(t, secure(t), "a client that offers h2 and http/1.1 sends two requests over TLS", func(srv *server.Server, s *street) string {
		plain := s.call()
		nc := tls.Client(plain.Conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
		c := newClient(nc)
		defer plain.Conn.Close()
		return c.ask(to("/fast")) + "; " + c.ask(to("/who")) + "; " + nc.ConnectionState().NegotiatedProtocol
	}, `200, "fast"; 200, "192.0.2.9:999"; http/1.1`, "the same server, behind TLS; whoever offers HTTP/2 must be told that this is not it")
}

func TestTask9_PlainHTTP(t *testing.T) {
	for _, r := range []struct{ name, send, want, why string }{
		{"a request", to("/fast"), "400, then the end", "a connection that ends without a word is a riddle to whoever has forgotten the s in https"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "400, then the end", "an answer to HEAD has no content (RFC 9110 §9.3.2)"},
		{"what is neither", "\x01\x02\x03\x04\x05\x06\x07", "no plain HTTP, then the end", "whoever speaks neither language would not understand it"},
	} {
		t.Run(r.name, func(t *testing.T) {
			live(t, secure(t), "a client does not speak TLS, and sends "+testkit.Visible(r.send), func(srv *server.Server, s *street) string {
				nc := s.call().Conn
				defer nc.Close()
				go io.WriteString(nc, r.send)
				nc.SetReadDeadline(time.Now().Add(time.Minute))
				all, err := io.ReadAll(nc)
				got := "no plain HTTP"
				method, _, _ := strings.Cut(r.send, " ")
				if res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(all)), &http.Request{Method: method}); err == nil {
					got = fmt.Sprint(res.StatusCode)
					content, _ := io.ReadAll(res.Body)
					if _, rest, _ := strings.Cut(string(all), "\r\n\r\n"); rest != string(content) {
						got += ", and content behind it"
					}
					if res.Header.Get("Date") == "" || !res.Close {
						got += ", without Date or Connection: close"
					}
				}
				if err == nil {
					got += ", then the end"
				}
				return got + fmt.Sprint("; TLS works: ", overTLS(s))
			}, r.want+"; TLS works: true", r.why)
		})
	}
}

// overTLS says whether a client that speaks TLS is answered.
func overTLS(s *street) bool {
	plain := s.call()
	defer plain.Conn.Close()
	c := newClient(tls.Client(plain.Conn, &tls.Config{InsecureSkipVerify: true}))
	return strings.HasPrefix(c.ask(to("/fast")), "200")
}

// Over TLS, a connection is busy and idle like any other.
func TestTask9_TLSIdle(t *testing.T) {
	cfg := secure(t)
	cfg.MinRate = 100
	live(t, cfg, "a client sends a request over TLS, waits for 20s, and sends another one", func(srv *server.Server, s *street) string {
		plain := s.call()
		defer plain.Conn.Close()
		c := newClient(tls.Client(plain.Conn, &tls.Config{InsecureSkipVerify: true}))
		first := c.ask(to("/fast"))
		time.Sleep(20 * time.Second)
		return first + "; " + c.ask(to("/fast"))
	}, `200, "fast"; 200, "fast"`, "MinRate is for requests. Between two of them a client may be silent: what belongs to the connection below TLS has to be told so as well")
}

// What stands before the first request is no request.
func TestTask9_IdleAtFirst(t *testing.T) {
	proxied := server.Config{MaxConns: 1, HeaderTimeout: 5 * time.Second, ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
	withTLS := secure(t)
	withTLS.MaxConns = 1
	const header = "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n"
	for _, r := range []struct {
		name, doing string
		cfg         server.Config
		first       func(c *client) error
		request     string
	}{
		{"behind a TLS handshake", "a client has done its TLS handshake and sends nothing", withTLS,
			func(c *client) error { return tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true}).Handshake() }, to("/fast")},
		{"behind a PROXY header", "a client has sent its PROXY header, and nothing else", proxied,
			func(c *client) error { _, err := io.WriteString(c, header); return err }, header + to("/fast")},
	} {
		t.Run(r.name, func(t *testing.T) {
			live(t, r.cfg, r.doing+"; two seconds later another one comes, which is answered", func(srv *server.Server, s *street) string {
				idle := s.call()
				defer idle.Close()
				if err := r.first(idle); err != nil {
					return err.Error()
				}
				time.Sleep(2 * time.Second)
				begun := time.Now()
				plain := s.call()
				defer plain.Close()
				c := plain
				if r.cfg.CertFile != "" {
					c = newClient(tls.Client(plain.Conn, &tls.Config{InsecureSkipVerify: true}))
				}
				got := c.ask(r.request)
				return fmt.Sprintf("%s, within a second: %v", got, time.Since(begun) < time.Second)
			}, `200, "fast", within a second: true`, "a connection that waits for its first request is idle, and makes room (10.4); one that never is costs an attacker nothing, and holds its place for as long as a head may take. Who has read what stands before it has to say so, with SetBusy(false)")
		})
	}
}

func TestTask9_Handshake(t *testing.T) {
	live(t, secure(t), "a client connects and says nothing", func(srv *server.Server, s *street) string {
		c := s.call()
		defer c.Close()
		begun := time.Now()
		c.SetReadDeadline(begun.Add(time.Hour))
		_, err := c.Read(make([]byte, 1))
		return fmt.Sprintf("%v after %v", err, time.Since(begun))
	}, "EOF after 5s", "to connect and say nothing is the cheapest attack there is")
}

func TestTask9_Shutdown(t *testing.T) {
	for _, r := range []struct {
		name, doing, why string
		cfg              server.Config
		story            func(srv *server.Server, s *street) string
		want             string
	}{
		{"a request in progress is answered", "a request takes 10s, and Shutdown is called meanwhile", "it was accepted", server.Config{}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			io.WriteString(c, to("/slow"))
			settle()
			ended := make(chan error, 1)
			go func() { ended <- srv.Shutdown(context.Background()) }()
			got := c.answer()
			return fmt.Sprintf("%s; Shutdown returned %v", got, <-ended)
		}, `200, "slow"; Shutdown returned <nil>`},
		{"one that waits for a worker as well", "the only worker has a request that takes 10s, another one waits for it, and Shutdown is called", "it was accepted too", server.Config{MaxWorkers: 1, QueueTimeout: time.Minute}, func(srv *server.Server, s *street) string {
			a, b := s.call(), s.call()
			defer a.Close()
			defer b.Close()
			io.WriteString(a, to("/slow"))
			settle()
			io.WriteString(b, to("/fast"))
			time.Sleep(6 * time.Second)
			ended := make(chan error, 1)
			go func() { ended <- srv.Shutdown(context.Background()) }()
			first, second := a.answer(), b.answer()
			return fmt.Sprintf("%s; %s; %v", first, second, <-ended)
		}, `200, "slow"; 200, "fast"; <nil>`},
		{"an idle connection is closed at once", "a client has been answered and says nothing, and Shutdown is called", "nobody would miss it", server.Config{}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			c.ask(to("/fast"))
			begun := time.Now()
			err := srv.Shutdown(context.Background())
			return fmt.Sprintf("%v, within a tenth of a second: %v", err, time.Since(begun) <= 100*time.Millisecond)
		}, "<nil>, within a tenth of a second: true"},
		{"a client that has just come is still answered", "two clients have just connected, Shutdown is called, and one of them sends a request", "it has been told that it is connected, and nobody repeats a request on a connection that never answered (RFC 9112 §9.3.1)", server.Config{}, func(srv *server.Server, s *street) string {
			silent, c := s.call(), s.call()
			defer silent.Close()
			defer c.Close()
			settle()
			ended := make(chan error, 1)
			begun := time.Now()
			go func() { ended <- srv.Shutdown(context.Background()) }()
			settle()
			got := c.ask(to("/fast"))
			return fmt.Sprintf("%s; %v, within two seconds: %v", got, <-ended, time.Since(begun) < 2*time.Second)
		}, `200, "fast"; <nil>, within two seconds: true`},
		{"one that has not said who it is does not hold it up", "a proxy has connected, and sends no PROXY header; Shutdown is called. What it returns:", "behind a proxy, silence is a connection that the proxy keeps ready",
			server.Config{ProxyProtocol: true, Proxies: ratelimit.Proxies{Trusted: everybody}}, func(srv *server.Server, s *street) string {
				c := s.call()
				defer c.Close()
				settle()
				begun := time.Now()
				err := srv.Shutdown(context.Background())
				return fmt.Sprintf("%v, within two seconds: %v", err, time.Since(begun) < 2*time.Second)
			}, "<nil>, within two seconds: true"},
		{"readiness turns red first, and requests still come in", "Shutdown is called; 4s later /readyz is asked, and a new client sends a request", "balancers ask every few seconds: until they know, they send requests, and those must not be refused",
			server.Config{DrainDelay: 5 * time.Second}, func(srv *server.Server, s *street) string {
				ended := make(chan error, 1)
				begun := time.Now()
				go func() { ended <- srv.Shutdown(context.Background()) }()
				time.Sleep(4 * time.Second)
				c := s.call()
				defer c.Close()
				got := get(t, &srv.Health, "/readyz")[:3] + "; " + c.ask(to("/fast"))
				err := <-ended
				return fmt.Sprintf("%s; %v after %v", got, err, time.Since(begun).Round(time.Second))
			}, `503; 200, "fast"; <nil> after 5s`},
		{"its workers go home", "the server keeps two workers; Shutdown is called, and then the metrics say how many there are", "a program that makes a server anew, as a test does, would have more workers each time", server.Config{MinWorkers: 2}, func(srv *server.Server, s *street) string {
			c := s.call()
			defer c.Close()
			got := c.ask(to("/fast"))
			err := srv.Shutdown(context.Background())
			settle()
			idle := lines(string(srv.Metrics.AppendTo(nil)), "barewire_workers")
			return fmt.Sprintf("%s; %v; workers: %d", got, err, strings.Count(idle, `state="idle"} 2`)*2)
		}, `200, "fast"; <nil>; workers: 0`},
		{"it stays red when somebody serves afterwards", "Shutdown is called, and then Serve, on another listener; /readyz is asked", "a server that has been told to stop takes no requests, and must not ask for any", server.Config{}, func(srv *server.Server, s *street) string {
			srv.Shutdown(context.Background())
			err := srv.Serve(newStreet())
			return fmt.Sprintf("Serve returned ErrServerClosed: %v; %s", errors.Is(err, server.ErrServerClosed), get(t, &srv.Health, "/readyz")[:3])
		}, "Serve returned ErrServerClosed: true; 503"},
		{"when the time is over, it says what was cut off", "two requests take 10s, and Shutdown is called with a context that ends after 3s", "somebody will ask why", server.Config{}, func(srv *server.Server, s *street) string {
			a, b := s.call(), s.call()
			defer a.Close()
			defer b.Close()
			io.WriteString(a, to("/slow"))
			io.WriteString(b, to("/slow"))
			settle()
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			begun := time.Now()
			err := srv.Shutdown(ctx)
			took := time.Since(begun)
			cut, ok := errors.AsType[*server.CutError](err)
			if !ok {
				return fmt.Sprint("error ", err)
			}
			time.Sleep(time.Minute)
			return fmt.Sprintf("%d cut off, deadline: %v, after %v", cut.Connections, errors.Is(err, context.DeadlineExceeded), took)
		}, "2 cut off, deadline: true, after 3s"},
	} {
		t.Run(r.name, func(t *testing.T) { live(t, r.cfg, r.doing, r.story, r.want, r.why) })
	}
}

// Health and metrics are served when everything else is full, and to the end.
func TestTask9_Admin(t *testing.T) {
	live(t, server.Config{MaxWorkers: 1, Queue: 1, MaxConns: 2}, "the server is full; /readyz and /metrics are asked at the other address, and /readyz again when Shutdown has been called", func(srv *server.Server, s *street) string {
		admin := newStreet()
		served := make(chan error, 1)
		go func() { served <- srv.ServeAdmin(admin) }()
		a, b := s.call(), s.call()
		defer a.Close()
		defer b.Close()
		io.WriteString(a, to("/slow"))
		io.WriteString(b, to("/slow"))
		settle()
		c := admin.call()
		defer c.Close()
		before := c.ask(to("/readyz"))
		metrics := c.ask(to("/metrics"))
		ended := make(chan error, 1)
		go func() { ended <- srv.Shutdown(context.Background()) }()
		settle()
		during := c.ask(to("/readyz"))
		a.answer()
		b.answer()
		<-ended
		return fmt.Sprintf("%s; metrics: %v; %s; %v", before[:3], strings.Contains(metrics, "barewire_requests_in_flight 2"), during, errors.Is(<-served, server.ErrServerClosed))
	}, `200; metrics: true; 503; true`, "an operator who cannot look at a full server restarts it")
}

func TestTask10_Run(t *testing.T) {
	t.Run("until ctx is done, then a shutdown", func(t *testing.T) {
		about := testkit.Report{Doing: "/livez is asked; a request takes 10s, and the context of Run ends meanwhile", Want: "200\n200, \"slow\"\nnil", Why: "a signal ends ctx; what was accepted is answered, and the program ends well"}
		testkit.BubbleFor(t, about, func(t *testing.T) {
			srv := open(t, server.Config{})
			srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) {
				time.Sleep(10 * time.Second)
				keepalive.Text(w, 200, "slow")
			})
			s, admin := newStreet(), newStreet()
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- srv.RunOn(ctx, s, admin) }()
			c, health := s.call(), admin.call()
			io.WriteString(c, to("/slow"))
			settle()
			got := health.ask(to("/livez"))[:3]
			cancel()
			got += "; " + c.answer()
			err := <-ended
			if got += fmt.Sprint("; ", err); got != `200; 200, "slow"; <nil>` {
				about.Got = strings.NewReplacer("; ", "\n", "<nil>", "nil").Replace(got)
				about.Error(t)
			}
			c.Close()
			health.Close()
		})
	})
	t.Run("no longer than DrainDelay and ShutdownTimeout", func(t *testing.T) {
		about := testkit.Report{Doing: "(DrainDelay 2s, ShutdownTimeout 3s) a request takes an hour, and the context of Run ends", Want: "a *CutError after 5s", Why: "whoever started the program kills it soon after; it should end by itself and say what it lost"}
		testkit.BubbleFor(t, about, func(t *testing.T) {
			srv := open(t, server.Config{ShutdownTimeout: 3 * time.Second, DrainDelay: 2 * time.Second})
			srv.HandleFunc("GET /slow", func(w keepalive.ResponseWriter, r *keepalive.Request) { time.Sleep(time.Hour) })
			s := newStreet()
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- srv.RunOn(ctx, s, nil) }()
			c := s.call()
			io.WriteString(c, to("/slow"))
			settle()
			begun := time.Now()
			cancel()
			err := <-ended
			_, cut := errors.AsType[*server.CutError](err)
			if got := fmt.Sprintf("cut: %v, after %v", cut, time.Since(begun)); got != "cut: true, after 5s" {
				about.Got = strings.NewReplacer("cut: true,", "a *CutError", "cut: false,", "another error, or none,").Replace(got)
				about.Error(t)
			}
			c.Close()
			time.Sleep(2 * time.Hour)
		})
	})
	t.Run("a port that is taken", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		srv := open(t, server.Config{Addr: ln.Addr().String()})
		testkit.Within(t, 10*time.Second, "Run to return an error", func() { err = srv.Run(context.Background()) })
		if _, ok := errors.AsType[*net.OpError](err); !ok {
			testkit.Report{Want: "the error of net.Listen", Got: errText(err), Why: "the address is in it, and what is wrong with it"}.Error(t)
		}
		srv.Shutdown(context.Background())
	})
	t.Run("the operator's port is taken", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		report := testkit.Report{Doing: "AdminAddr is a port that is taken; Run returns, and Addr is listened on again", Want: "the error of net.Listen from Run, and none afterwards",
			Why: "whoever tries again with another AdminAddr is told that its own port is taken, by a listener that nobody has any more"}
		// Somebody else may take the port meanwhile, but not three in a row.
		for range 3 {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := ln.Addr().String()
			ln.Close()
			srv := open(t, server.Config{Addr: addr, AdminAddr: taken.Addr().String()})
			testkit.Within(t, 10*time.Second, "Run to return an error", func() { err = srv.Run(context.Background()) })
			srv.Shutdown(context.Background())
			_, ok := errors.AsType[*net.OpError](err)
			again, failed := net.Listen("tcp", addr)
			if failed == nil {
				again.Close()
			}
			if ok && failed == nil {
				return
			}
			report.Got = fmt.Sprintf("%s from Run, and then %s", errText(err), errText(failed))
		}
		report.Error(t)
	})
	t.Run("a listener that fails", func(t *testing.T) {
		about := testkit.Report{Doing: "the listener of Run is closed by somebody else", Want: "Run returns net.ErrClosed", Why: "a program that goes on without a listener serves nobody and looks alive"}
		testkit.BubbleFor(t, about, func(t *testing.T) {
			srv := open(t, server.Config{})
			s := newStreet()
			ended := make(chan error, 1)
			go func() { ended <- srv.RunOn(context.Background(), s, nil) }()
			settle()
			s.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				about.Got = errText(err)
				about.Error(t)
			}
		})
	})
	t.Run("the operator's listener fails", func(t *testing.T) {
		about := testkit.Report{Doing: "the listener for health and metrics is closed by somebody else; Run returns within a minute, and", Want: "net.ErrClosed", Why: "whoever watches this server cannot see it any more, and thinks that it is dead: better it says why"}
		testkit.BubbleFor(t, about, func(t *testing.T) {
			srv := open(t, server.Config{})
			s, admin := newStreet(), newStreet()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- srv.RunOn(ctx, s, admin) }()
			settle()
			admin.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				about.Got = errText(err)
				about.Error(t)
			}
		})
	})
}

// What goes wrong is in the log, and what clients send cannot write lines into it.
func TestTask9_Log(t *testing.T) {
	testkit.Bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		srv := open(t, server.Config{ErrorLog: slog.New(slog.NewTextHandler(&log, nil))})
		srv.HandleFunc("GET /panic", func(keepalive.ResponseWriter, *keepalive.Request) { panic("on purpose") })
		srv.Handler().ServeHTTP(new(sheet), request(t, to("/panic")))
		srv.Shutdown(t.Context())
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "on purpose") || !strings.Contains(got, "/panic") {
			testkit.Report{Want: "one line with the panic and the target", Got: testkit.LogLines(got), Why: "a page that fails, and nobody knows why"}.Error(t)
		}
	})
}

func TestTask9_Refused(t *testing.T) {
	const long = 9000
	for _, r := range []struct {
		name, why, send string
		cfg             server.Config
		want            []string // the line in the log has these
		counted         string
	}{
		{"no Host", "a scanner sends hundreds of these, and somebody should see it", "GET /evil HTTP/1.1\r\nUser-Agent: nosy\r\n\r\n", server.Config{},
			[]string{"method=GET", "target=/evil", "status=400", "remote=192.0.2.9", "agent=nosy", "fault="}, `method="GET",status="400"`},
		{"no request at all", "nothing of it is a method", "\x16\x03\x01 hello\r\n\r\n", server.Config{}, []string{"method=", "status=400", "fault="}, `method="other",status="400"`},
		{"a target that is too long", "the client was told so", "GET /" + strings.Repeat("x", long) + " HTTP/1.1\r\n\r\n", server.Config{}, []string{"status=414"}, `method="other",status="414"`},
		{"another version", "the client was told so", "GET / HTTP/2.0\r\n\r\n", server.Config{}, []string{"status=505"}, `method="other",status="505"`},
		{"half a head", "slow clients too", "GET / HTTP/1.1\r\n", server.Config{}, []string{"target=/", "status=408"}, `method="GET",status="408"`},
		{"behind a proxy", "the client is whom the proxy names", "GET / HTTP/1.1\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n",
			server.Config{Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Field: ratelimit.XForwardedFor}},
			[]string{"remote=198.51.100.7", "status=400"}, `method="GET",status="400"`},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				r.cfg.AccessLog = middleware.AccessLog(slog.New(slog.NewTextHandler(&log, nil)))
				srv := open(t, r.cfg)
				s := newStreet()
				go srv.Serve(s)
				settle()
				c := s.call()
				send := r.send
				if strings.HasSuffix(send, "\r\n\r\n") {
					send += to("/next")
				}
				go io.WriteString(c, send)
				c.answer()
				c.Close()
				srv.Shutdown(t.Context())
				report := testkit.Report{Sent: r.send, Doing: "the access log is that of step 7", Why: r.why}
				for _, part := range r.want {
					if !strings.Contains(log.String(), part) || strings.Count(log.String(), "\n") != 1 {
						report.Want, report.Got = "one line in the log, with "+strings.Join(r.want, ", "), testkit.LogLines(log.String())
						report.Error(t)
						return
					}
				}
				if figures := string(srv.Metrics.AppendTo(nil)); !strings.Contains(figures, "barewire_requests_total{"+r.counted+"} 1\n") {
					report.Want, report.Got = "barewire_requests_total{"+r.counted+"} 1", lines(figures, "barewire_requests_total")
					report.Error(t)
				}
			})
		})
	}
}

// A WebSocket may be quiet for as long as its own deadlines allow.
func TestTask9_WebSocket(t *testing.T) {
	live(t, server.Config{}, "a connection is taken over, and says nothing for long", func(srv *server.Server, s *street) string {
		srv.HandleFunc("GET /socket", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			acceptWebSocket(w, r, 1<<10, func(ws *webSocket) error {
				op, message, err := ws.read()
				if err != nil {
					return err
				}
				return ws.write(op, message)
			})
		})
		c := &socket{Conn: s.call().Conn}
		defer c.Close()
		c.r = bufio.NewReader(c)
		fmt.Fprintf(c, "GET /socket HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", strings.Join(handshake[1:], "\r\n"))
		c.SetReadDeadline(time.Now().Add(time.Hour))
		if res, err := http.ReadResponse(c.r, nil); err != nil || res.StatusCode != 101 {
			return fmt.Sprint(res, err)
		}
		time.Sleep(50 * time.Second) // less than silence, and more than HeaderTimeout
		c.say(0x80|opText, "still here")
		return c.hear()
	}, `text "still here"`, "MinRate is for requests: a connection that has been taken over has deadlines of its own")
}
