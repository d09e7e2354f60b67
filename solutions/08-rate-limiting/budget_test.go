// What the reference promises beyond the tasks: what a request costs.

package ratelimit_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/08-rate-limiting"
)

// addr returns an address of a network of its own for each number.
func addr(i int) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 4: byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 15: 1})
}

func keys(n int) []netip.Prefix {
	all := make([]netip.Prefix, n)
	for i := range all {
		all[i] = ratelimit.ClientKey(addr(i))
	}
	return all
}

var policy = ratelimit.Policy{Quota: 100, Window: time.Minute}

// A client that is known costs no allocation, allowed or refused; nor does a new one
// once the table is full, with token buckets.
func TestBudget(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		l := &ratelimit.Limiter[netip.Prefix]{Policy: policy, Sliding: sliding, Clients: 1000}
		key := keys(1)[0]
		for range 200 {
			l.Allow(key)
		}
		if n := testing.AllocsPerRun(1000, func() { l.Allow(key) }); n != 0 {
			t.Errorf("sliding %v: %v allocations for a known key, want none", sliding, n)
		}
	}
	l := &ratelimit.Limiter[netip.Prefix]{Policy: policy, Clients: 1000}
	flood, i := keys(40_000), 0
	if n := testing.AllocsPerRun(len(flood)-1, func() { l.Allow(flood[i]); i++ }); n > 0.1 {
		t.Errorf("%v allocations for a new key, want none", n)
	}
}

// The middleware allocates nothing either; finding an address in a field allocates a
// string, which netip.ParseAddr wants.
func TestBudgetMiddleware(t *testing.T) {
	serve, r, w := limited(t)
	for range 10 {
		w.header.Reset()
		serve.ServeHTTP(w, r)
	}
	if n := testing.AllocsPerRun(1000, func() { w.header.Reset(); serve.ServeHTTP(w, r) }); n > 1 {
		t.Errorf("%v allocations for a request, want at most 1", n)
	}
}

// A bounded number of clients is a bounded number of bytes.
func TestBudgetMemory(t *testing.T) {
	for _, kind := range []struct {
		sliding bool
		most    int // bytes for each client
	}{{false, 220}, {true, 320}} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		l := &ratelimit.Limiter[netip.Prefix]{Policy: policy, Sliding: kind.sliding}
		for i := range 4 * ratelimit.DefaultClients {
			l.Allow(ratelimit.ClientKey(addr(i)))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := int(after.HeapAlloc-before.HeapAlloc) / ratelimit.DefaultClients
		t.Logf("sliding %v: %d clients, %d bytes each", kind.sliding, l.Len(), each)
		if each > kind.most {
			t.Errorf("sliding %v: %d bytes for each client, want at most %d", kind.sliding, each, kind.most)
		}
	}
}

// A response is where the middleware writes.
type response struct{ header message.Header }

func (w *response) Header() *message.Header     { return &w.header }
func (w *response) WriteHeader(int)             {}
func (w *response) Write(p []byte) (int, error) { return len(p), nil }
func (w *response) Flush() error                { return nil }

func limited(t testing.TB) (keepalive.Handler, *keepalive.Request, *response) {
	l := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: 1_000_000_000, Window: time.Minute}}
	p := ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Field: ratelimit.XForwardedFor}
	r := &keepalive.Request{Body: strings.NewReader(""), RemoteAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}}
	head := "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1, 2001:db8:1:2:3:4:5:6\r\n\r\n"
	if _, err := r.Head.Parse([]byte(head), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	next := keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) {})
	return l.Middleware(p.Key)(next), r, new(response)
}

func BenchmarkMiddleware(b *testing.B) {
	serve, r, w := limited(b)
	b.ReportAllocs()
	for b.Loop() {
		w.header.Reset()
		serve.ServeHTTP(w, r)
	}
}

func BenchmarkAllow(b *testing.B) {
	for _, kind := range []string{"bucket", "window"} {
		for _, n := range []int{10, 1000, 100_000} {
			all := keys(n)
			l := &ratelimit.Limiter[netip.Prefix]{Policy: policy, Sliding: kind == "window", Clients: 2 * n}
			b.Run(fmt.Sprintf("kind=%s/keys=%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					l.Allow(all[i])
					if i++; i == n {
						i = 0
					}
				}
			})
			b.Run(fmt.Sprintf("kind=%s/keys=%d/parallel", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				var begin atomic.Int64
				b.RunParallel(func(pb *testing.PB) {
					i := int(begin.Add(7919)) % n
					for pb.Next() {
						l.Allow(all[i])
						if i++; i >= n {
							i = 0
						}
					}
				})
			})
		}
	}
}

// A flood: every key is new, and the table is full.
func BenchmarkFlood(b *testing.B) {
	for _, clients := range []int{1 << 10, 1 << 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			l := &ratelimit.Limiter[netip.Prefix]{Policy: policy, Clients: clients}
			for i := range 2 * clients {
				l.Allow(ratelimit.ClientKey(addr(i)))
			}
			b.ReportAllocs()
			i := 2 * clients
			for b.Loop() {
				l.Allow(ratelimit.ClientKey(addr(i)))
				i++
			}
		})
	}
}

func BenchmarkTokenBucket(b *testing.B) {
	var bucket ratelimit.TokenBucket
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		bucket.Allow(now, policy)
	}
}
