// Command demo limits each client to 5 requests in 10 seconds, with a token bucket
// on every path and a sliding window of 2 in 10 seconds around /login: something for
// a loop of curl to run into.
//
// With -proxy 127.0.0.1/32 it believes X-Forwarded-For from there, so that curl can
// play a proxy: curl -H "X-Forwarded-For: 192.0.2.1" …
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/netip"
	"time"

	"barewire/steps/01-tcp-echo"
	"barewire/steps/04-keep-alive"
	"barewire/steps/08-rate-limiting"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	proxy := flag.String("proxy", "", "the network of the proxies whose X-Forwarded-For is believed, such as 127.0.0.1/32")
	flag.Parse()
	var proxies ratelimit.Proxies
	if *proxy != "" {
		prefix, err := netip.ParsePrefix(*proxy)
		if err != nil {
			log.Fatalf("-proxy: %v", err)
		}
		proxies = ratelimit.Proxies{Trusted: []netip.Prefix{prefix}, Field: ratelimit.XForwardedFor}
	}
	all := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: 5, Window: 10 * time.Second}}
	login := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Name: "login", Quota: 2, Window: 10 * time.Second}, Sliding: true}

	greet := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		keepalive.Text(w, 200, fmt.Sprintf("hello, %s\n", proxies.ClientAddr(r)))
	})
	guarded := login.Middleware(proxies.Key)(greet)
	handler := all.Middleware(proxies.Key)(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		if r.Path() == "/login" {
			guarded.ServeHTTP(w, r)
			return
		}
		greet(w, r)
	}))

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	http := &keepalive.Server{Handler: handler}
	log.Fatal((&echo.Server{Handler: http.ServeConn}).Serve(ln))
}
