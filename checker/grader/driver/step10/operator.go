package step10

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	keepalive "barewire/solutions/04-keep-alive"
	pool "barewire/solutions/05-thread-pool"
	server "barewire/solutions/10-production-server"

	"barewire/checker/grader/driver/wire"
)

// An Act is something that is done with a Health: "ready" and "not ready" are said of it,
// "check" adds one called Name that fails with Text or not at all, "fix" has it succeed
// from now on, and "get" asks for the path Name.
type Act struct{ Do, Name, Text string }

// An Answer is what it says.
type Answer struct {
	Status  int
	NoStore bool
	JSON    bool // there is some, of this meaning
	Ready   bool
	Checks  []string // "name: text", in the order of the names
}

// Health does some things with a Health.
func Health(acts []Act) []Answer {
	var h server.Health
	answers := []Answer{}
	broken := map[string]string{}
	for _, a := range acts {
		switch a.Do {
		case "ready", "not ready":
			h.SetReady(a.Do == "ready")
		case "check":
			broken[a.Name] = a.Text
			h.Check(a.Name, func() error {
				if broken[a.Name] != "" {
					return errors.New(broken[a.Name])
				}
				return nil
			})
		case "fix":
			broken[a.Name] = a.Text
		case "get":
			answers = append(answers, ask(&h, a.Name))
		}
	}
	return answers
}

func ask(h *server.Health, path string) Answer {
	s := new(sheet)
	h.ServeHTTP(s, request("GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"))
	a := Answer{Status: s.status}
	path, _, _ = strings.Cut(path, "?")
	if path == "/livez" || path == "/readyz" || path == "/healthz" {
		a.NoStore = strings.Contains(strings.ToLower(s.header.Get("Cache-Control")), "no-store")
	}
	var report struct {
		Ready  *bool             `json:"ready"`
		Checks map[string]string `json:"checks"`
	}
	if path == "/healthz" && json.Unmarshal([]byte(s.text.String()), &report) == nil && report.Ready != nil {
		a.JSON, a.Ready = true, *report.Ready
		for name, text := range report.Checks {
			a.Checks = append(a.Checks, name+": "+text)
		}
		slices.Sort(a.Checks)
	}
	return a
}

// An Exchange is a request that is counted.
type Exchange struct {
	Method string
	Status int
	Size   int // of its content
	Took   time.Duration
	Panics bool
}

// Counted is what there is to count.
type Counted struct {
	Before    []byte // what the slice has
	Exchanges []Exchange
	InFlight  int // requests that are not answered yet
	Pool      *Pool
	Conns     int // connections that are open; none are counted if it is 0
	Log       bool
}

// A Pool is one with tasks that do not end, for which others then wait in vain.
type Pool struct{ Max, Queue, Tasks, InVain int }

// Figures are what Metrics says, where that is pinned.
type Figures struct {
	Fault  wire.Err // why Prometheus would not read it
	Values []Figure
}

// A Figure is a sample. Its name has its labels.
type Figure struct {
	Name  string
	Value float64
}

// Metrics counts.
func Metrics(c Counted) Figures {
	var text []byte
	err := wire.Bubble(func() {
		m := new(server.Metrics)
		over := make(chan struct{})
		if c.Pool != nil {
			m.Pool = pool.New(pool.Config{Max: c.Pool.Max, Queue: c.Pool.Queue, ErrorLog: quiet})
			defer m.Pool.Shutdown(context.Background())
			for range c.Pool.Tasks {
				_ = m.Pool.TrySubmit(func() { <-over })
			}
			for range c.Pool.InVain {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				_ = m.Pool.Do(ctx, func() {})
				cancel()
			}
		}
		defer close(over)
		if c.Conns > 0 {
			m.Conns = new(server.Conns)
			st := newStreet()
			ln := m.Conns.Listener(st)
			for range c.Conns {
				ours, theirs := net.Pipe()
				defer ours.Close()
				st.door <- theirs
				if nc, err := ln.Accept(); err == nil {
					defer nc.Close()
				}
			}
		}
		if c.Log {
			m.Log = server.NewLogWriter(io.Discard, func(int64) {})
			defer m.Log.Close(context.Background())
		}
		for _, e := range c.Exchanges {
			count(m, e)
		}
		for range c.InFlight {
			h := m.Middleware()(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) { <-over }))
			go h.ServeHTTP(new(sheet), request("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		}
		synctest.Wait()
		text = m.AppendTo(append(make([]byte, 0, 100_000), c.Before...))
		if !strings.HasPrefix(string(text), string(c.Before)) {
			panic("what the slice had before is gone")
		}
		text = text[len(c.Before):]
	})
	if err != nil {
		return unread(err.Error())
	}
	f := figures(string(text), c)
	if wrong := wrongBucket(string(text), c.Exchanges); f.Fault.Kind == "" && wrong != "" {
		return unread(wrong)
	}
	return f
}

func unread(why string) Figures { return Figures{Fault: wire.Fault(why)} }

// count serves one request with the middleware of m.
func count(m *server.Metrics, e Exchange) {
	h := m.Middleware()(keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		time.Sleep(e.Took)
		if e.Panics {
			panic("as the exam wants it")
		}
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, strings.Repeat("x", e.Size))
	}))
	defer func() { _ = recover() }()
	target := "/"
	if e.Method == "CONNECT" {
		target = "a:1" // as no other method has it (RFC 9112 §3.2.3)
	}
	h.ServeHTTP(new(sheet), request(e.Method+" "+target+" HTTP/1.1\r\nHost: a\r\n\r\n"))
}

var (
	sample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$`)
	label   = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]*)"$`)
	kind    = regexp.MustCompile(`^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$`)
	helping = regexp.MustCompile(`^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* .+$`)
)

// pinned are the buckets that every solution has.
var pinned = []string{"0.001", "0.005", "2.5", "+Inf"}

// figures reads what is for Prometheus.
func figures(text string, c Counted) Figures {
	var f Figures
	wanted := known(c)
	typed, helped := map[string]string{}, map[string]bool{}
	current := ""
	if text == "" || !strings.HasSuffix(text, "\n") {
		return unread("its last line has no end")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if helping.MatchString(line) {
			helped[strings.Fields(line)[2]] = true
			continue
		}
		if k := kind.FindStringSubmatch(line); k != nil {
			if current = k[1]; typed[current] != "" {
				return unread("a metric has two # TYPE lines")
			}
			typed[current] = k[2]
			if slices.Contains(wanted, current) {
				f.Values = append(f.Values, Figure{Name: "type of " + current + ": " + k[2]})
			}
			continue
		}
		s := sample.FindStringSubmatch(line)
		if s == nil {
			return unread("a line is neither a sample nor # HELP nor # TYPE")
		}
		value, err := strconv.ParseFloat(s[4], 64)
		if err != nil {
			return unread("the value of a sample is no number")
		}
		name := s[1]
		if typed[current] == "histogram" {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if strings.TrimSuffix(name, suffix) == current {
					name = current
				}
			}
		}
		if name != current || !helped[current] {
			return unread("a sample stands behind no # HELP and # TYPE lines of its metric")
		}
		var labels []string
		if s[2] != "" {
			labels = strings.Split(strings.TrimSuffix(s[3], ","), ",")
		}
		slices.Sort(labels)
		for _, l := range labels {
			if !label.MatchString(l) {
				return unread("a label is not name=\"value\"")
			}
		}
		if slices.Contains(wanted, current) {
			f.keep(Figure{s[1] + "{" + strings.Join(labels, ",") + "}", value}, s[1], labels)
		}
	}
	for _, name := range wanted {
		if typed[name] == "" {
			return unread("there is no " + name)
		}
	}
	slices.SortFunc(f.Values, func(a, b Figure) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// metrics are those that have to be there. A server may have more of them, and may have
// those of what it has not got.
var metrics = []struct {
	of    func(c Counted) bool
	names []string
}{
	{func(Counted) bool { return true }, []string{"barewire_requests_total", "barewire_requests_in_flight", "barewire_request_duration_seconds",
		"barewire_response_content_bytes_total", "go_goroutines", "go_memory_bytes"}},
	{func(c Counted) bool { return c.Conns > 0 }, []string{"barewire_connections", "barewire_connections_accepted_total",
		"barewire_connections_dropped_total", "barewire_connections_refused_total"}},
	{func(c Counted) bool { return c.Pool != nil }, []string{"barewire_workers", "barewire_queue_length", "barewire_refused_total"}},
	{func(c Counted) bool { return c.Log }, []string{"barewire_log_lines_lost_total"}},
}

// known returns the metrics that have to be there.
func known(c Counted) (names []string) {
	for _, m := range metrics {
		if m.of(c) {
			names = append(names, m.names...)
		}
	}
	return names
}

// keep keeps a sample if it is pinned.
func (f *Figures) keep(v Figure, name string, labels []string) {
	switch {
	case strings.HasPrefix(name, "go_"):
		v.Value = min(v.Value, 1)
	case name == "barewire_requests_total" && v.Value == 0:
		return
	case strings.HasSuffix(name, "_bucket"):
		if len(labels) != 1 || !slices.Contains(pinned, strings.Trim(strings.TrimPrefix(labels[0], "le="), `"`)) {
			return
		}
	case strings.HasSuffix(name, "_seconds_sum"):
		v.Value = float64(int64(v.Value*1e6+0.5)) / 1e6
	}
	f.Values = append(f.Values, v)
}

// wrongBucket says which bucket has another number than there were requests which took
// no longer.
func wrongBucket(text string, exchanges []Exchange) string {
	for line := range strings.SplitSeq(text, "\n") {
		rest, ok := strings.CutPrefix(line, `barewire_request_duration_seconds_bucket{le="`)
		bound, number, cut := strings.Cut(rest, `"} `)
		le, err := strconv.ParseFloat(bound, 64)
		n, numberErr := strconv.ParseFloat(number, 64)
		if !ok || !cut || err != nil || numberErr != nil {
			continue
		}
		want := 0
		for _, e := range exchanges {
			if e.Took.Seconds() <= le {
				want++
			}
		}
		if n != float64(want) {
			return fmt.Sprintf("the bucket le=%q has %v of %d requests: want %d", bound, n, len(exchanges), want)
		}
	}
	return ""
}
