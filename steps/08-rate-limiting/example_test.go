package ratelimit_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	keepalive "barewire/steps/04-keep-alive"
	ratelimit "barewire/steps/08-rate-limiting"
)

// A burst of three, then one each second.
func ExampleTokenBucket() {
	policy := ratelimit.Policy{Quota: 3, Window: 3 * time.Second}
	var bucket ratelimit.TokenBucket
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for range 4 {
		r := bucket.Allow(now, policy)
		fmt.Println(r.OK, r.Remaining, r.RetryAfter)
	}
	fmt.Println(bucket.Allow(now.Add(time.Second), policy).OK)
	// Output:
	// true 2 0s
	// true 1 0s
	// true 0 0s
	// false 0 1s
	// true
}

// The window slides with the clock: there is no border at which everything begins
// anew.
func ExampleSlidingWindow() {
	policy := ratelimit.Policy{Quota: 2, Window: time.Minute}
	var window ratelimit.SlidingWindow
	hour := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, at := range []int{50, 59, 60, 110} {
		r := window.Allow(hour.Add(time.Duration(at)*time.Second), policy)
		fmt.Println(at, r.OK, r.RetryAfter)
	}
	// Output:
	// 50 true 0s
	// 59 true 0s
	// 60 false 50s
	// 110 true 0s
}

// A sliding window for each client, as Py-HTTP-Server has it; httpserver's token
// bucket is the same without Sliding. Both keep a dictionary that grows with every
// address that ever came.
func ExampleLimiter() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	limiter := &ratelimit.Limiter[netip.Prefix]{
		Policy:  ratelimit.Policy{Quota: 1, Window: time.Minute},
		Sliding: true,
		Now:     func() time.Time { return now },
	}
	for _, addr := range []string{"192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::2"} {
		key := ratelimit.ClientKey(netip.MustParseAddr(addr))
		fmt.Println(key, limiter.Allow(key).OK)
	}
	// Output:
	// 192.0.2.1/32 true
	// 2001:db8::/64 true
	// 192.0.2.1/32 false
	// 2001:db8::/64 false
}

// The whole of it on a connection, with an API key that a client sends.
func ExampleLimiter_Middleware() {
	limiter := &ratelimit.Limiter[string]{Policy: ratelimit.Policy{Name: "api", Quota: 1, Window: time.Hour}}
	limited := limiter.Middleware(func(r *keepalive.Request) (string, bool) {
		return r.Header.Get("API-Key"), r.Path() != "/healthz"
	})
	if limited == nil {
		return // not written yet
	}
	hello := keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { keepalive.Text(w, 200, "hello\n") })
	client, server := net.Pipe()
	go (&keepalive.Server{Handler: limited(hello)}).ServeConn(context.Background(), server)

	client.SetDeadline(time.Now().Add(5 * time.Second))
	go io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\nAPI-Key: x\r\n\r\n"+
		"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"+
		"GET / HTTP/1.1\r\nHost: a\r\nAPI-Key: x\r\nConnection: close\r\n\r\n")
	answers, _ := io.ReadAll(client)
	for line := range strings.Lines(string(answers)) {
		name, _, _ := strings.Cut(line, " ")
		switch name {
		case "HTTP/1.1", "RateLimit-Policy:", "RateLimit:", "Retry-After:":
			fmt.Print(strings.ReplaceAll(line, "\r", ""))
		}
	}
	// Output:
	// HTTP/1.1 200 OK
	// RateLimit-Policy: "api";q=1;w=3600
	// RateLimit: "api";r=0;t=3600
	// HTTP/1.1 200 OK
	// HTTP/1.1 429 Too Many Requests
	// RateLimit-Policy: "api";q=1;w=3600
	// RateLimit: "api";r=0;t=3600
	// Retry-After: 3600
}

// The address of a client behind two proxies, one of which is PandaHttpd's nginx on
// the same machine. What the client has made up stands in front.
func ExampleProxies_Client() {
	proxies := ratelimit.Proxies{
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")},
		Field:   ratelimit.XForwardedFor,
	}
	var r keepalive.Request
	r.Header.Add("X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.7")
	fmt.Println(proxies.Client(netip.MustParseAddr("127.0.0.1"), &r.Header))
	fmt.Println(proxies.Client(netip.MustParseAddr("198.51.100.7"), &r.Header))
	// Output:
	// 203.0.113.9
	// 198.51.100.7
}
