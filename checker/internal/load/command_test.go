package load

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/workshop"
)

// call runs the command and returns its exit status and what it printed.
func call(t *testing.T, args ...string) (status int, out, complaints string) {
	t.Helper()
	var o, e bytes.Buffer
	status = Main(t.Context(), &workshop.Workshop{Out: &o, Err: &e}, args)
	fixture.Narrow(t, o.String())
	return status, o.String(), e.String()
}

// serve starts a server on this machine.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestServers(t *testing.T) {
	type exchange struct {
		method, host, accept, content string
		close                         bool
	}
	var mu sync.Mutex
	var seen []exchange
	var conns map[string]bool
	record := func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, exchange{r.Method, r.Host, r.Header.Get("Accept"), string(content), r.Close})
		conns[r.RemoteAddr] = true
		mu.Unlock()
		switch r.URL.Path {
		case "/length":
			io.WriteString(w, "hello\n")
		case "/chunked":
			w.(http.Flusher).Flush()
			io.WriteString(w, strings.Repeat("hello\n", 10_000))
		case "/close":
			w.Header().Set("Connection", "close")
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		}
	}
	server := serve(t, record)
	host := strings.TrimPrefix(server, "http://")
	for _, row := range []struct {
		name  string
		args  []string
		want  exchange
		conns int // 0 for any number
	}{
		{"a response with its length", []string{"/length"}, exchange{method: "GET"}, 2},
		{"a chunked response", []string{"/chunked"}, exchange{method: "GET"}, 2},
		{"a response that closes", []string{"/close"}, exchange{method: "GET"}, 20},
		{"a response without content", []string{"/none"}, exchange{method: "GET"}, 2},
		{"HEAD", []string{"-method", "HEAD", "/chunked"}, exchange{method: "HEAD"}, 2},
		{"a content", []string{"-body", "name=value", "/length"}, exchange{method: "POST", content: "name=value"}, 2},
		{"a content of a size", []string{"-size", "5", "-method", "PUT", "/length"}, exchange{method: "PUT", content: "xxxxx"}, 2},
		{"fields", []string{"-H", "Accept: a/b", "-H", "host:example.com", "/length"}, exchange{method: "GET", accept: "a/b", host: "example.com"}, 2},
		{"a connection for each request", []string{"-close", "/length"}, exchange{method: "GET", close: true}, 20},
		{"pipelining", []string{"-pipeline", "4", "/chunked"}, exchange{method: "GET"}, 2},
		{"a schedule", []string{"-rate", "10000", "/length"}, exchange{method: "GET"}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			seen, conns = nil, make(map[string]bool)
			args := append([]string{"-n", "20", "-c", "2", "-d", "1m"}, row.args[:len(row.args)-1]...)
			status, out, complaints := call(t, append(args, server+row.args[len(row.args)-1])...)
			if status != workshop.Green || complaints != "" || !strings.Contains(out, "failed    0 of 20\n") {
				t.Errorf("exit status %d\n%s%s", status, complaints, out)
			}
			if row.want.host == "" {
				row.want.host = host
			}
			mu.Lock()
			defer mu.Unlock()
			if len(seen) != 20 || seen[0] != row.want || seen[19] != row.want {
				t.Errorf("the server has seen %d requests such as %+v; want 20 such as %+v", len(seen), seen[:1], row.want)
			}
			// One of the connections may do it all.
			if len(conns) > row.conns || row.conns > 2 && len(conns) != row.conns {
				t.Errorf("%d connections, want %d", len(conns), row.conns)
			}
		})
	}
}

func TestExitStatus(t *testing.T) {
	good := serve(t, func(http.ResponseWriter, *http.Request) {})
	bad := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	aborts := serve(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, row := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"all is well", []string{good}, workshop.Green, "failed    0 of 5"},
		{"a status is a failure", []string{bad}, workshop.Red, "4xx               5"},
		{"unless errors are allowed", []string{"-allow-errors", bad}, workshop.Green, "failed    5 of 5"},
		{"a connection ends early", []string{aborts}, workshop.Red, "without an answer"},
		{"a server that never answers is red in any case", []string{"-allow-errors", aborts}, workshop.Red, "nothing to draw"},
		{"nobody listens", []string{gone.URL}, workshop.Red, "no connection could be opened"},
		{"one of two fails", []string{"-slices", "2", good, bad}, workshop.Red, "failed    4 of 4"},
		{"no server", nil, workshop.Usage, "which server?"},
		{"three servers", []string{good, good, good}, workshop.Usage, "one name too many"},
		{"a flag that is none", []string{"-q", good}, workshop.Usage, "the flags of load are"},
		{"a bound", []string{"-c", "5000", good}, workshop.Usage, "5000 connections"},
		{"two contents", []string{"-body", "x", "-size", "1", good}, workshop.Usage, "two contents"},
		{"a content that is too large", []string{"-size", "1000000000", good}, workshop.Usage, "up to 16777216 bytes"},
		{"a file that is not there", []string{"-body", "@/nowhere/at/all", good}, workshop.Usage, "nowhere"},
		{"a method that is none", []string{"-method", "GET /", good}, workshop.Usage, "no method"},
		{"a field that is none", []string{"-H", "no colon", good}, workshop.Usage, "no field"},
		{"a field with a line end", []string{"-H", "A: b\r\nC: d", good}, workshop.Usage, "no field"},
		{"a coding", []string{"-H", "Transfer-Encoding: chunked", good}, workshop.Usage, "there can be no Transfer-Encoding"},
		{"another scheme", []string{"ftp://127.0.0.1/"}, workshop.Usage, "no URL of a server"},
		{"a password", []string{"http://a:b@127.0.0.1/"}, workshop.Usage, "Authorization"},
		{"a public address", []string{"http://192.0.2.1/"}, workshop.Usage, "-i-own-this-server"},
		{"slices without requests", []string{"-n", "3", good, good}, workshop.Usage, "shared out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, out, complaints := call(t, append([]string{"-n", "5", "-c", "1", "-d", "1m"}, row.args...)...)
			if status != row.status || !strings.Contains(strings.Join(strings.Fields(out+complaints), " "), strings.Join(strings.Fields(row.says), " ")) {
				t.Errorf("exit status %d, want %d and %q\n%s%s", status, row.status, row.says, complaints, out)
			}
		})
	}
}

// TestReset closes connections so that the client gets a reset.
func TestReset(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	status, out, _ := call(t, "-n", "5", "-c", "1", server)
	if status != workshop.Red || !strings.Contains(out, "    reset             5  such as: ") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true // the client must not ask for it
	s.StartTLS()
	defer s.Close()
	if status, out, complaints := call(t, "-n", "5", "-c", "2", "-insecure", s.URL); status != workshop.Green {
		t.Errorf("exit status %d\n%s%s", status, complaints, out)
	}
	if status, _, complaints := call(t, "-n", "5", "-c", "1", s.URL); status != workshop.Red || !strings.Contains(complaints, "certificate") {
		t.Errorf("exit status %d, want 1 and a word about the certificate\n%s", status, complaints)
	}
}

// TestTwo says that two servers are asked in turn, each for its part.
func TestTwo(t *testing.T) {
	var mu sync.Mutex
	var order []string
	note := func(name string) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
		}
	}
	path := filepath.Join(t.TempDir(), "results.json")
	a, b := serve(t, note("a")), serve(t, note("b"))
	status, out, complaints := call(t, "-n", "6", "-slices", "3", "-c", "1", "-d", "1m", "-json", path, a, b)
	if status != workshop.Green || strings.Join(order, "") != "aabbaabbaabb" {
		t.Errorf("exit status %d, order %s, want aabbaabbaabb\n%s%s", status, strings.Join(order, ""), complaints, out)
	}
	if strings.Count(out, "requests  6 in ") != 2 || !strings.Contains(out, "answers a second") {
		t.Errorf("the report:\n%s", out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f jsonFile
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Targets) != 2 || f.Targets[1].URL != b || f.Targets[1].Sum.Requests != 6 || len(f.Targets[1].Slices) != 3 ||
		f.Targets[1].Sum.Statuses["200"] != 6 || f.Targets[1].Sum.Latency.Count != 6 || len(f.Targets[1].Sum.Latency.Buckets) == 0 {
		t.Errorf("%s", text)
	}
	ratio := f.Ratios["answers a second"]
	if !(ratio.Min > 0 && ratio.Min <= ratio.Median && ratio.Median <= ratio.Max) {
		t.Errorf("the ratio is %+v", ratio)
	}
}

// TestShares says that the duration is for all slices of a server together.
func TestShares(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	status, out, complaints := call(t, "-rate", "50", "-d", "200ms", "-slices", "2", server, server)
	if status != workshop.Green || strings.Count(out, "requests  10 in ") != 2 {
		t.Errorf("exit status %d, want 10 requests for each\n%s%s", status, complaints, out)
	}
}

func TestTargets(t *testing.T) {
	for text, want := range map[string]string{
		":8080":                   "http://127.0.0.1:8080",
		":8080/a?b=c":             "http://127.0.0.1:8080/a?b=c",
		"localhost:8080":          "http://localhost:8080",
		"https://[::1]:8443/a%20": "https://[::1]:8443/a%20",
	} {
		if u, err := parseTarget(text); err != nil || u.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, u, err, want)
		}
	}
	for ip, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true,
		"fd00::1": true, "fe80::1": true, "169.254.1.1": true, "0.0.0.0": true, "::ffff:127.0.0.1": true,
		"8.8.8.8": false, "172.32.0.1": false, "2001:db8::1": false, "::ffff:8.8.8.8": false, "224.0.0.1": false, "255.255.255.255": false,
	} {
		if near(netip.MustParseAddr(ip)) != want {
			t.Errorf("%s is near: %v, want %v", ip, !want, want)
		}
	}
	u, err := url.Parse("http://192.0.2.1:8080/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newDialer(t.Context(), u, true, false); err != nil {
		t.Errorf("a server that is mine: %v", err)
	}
}

func TestRequestBytes(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1:8080/a%20b?c=d#e")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		method    string
		fields    []string
		content   string
		keepAlive bool
		want      string
	}{
		{"GET", nil, "", true, "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
		{"GET", nil, "", false, "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n"},
		{"POST", nil, "", true, "POST /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 0\r\n\r\n"},
		{"PUT", []string{"A:b", "HOST:  x "}, "yz", true, "PUT /a%20b?c=d HTTP/1.1\r\nA: b\r\nHOST: x\r\nContent-Length: 2\r\n\r\nyz"},
		{"DELETE", []string{"content-length: 9"}, "yz", true, "DELETE /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\ncontent-length: 9\r\n\r\nyz"},
	} {
		r, err := NewRequest(row.method, u, row.fields, []byte(row.content), row.keepAlive)
		if err != nil || string(r.bytes) != row.want {
			t.Errorf("%s: %q, %v; want %q", row.method, r.bytes, err, row.want)
		}
	}
}
