package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"barewire/checker/testkit"
	message "barewire/steps/03-headers-bodies"
	keepalive "barewire/steps/04-keep-alive"
	pool "barewire/steps/05-thread-pool"
	server "barewire/steps/10-production-server"
)

// A sheet is a ResponseWriter that keeps what is written.
type sheet struct {
	header message.Header
	status int
	text   strings.Builder
}

func (s *sheet) Header() *message.Header { return &s.header }
func (s *sheet) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}
func (s *sheet) Write(p []byte) (int, error) { s.WriteHeader(200); return s.text.Write(p) }
func (s *sheet) Flush() error                { return nil }

// request returns a request as it would arrive.
func request(t testing.TB, text string) *keepalive.Request {
	r := &keepalive.Request{Body: strings.NewReader("")}
	if _, err := r.Head.Parse([]byte(text), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	return r
}

// get asks a handler for a path and describes the answer.
func get(t testing.TB, h keepalive.Handler, path string) string {
	s := new(sheet)
	h.ServeHTTP(s, request(t, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"))
	return fmt.Sprintf("%d %q", s.status, strings.TrimSpace(s.text.String()))
}

// count serves one request with the middleware of m.
func count(t testing.TB, m *server.Metrics, method string, status int, content string, takes time.Duration) {
	h := m.Middleware()(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		time.Sleep(takes)
		w.WriteHeader(status)
		io.WriteString(w, content)
	}))
	h.ServeHTTP(new(sheet), request(t, method+" / HTTP/1.1\r\nHost: a\r\n\r\n"))
}

func TestTask7_Metrics(t *testing.T) {
	for _, r := range []struct {
		name, why string
		story     func(t *testing.T, m *server.Metrics)
		want      []string // lines that must be there
		not       string   // what must not
	}{
		{"requests by method and status", "how many went wrong, and which", func(t *testing.T, m *server.Metrics) {
			count(t, m, "GET", 200, "", 0)
			count(t, m, "GET", 200, "", 0)
			count(t, m, "POST", 404, "", 0)
		}, []string{`barewire_requests_total{method="GET",status="200"} 2`, `barewire_requests_total{method="POST",status="404"} 1`}, `method="PUT"`},
		{"a method that nobody knows", "a label for each word that a client invents fills the memory, here and in the database behind", func(t *testing.T, m *server.Metrics) {
			count(t, m, "BREW", 200, "", 0)
			count(t, m, "BREW2", 200, "", 0)
		}, []string{`barewire_requests_total{method="other",status="200"} 2`}, "BREW"},
		{"how long they took", "a histogram can be added up over servers, and le means that the bound itself belongs to its bucket", func(t *testing.T, m *server.Metrics) {
			count(t, m, "GET", 200, "", 5*time.Millisecond)
			count(t, m, "GET", 200, "", 2*time.Second)
			count(t, m, "GET", 200, "", time.Minute)
		}, []string{`barewire_request_duration_seconds_bucket{le="0.001"} 0`, `barewire_request_duration_seconds_bucket{le="0.005"} 1`,
			`barewire_request_duration_seconds_bucket{le="2.5"} 2`, `barewire_request_duration_seconds_bucket{le="+Inf"} 3`,
			`barewire_request_duration_seconds_sum 62.005`, `barewire_request_duration_seconds_count 3`}, ""},
		{"bytes of content", "what the network has to carry", func(t *testing.T, m *server.Metrics) {
			count(t, m, "GET", 200, "hello", 0)
			count(t, m, "GET", 200, "hello, you", 0)
		}, []string{`barewire_response_content_bytes_total 15`}, ""},
		{"a handler that panics is counted, and is not in flight for ever", "those are the ones that one wants to know of", func(t *testing.T, m *server.Metrics) {
			h := m.Middleware()(keepalive.HandlerFunc(func(keepalive.ResponseWriter, *keepalive.Request) { panic("on purpose") }))
			func() {
				defer func() { recover() }()
				h.ServeHTTP(new(sheet), request(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
			}()
		}, []string{`barewire_requests_total{method="GET",status="500"} 1`, `barewire_requests_in_flight 0`}, ""},
		{"workers and the queue", "a queue that fills up is seen before anybody is refused", func(t *testing.T, m *server.Metrics) {
			p := pool.New(pool.Config{Max: 2, Queue: 1, ErrorLog: quiet})
			m.Pool = p
			for range 5 {
				p.TrySubmit(func() { time.Sleep(time.Hour) })
			}
			t.Cleanup(func() { p.Shutdown(context.Background()) })
		}, []string{`barewire_workers{state="running"} 2`, `barewire_workers{state="idle"} 0`, `barewire_queue_length 1`, `barewire_refused_total 2`}, ""},
		{"a request that waited for a worker in vain", "it got none, like those that were refused at once", func(t *testing.T, m *server.Metrics) {
			p := pool.New(pool.Config{Max: 1, Queue: 1, ErrorLog: quiet})
			m.Pool = p
			p.TrySubmit(func() { time.Sleep(time.Hour) })
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			p.Do(ctx, func() {})
			t.Cleanup(func() { p.Shutdown(context.Background()) })
		}, []string{`barewire_workers{state="running"} 1`, `barewire_queue_length 0`, `barewire_refused_total 1`}, ""},
		{"connections", "how near the bound is", func(t *testing.T, m *server.Metrics) {
			m.Conns = new(server.Conns)
			s := newStreet()
			ln := m.Conns.Listener(s)
			s.come()
			if nc, err := ln.Accept(); err == nil {
				t.Cleanup(func() { nc.Close() })
			}
		}, []string{`barewire_connections{state="busy"} 1`, `barewire_connections{state="idle"} 0`, `barewire_connections_accepted_total 1`, `barewire_connections_dropped_total 0`, `barewire_connections_refused_total 0`}, ""},
		{"what Go counts", "a leak of goroutines or of memory is a line that only goes up", func(*testing.T, *server.Metrics) {},
			[]string{"# TYPE go_goroutines gauge", "# TYPE go_memory_bytes gauge"}, ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			testkit.Bubble(t, func(t *testing.T) {
				m := new(server.Metrics)
				r.story(t, m)
				settle()
				got := "\n" + string(m.AppendTo(nil))
				for _, line := range r.want {
					if !hasLine(got, line) {
						name := regexp.MustCompile(`^(# TYPE )?\w+`).FindString(line)
						testkit.Report{Doing: "the figures are read after this: " + r.name, Want: "a line " + line, Got: "about it: " + lines(got, name), Why: r.why}.Error(t)
						return
					}
				}
				if r.not != "" && strings.Contains(got, r.not) {
					testkit.Report{Doing: "the figures are read after this: " + r.name, Want: "nothing with " + r.not, Got: lines(got, r.not), Why: r.why}.Error(t)
				}
			})
		})
	}
}

// hasLine says whether the text has the line, or one with the same number in another
// spelling.
func hasLine(text, line string) bool {
	at := strings.LastIndexByte(line, ' ') + 1
	want, err := strconv.ParseFloat(line[at:], 64)
	for l := range strings.Lines(text) {
		if l = strings.TrimSuffix(l, "\n"); l == line {
			return true
		}
		if value, ok := strings.CutPrefix(l, line[:at]); ok && err == nil {
			if got, err := strconv.ParseFloat(value, 64); err == nil && math.Abs(got-want) < 1e-9 {
				return true
			}
		}
	}
	return false
}

// lines returns the lines of text that contain word.
func lines(text, word string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if len(found) == 0 {
		return "no line with " + word
	}
	return strings.Join(found, "; ")
}

// Every line is one that Prometheus reads, every metric is described once and its
// samples stand together.
func TestTask7_Format(t *testing.T) {
	m := &server.Metrics{Conns: new(server.Conns)}
	count(t, m, "GET", 200, "x", time.Microsecond)
	text := string(m.AppendTo([]byte("# what was there\n")))
	report := testkit.Report{Doing: "the figures are appended to \"# what was there\"", Why: "one line that Prometheus cannot read costs it all of the others as well"}
	sample := regexp.MustCompile(`^([a-z_]+)(\{([a-z]+="[^"\\]*")(,[a-z]+="[^"\\]*")*\})? -?[0-9.]+(e[+-]?\d+)?$`)
	typed, kinds := map[string]bool{}, regexp.MustCompile(`^# TYPE ([a-z_]+) (counter|gauge|histogram)$`)
	current := ""
	if !strings.HasPrefix(text, "# what was there\n") || strings.Count(text, "\n") < 10 || !strings.HasSuffix(text, "\n") {
		report.Want, report.Got = "the figures behind what dst had, each line with its end", testkit.Excerpt(text)
		report.Fatal(t)
	}
	for line := range strings.Lines(strings.TrimPrefix(text, "# what was there\n")) {
		line = strings.TrimSuffix(line, "\n")
		kind, found := kinds.FindStringSubmatch(line), sample.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "# HELP "):
		case kind != nil:
			if current = kind[1]; typed[current] {
				report.Want, report.Got = "each metric described once", line+", for the second time"
				report.Fatal(t)
			}
			typed[current] = true
		case found == nil:
			report.Want, report.Got = "name{labels} value, or # HELP, or # TYPE", line
			report.Fatal(t)
		default:
			name := found[1]
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if strings.TrimSuffix(name, suffix) == current {
					name = current
				}
			}
			if name != current {
				report.Want, report.Got = "the samples of a metric behind its # TYPE line", line+", behind that of "+current
				report.Fatal(t)
			}
		}
	}
}

func TestTask8_Health(t *testing.T) {
	for _, r := range []struct {
		name, why string
		story     func(h *server.Health)
		path      string
		want      string
	}{
		{"alive from the start", "liveness says: do not start me anew", func(*server.Health) {}, "/livez", "200"},
		{"not ready at first", "readiness says: send me requests", func(*server.Health) {}, "/readyz", "503"},
		{"ready when it has been said", "now they may come", func(h *server.Health) { h.SetReady(true) }, "/readyz", "200"},
		{"not ready any more", "a server that is about to stop says so while it still answers", func(h *server.Health) { h.SetReady(true); h.SetReady(false) }, "/readyz", "503"},
		{"alive although not ready", "a server that is busy stopping must not be killed for it", func(h *server.Health) { h.SetReady(true); h.SetReady(false) }, "/livez", "200"},
		{"a check that fails", "a server without its database cannot answer", func(h *server.Health) {
			h.SetReady(true)
			h.Check("fine", func() error { return nil })
			h.Check("database", func() error { return errors.New("gone") })
		}, "/readyz", "503"},
		{"a check that fails does not make it dead", "starting anew does not bring the database back", func(h *server.Health) {
			h.SetReady(true)
			h.Check("database", func() error { return errors.New("gone") })
		}, "/livez", "200"},
		{"for people", "which check was it?", func(h *server.Health) {
			h.SetReady(true)
			h.Check("disk", func() error { return nil })
		}, "/healthz", `200 ready: true, disk: ok`},
		{"for people, with a fault", "which check was it?", func(h *server.Health) {
			h.SetReady(true)
			h.Check("disk", func() error { return errors.New("full") })
		}, "/healthz", `503 ready: false, disk: full`},
		{"anything else", "there is nothing else", func(*server.Health) {}, "/", "404"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var h server.Health
			r.story(&h)
			got := get(t, &h, r.path)
			if status, text, ok := strings.Cut(got, " "); ok && r.path == "/healthz" {
				got = status + " " + compact(text)
			}
			if len(r.want) == len("200") {
				got, _, _ = strings.Cut(got, " ") // the status says it all
			}
			if got != r.want {
				testkit.Report{Sent: "GET " + r.path + " HTTP/1.1\r\n", Want: r.want, Got: got, Why: r.why}.Error(t)
			}
		})
	}
}

// compact is what the JSON of a report says, whatever the order of its members.
func compact(quoted string) string {
	text, err := strconv.Unquote(quoted)
	var report struct {
		Ready  *bool
		Checks map[string]string
	}
	if err != nil || json.Unmarshal([]byte(text), &report) != nil || report.Ready == nil {
		return quoted
	}
	all := fmt.Sprintf("ready: %v", *report.Ready)
	for _, name := range slices.Sorted(maps.Keys(report.Checks)) {
		all += fmt.Sprintf(", %s: %s", name, report.Checks[name])
	}
	return all
}

func TestTask8_NotForCaches(t *testing.T) {
	var h server.Health
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		s := new(sheet)
		h.ServeHTTP(s, request(t, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"))
		if got := s.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
			testkit.Report{Sent: "GET " + path + " HTTP/1.1\r\n", Want: "Cache-Control: no-store", Got: fmt.Sprintf("Cache-Control %q", got),
				Why: "a cache in between would go on saying what was true a minute ago (RFC 9111 §5.2.2.5)"}.Fatal(t)
		}
	}
}
