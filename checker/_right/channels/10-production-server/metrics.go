package server

import (
	"runtime"
	runtimemetrics "runtime/metrics"
	"strconv"
	"sync/atomic"
	"time"

	"barewire/steps/04-keep-alive"
	"barewire/steps/05-thread-pool"
	"barewire/steps/07-middleware"
)

// Metrics are figures about a server, for Prometheus. The zero value is ready.
type Metrics struct {
	Conns *Conns     // whose figures are among them, if it is not nil
	Pool  *pool.Pool // likewise
	Log   *LogWriter // likewise

	inFlight atomic.Int64
	requests [len(methods)][maxStatus + 1]atomic.Int64
	buckets  [len(bounds) + 1]atomic.Int64 // each alone
	took     atomic.Int64                  // nanoseconds
	bytes    atomic.Int64
}

const maxStatus = 999

var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"}

// bounds are those of the buckets, as they are written and as they are compared.
var bounds = [...]struct {
	text string
	d    time.Duration
}{
	{"0.001", time.Millisecond}, {"0.005", 5 * time.Millisecond}, {"0.01", 10 * time.Millisecond}, {"0.025", 25 * time.Millisecond},
	{"0.05", 50 * time.Millisecond}, {"0.1", 100 * time.Millisecond}, {"0.25", 250 * time.Millisecond}, {"0.5", 500 * time.Millisecond},
	{"1", time.Second}, {"2.5", 2500 * time.Millisecond}, {"5", 5 * time.Second}, {"10", 10 * time.Second},
}

// Middleware counts requests: those in progress, and, once they are answered, how
// many there were with which method and status, how long they took, and how many
// bytes of content went out. It allocates nothing and takes no lock.
//
// Methods are GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH and "other".
func (m *Metrics) Middleware() keepalive.Middleware {
	observe := middleware.Observe(m.count)
	return func(next keepalive.Handler) keepalive.Handler {
		next = observe(next)
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			m.inFlight.Add(1)
			defer m.inFlight.Add(-1)
			next.ServeHTTP(w, r)
		})
	}
}

func (m *Metrics) count(e *middleware.Exchange) {
	method := 0
	for method < len(methods)-1 && methods[method] != e.Request.Method {
		method++
	}
	if 0 <= e.Status && e.Status < len(m.requests[method]) {
		m.requests[method][e.Status].Add(1)
	}
	bucket := 0
	for bucket < len(bounds) && e.Duration > bounds[bucket].d {
		bucket++
	}
	m.buckets[bucket].Add(1)
	m.took.Add(int64(e.Duration))
	m.bytes.Add(e.Bytes)
}

// AppendTo appends the figures to dst in the text format of Prometheus, version
// 0.0.4: two lines that describe each metric, then its samples.
//
//	barewire_requests_total{method,status}   counter: requests answered
//	barewire_requests_in_flight              gauge
//	barewire_request_duration_seconds        histogram
//	barewire_response_content_bytes_total    counter
//	barewire_connections{state}              gauge: busy, idle
//	barewire_connections_accepted_total, barewire_connections_dropped_total
//	barewire_connections_refused_total       counter: of clients that had as many as they may
//	barewire_workers{state}                  gauge: running, idle
//	barewire_queue_length                    gauge: requests that wait for a worker
//	barewire_refused_total                   counter: requests that got no worker, at once or in time
//	barewire_log_lines_lost_total            counter: lines for which the log had no room
//	go_goroutines, go_memory_bytes           gauges
func (m *Metrics) AppendTo(dst []byte) []byte {
	s := sheet{dst: dst}
	s.metric("barewire_requests_total", "counter", "Requests answered, by method and status.")
	for i, method := range methods {
		for status := range m.requests[i] {
			if n := m.requests[i][status].Load(); n > 0 {
				s.sample(`{method="`+method+`",status="`+strconv.Itoa(status)+`"}`, n)
			}
		}
	}
	s.one("barewire_requests_in_flight", "gauge", "Requests in progress.", m.inFlight.Load())
	name := s.metric("barewire_request_duration_seconds", "histogram", "How long requests took, until the handler returned.")
	sum := int64(0)
	for i := range m.buckets {
		bound := "+Inf"
		if i < len(bounds) {
			bound = bounds[i].text
		}
		sum += m.buckets[i].Load()
		s.sample(`_bucket{le="`+bound+`"}`, sum)
	}
	s.dst = append(s.dst, name+"_sum "...)
	s.dst = append(strconv.AppendFloat(s.dst, time.Duration(m.took.Load()).Seconds(), 'g', -1, 64), '\n')
	s.sample("_count", sum)
	s.one("barewire_response_content_bytes_total", "counter", "Bytes of content written.", m.bytes.Load())
	if m.Conns != nil {
		c := m.Conns.Stats()
		s.metric("barewire_connections", "gauge", "Open connections.")
		s.sample(`{state="busy"}`, int64(c.Open-c.Idle))
		s.sample(`{state="idle"}`, int64(c.Idle))
		s.one("barewire_connections_accepted_total", "counter", "Connections ever.", c.Accepted)
		s.one("barewire_connections_dropped_total", "counter", "Idle connections closed to make room.", c.Dropped)
		s.one("barewire_connections_refused_total", "counter", "Connections of clients that had as many as they may.", c.Refused)
	}
	if m.Pool != nil {
		p := m.Pool.Stats()
		s.metric("barewire_workers", "gauge", "Workers.")
		s.sample(`{state="running"}`, int64(p.Running))
		s.sample(`{state="idle"}`, int64(p.Idle))
		s.one("barewire_queue_length", "gauge", "Requests that wait for a worker.", int64(p.Waiting))
		s.one("barewire_refused_total", "counter", "Requests that got no worker, at once or in time.", p.Refused+p.Withdrawn)
	}
	if m.Log != nil {
		s.one("barewire_log_lines_lost_total", "counter", "Lines for which the log had no room.", m.Log.Lost())
	}
	s.one("go_goroutines", "gauge", "Goroutines.", int64(runtime.NumGoroutine()))
	memory := []runtimemetrics.Sample{{Name: "/memory/classes/total:bytes"}}
	runtimemetrics.Read(memory)
	s.one("go_memory_bytes", "gauge", "Memory that Go has from the system.", int64(memory[0].Value.Uint64()))
	return s.dst
}

// A sheet is where figures are written, a metric after the other.
type sheet struct {
	dst  []byte
	name string // of the metric
}

// metric describes the metric whose samples follow.
func (s *sheet) metric(name, kind, help string) string {
	s.name = name
	s.dst = append(s.dst, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
	return name
}

func (s *sheet) sample(suffix string, value int64) {
	s.dst = append(append(append(s.dst, s.name...), suffix...), ' ')
	s.dst = append(strconv.AppendInt(s.dst, value, 10), '\n')
}

func (s *sheet) one(name, kind, help string, value int64) {
	s.metric(name, kind, help)
	s.sample("", value)
}
