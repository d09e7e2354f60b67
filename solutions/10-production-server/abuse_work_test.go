package server_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/08-rate-limiting"
	"barewire/solutions/09-static-files"
	"barewire/solutions/10-production-server"
)

// site opens a directory with one file of n bytes in it, called page.
func site(t testing.TB, n int) *static.Files {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page"), bytes.Repeat([]byte("0123456789abcdef"), n/16), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := static.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	files.ErrorLog = slog.New(slog.DiscardHandler)
	return files
}

// curious looks at everything that a request can bring, as an application might.
func curious(files *static.Files) keepalive.Handler {
	return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		r.Path()
		if q, err := r.Query(); err == nil {
			q.Get("last")
		}
		for range r.Header.Cookies() {
		}
		r.Header.Cookie("last")
		for range r.Header.Members("Connection") {
		}
		if r.Method == "POST" {
			r.Form()
			keepalive.Text(w, 200, "posted")
			return
		}
		files.ServeHTTP(w, r)
	})
}

// TestAbuse_Linear: sixteen times as much of anything in a request costs at most forty
// times as much: sixteen, and room for noise. What is quadratic costs 256 times
// (CVE-2025-61724, CVE-2026-56860).
func TestAbuse_Linear(t *testing.T) {
	const head = "GET /page HTTP/1.1\r\nHost: a\r\n"
	colliding := func(n int) string { // names that many a bad hash function puts into one bucket
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s", []string{"Aa", "BB"}[i&1]+[]string{"Aa", "BB"}[i>>1&1]+[]string{"Aa", "BB"}[i>>2&1]+strings.Repeat("Aa", i>>3&7))
			b.WriteString(": x\r\n")
		}
		return b.String()
	}
	many := func(s string) func(n int) string { return func(n int) string { return strings.Repeat(s, n) } }
	in := func(before string, part func(n int) string, after string) func(n int) string {
		return func(n int) string { return before + part(n) + after }
	}
	var cfg server.Config
	cfg.Limits = message.Limits{RequestLine: 1 << 20, HeaderSection: 1 << 20, Fields: 1 << 20}
	cfg.Compress, cfg.Proxies = true, ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Field: ratelimit.Forwarded}
	cfg.AccessLog = middleware.CombinedLog(io.Discard)
	cfg.RateQuota, cfg.RateWindow = 1<<30, time.Hour
	cfg.Handler = curious(site(t, 64<<10))
	_, run := tapped(t, cfg)
	for _, r := range []struct {
		name    string
		n       int
		request func(n int) string
	}{
		{"fields", 500, in(head, many("X: y\r\n"), "\r\n")},
		{"fields with names that collide", 500, in(head, colliding, "\r\n")},
		{"a long value", 8000, in(head+"X: ", many("y"), "\r\n\r\n")},
		{"one byte a read, of a long value", 10000, in(head+"X: ", many("y"), "\r\n\r\n")},
		{"cookies", 1300, in(head+"Cookie: last", many("; a=b"), "\r\n\r\n")},
		{"cookie fields", 500, in(head, many("Cookie: a=b\r\n"), "\r\n")},
		{"parameters", 62, in("GET /page?", many("Aa=b&BB=c&"), " HTTP/1.1\r\nHost: a\r\n\r\n")},
		{"a parameter of percent signs", 4000, in("GET /page?a=", many("%41%"), " HTTP/1.1\r\nHost: a\r\n\r\n")},
		{"dot segments", 2000, in("GET ", many("/a/.."), "/page HTTP/1.1\r\nHost: a\r\n\r\n")},
		{"dot segments at the end", 2000, in("GET ", func(n int) string { return strings.Repeat("/a", n) + strings.Repeat("/..", n) }, "/page HTTP/1.1\r\nHost: a\r\n\r\n")},
		{"slashes", 3000, in("GET /", many("/"), "page HTTP/1.1\r\nHost: a\r\n\r\n")},
		{"codings", 500, in(head+"Accept-Encoding: ", many("gzip;q=0.001, "), "br\r\n\r\n")},
		{"tags", 500, in(head+"If-None-Match: ", many(`"a", `), "\"b\"\r\n\r\n")},
		{"tags that do not end", 1300, in(head+"If-None-Match: ", many(`W/"`), "\r\n\r\n")},
		{"ranges", 1300, in(head+"Range: bytes=", many("0-0,"), "-1\r\n\r\n")},
		{"ranges without anything in them", 1300, in(head+"Range: bytes=0-0", many(","), "\r\n\r\n")},
		{"members of Connection", 1300, in(head+"Connection: ", many("a,"), "keep-alive\r\n\r\n")},
		{"quotes that do not end", 1300, in(head+"Connection: ", many(`",`), "\r\n\r\n")},
		{"addresses of proxies", 200, in(head+"Forwarded: ", many(`for=192.0.2.1, `), "for=192.0.2.2\r\n\r\n")},
		{"what a log escapes", 1300, in(head+"User-Agent: ", many("\"\xff"), "\r\n\r\n")},
		{"a form", 62, func(n int) string {
			form := strings.Repeat("a=%41&", n)
			return fmt.Sprintf("POST /page HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			times := 3 // requests on the connection
			cost := func(n int) time.Duration {
				c := &tap{more: r.request(n), times: times}
				if strings.HasPrefix(r.name, "one byte") {
					c.each = 1
				}
				run(c)
				if !strings.HasPrefix(c.answer.String(), "HTTP/1.1 ") {
					t.Fatalf("the answer is %q", c.answer.String())
				}
				return c.cost
			}
			cost(16 * r.n)
			for times < 100 && min(cost(r.n), cost(r.n)) < 4*time.Millisecond { // what a connection costs is small beside it
				times *= 2
			}
			var small, large time.Duration = time.Hour, time.Hour
			for tries := range 12 { // the least of several: everything that disturbs makes it longer
				small, large = min(small, cost(r.n)), min(large, cost(16*r.n))
				if tries > 0 && large < 40*small { // one alone may pass since the small one was disturbed
					return
				}
				if tries > 0 && large > 120*small {
					break // this is not noise
				}
			}
			t.Errorf("%d of them cost %v, and %d cost %v", r.n, small, 16*r.n, large)
		})
	}
}

// TestAbuse_Ranges: whatever ranges are asked for, the answer is not longer than the
// file and a head of 200 bytes for each of 32 parts.
func TestAbuse_Ranges(t *testing.T) {
	const size = 64 << 10
	_, run := tapped(t, server.Config{Handler: site(t, size)})
	for _, ranges := range []string{
		strings.Repeat("0-,", 32) + "0-",
		strings.Repeat("0-,", 31) + "0-",
		strings.Repeat("-65536,", 32),
		strings.Repeat("0-0,", 1000) + "0-",
		func() string {
			var b strings.Builder
			for i := range 32 {
				fmt.Fprintf(&b, "%d-%d,", i*1000, i*1000+700)
			}
			return b.String()
		}(),
		func() string {
			var b strings.Builder
			for i := range 300 {
				fmt.Fprintf(&b, "%d-%d,", 200*i, 200*i)
			}
			return b.String()
		}(),
		func() string {
			var b strings.Builder
			for i := range 3000 {
				fmt.Fprintf(&b, "%d-%d,", 3*i, 3*i)
			}
			return b.String()
		}(),
	} {
		c := &tap{more: "GET /page HTTP/1.1\r\nHost: a\r\nRange: bytes=" + ranges + "\r\n\r\n", times: 1}
		run(c)
		t.Logf("%s: %d bytes", c.status(), c.written)
		if bound := int64(size + 200*33 + 500); c.written > bound || c.status() != "200" && c.status() != "206" {
			t.Errorf("%s and %d bytes for %.40q…, want at most %d", c.status(), c.written, ranges, bound)
		}
		if parts := strings.Count(c.answer.String(), "Content-Range:"); parts > static.MaxRanges {
			t.Errorf("%d parts for %.40q…, want at most %d", parts, ranges, static.MaxRanges)
		}
	}
}

// TestAbuse_Parameters: no more than MaxParams parameters of a query or a form are kept;
// a request with more is an error for whoever asks for them (CVE-2025-61726).
func TestAbuse_Parameters(t *testing.T) {
	kept := -1
	_, run := tapped(t, server.Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		q, err := r.Query()
		if kept = len(q); err != nil {
			keepalive.Error(w, 400)
		}
	})})
	for n, want := range map[int]string{reqline.MaxParams: "200", reqline.MaxParams + 1: "400"} {
		c := &tap{more: "GET /?" + strings.Repeat("a&", n) + " HTTP/1.1\r\nHost: a\r\n\r\n", times: 1}
		if run(c); c.status() != want || kept > reqline.MaxParams {
			t.Errorf("%d parameters: %s, %d kept", n, c.status(), kept)
		}
	}
}

// TestAbuse_Codings: content is never decoded, so that a bomb is as large as it was
// sent; and an answer that is compressed costs at most 2 MiB of memory, however long.
func TestAbuse_Codings(t *testing.T) {
	cfg := server.Config{Compress: true}
	_, run := tapped(t, cfg)
	bomb := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + strings.Repeat("\x00\x00\x00\xff\xff", 1000)
	c := &tap{more: fmt.Sprintf("POST /read HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(bomb), bomb), times: 1}
	if run(c); !strings.HasSuffix(c.answer.String(), fmt.Sprint(len(bomb))) {
		t.Errorf("%d bytes of content; the answer is %q", len(bomb), c.answer.String())
	}
	cfg.Handler = keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for range 4 {
			w.Write(make([]byte, 1<<20))
		}
	})
	_, run = tapped(t, cfg)
	c = &tap{more: "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + strings.Repeat("gzip, ", 1000) + "\r\n\r\n", times: 1}
	allocated := run(c)
	t.Logf("4 MiB became %d bytes, with %d allocated for the handler and the coding", c.written, allocated-4<<20)
	if !strings.Contains(c.answer.String(), "Content-Encoding: gzip") || c.written > 1<<20 || allocated > 4<<20+2<<20 {
		t.Errorf("%d bytes written, %d allocated", c.written, allocated)
	}
}

// TestAbuse_LimiterKeys: however many addresses requests come from, a limiter
// remembers DefaultClients of them, in at most 32 MiB; and the 2^64 addresses that one
// host may have in IPv6 are one client.
func TestAbuse_LimiterKeys(t *testing.T) {
	l := &ratelimit.Limiter[netip.Prefix]{Policy: ratelimit.Policy{Quota: 10, Window: time.Hour}}
	before := held()
	for i := range 2 * ratelimit.DefaultClients {
		l.Allow(ratelimit.ClientKey(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})))
	}
	grown := held() - before
	t.Logf("%d clients in %d KiB", l.Len(), grown>>10)
	if l.Len() > ratelimit.DefaultClients || grown > 32<<20 {
		t.Errorf("%d clients are remembered, in %d KiB", l.Len(), grown>>10)
	}
	srv, _ := target(t, server.Config{RateQuota: 10, RateWindow: time.Hour})
	d := newDoor()
	go srv.Serve(d)
	defer srv.Shutdown(t.Context())
	answered := 0
	for i := range 100 {
		nc := d.callFrom(fmt.Sprintf("2001:db8::%x:%x", i, 7*i))
		if ask(nc, getOf("/short")) == 200 {
			answered++
		}
		nc.Close()
	}
	if answered != 10 {
		t.Errorf("%d requests of one network were answered, want 10", answered)
	}
}

// TestAbuse_LogInjection: whatever bytes a client sends, a request is one line of
// visible ASCII in every log, and no quote in it ends a value (CVE-2026-42507).
func TestAbuse_LogInjection(t *testing.T) {
	const evil = "x\" 200 1\\\" \xff\x85\xc2\x85\x9b31m\t\u202e\u2028 %0a%0dy"
	request := "GET /panic?a=%0d%0a127.0.0.1\\'` HTTP/1.1\r\nHost: a\r\nUser-Agent: " + evil + "\r\nReferer: " + evil +
		"\r\nX-Request-ID: " + evil + "\r\nX-Forwarded-For: " + evil + "\r\nAuthorization: Basic YVwiIDIwMCAxOnA=\r\n\r\n"
	var log, errors bytes.Buffer
	for name, access := range map[string]keepalive.Middleware{
		"text":     middleware.AccessLog(slog.New(slog.NewTextHandler(&log, nil))),
		"TextLog":  server.TextLog(&log),
		"JSON":     middleware.AccessLog(slog.New(slog.NewJSONHandler(&log, nil))),
		"common":   middleware.CommonLog(&log),
		"combined": middleware.CombinedLog(&log),
	} {
		log.Reset()
		errors.Reset()
		cfg := server.Config{AccessLog: access, RequestID: true, ErrorLog: slog.New(slog.NewTextHandler(&errors, nil)),
			Proxies: ratelimit.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Field: ratelimit.XForwardedFor}}
		cfg.Handler = middleware.Chain(middleware.BasicAuth("a", func(user, password string) bool { return true }))(keepalive.HandlerFunc(
			func(w keepalive.ResponseWriter, r *keepalive.Request) {
				panic("with " + string(r.Header.Value("User-Agent")))
			}))
		_, run := tapped(t, cfg)
		run(&tap{more: request, times: 3})
		for what, b := range map[string]*bytes.Buffer{"access": &log, "error": &errors} {
			text := strings.ReplaceAll(b.String(), "µs", "us") // of durations
			if lines := strings.Count(text, "\n"); lines != 3 || !strings.HasSuffix(text, "\n") {
				t.Errorf("%s: %d lines in the %s log for 3 requests:\n%q", name, lines, what, text)
			}
			if i := strings.IndexFunc(text, func(c rune) bool { return (c < ' ' || c > '~') && c != '\n' }); i >= 0 {
				t.Errorf("%s: byte %q in the %s log:\n%q", name, text[i], what, text)
			}
			if want := map[string]int{"common": 2, "combined": 6}[name]; what == "access" && want > 0 && strings.Count(text, `"`) != 3*want {
				t.Errorf("%s: %d quotes in 3 lines, want %d:\n%s", name, strings.Count(text, `"`), 3*want, text)
			}
		}
	}
}
