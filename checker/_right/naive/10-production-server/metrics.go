package server

import (
	"fmt"
	"runtime"
	"slices"
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

	requests     [len(methodLabels)][1000]atomic.Int64 // by status
	inFlight     atomic.Int64
	contentBytes atomic.Int64
	durations    [len(bounds) + 1]atomic.Int64
	durationSum  atomic.Int64 // nanoseconds
}

// Middleware counts requests: those in progress, and, once they are answered, how
// many there were with which method and status, how long they took, and how many
// bytes of content went out. It allocates nothing and takes no lock.
//
// Methods are GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH and "other".
func (m *Metrics) Middleware() keepalive.Middleware {
	return func(next keepalive.Handler) keepalive.Handler {
		observed := middleware.Observe(m.count)(next)
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			m.inFlight.Add(1)
			defer m.inFlight.Add(-1)
			observed.ServeHTTP(w, r)
		})
	}
}

var methodLabels = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"}

// bounds are the upper bounds of the histogram: those that Prometheus uses, and one more.
var bounds = [...]time.Duration{
	1 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	1 * time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// count counts a request that has been answered.
func (m *Metrics) count(e *middleware.Exchange) {
	method := slices.Index(methodLabels[:], e.Request.Method)
	if method < 0 {
		method = len(methodLabels) - 1
	}
	m.requests[method][max(0, min(e.Status, 999))].Add(1)
	m.contentBytes.Add(e.Bytes)
	m.durationSum.Add(int64(e.Duration))
	i := 0
	for i < len(bounds) && e.Duration > bounds[i] {
		i++
	}
	m.durations[i].Add(1)
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
	describe := func(name, kind, help string) {
		dst = fmt.Appendf(dst, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	single := func(name, kind, help string, value int64) {
		describe(name, kind, help)
		dst = fmt.Appendf(dst, "%s %d\n", name, value)
	}

	describe("barewire_requests_total", "counter", "Requests answered, by method and status.")
	for i, method := range methodLabels {
		for status := range m.requests[i] {
			if n := m.requests[i][status].Load(); n > 0 {
				dst = fmt.Appendf(dst, "barewire_requests_total{method=%q,status=\"%d\"} %d\n", method, status, n)
			}
		}
	}
	single("barewire_requests_in_flight", "gauge", "Requests that are being answered.", m.inFlight.Load())

	describe("barewire_request_duration_seconds", "histogram", "Time until the handler returned.")
	sum := int64(0)
	for i := range m.durations {
		sum += m.durations[i].Load()
		bound := "+Inf"
		if i < len(bounds) {
			bound = fmt.Sprint(bounds[i].Seconds())
		}
		dst = fmt.Appendf(dst, "barewire_request_duration_seconds_bucket{le=%q} %d\n", bound, sum)
	}
	dst = fmt.Appendf(dst, "barewire_request_duration_seconds_sum %g\n", time.Duration(m.durationSum.Load()).Seconds())
	dst = fmt.Appendf(dst, "barewire_request_duration_seconds_count %d\n", sum)
	single("barewire_response_content_bytes_total", "counter", "Bytes of content in responses.", m.contentBytes.Load())

	if m.Conns != nil {
		s := m.Conns.Stats()
		describe("barewire_connections", "gauge", "Open connections, by what they do.")
		dst = fmt.Appendf(dst, "barewire_connections{state=\"busy\"} %d\n", s.Open-s.Idle)
		dst = fmt.Appendf(dst, "barewire_connections{state=\"idle\"} %d\n", s.Idle)
		single("barewire_connections_accepted_total", "counter", "Connections accepted.", s.Accepted)
		single("barewire_connections_dropped_total", "counter", "Idle connections closed to make room.", s.Dropped)
		single("barewire_connections_refused_total", "counter", "Connections of clients that had as many as they may.", s.Refused)
	}
	if m.Pool != nil {
		s := m.Pool.Stats()
		describe("barewire_workers", "gauge", "Workers, by what they do.")
		dst = fmt.Appendf(dst, "barewire_workers{state=\"running\"} %d\n", s.Running)
		dst = fmt.Appendf(dst, "barewire_workers{state=\"idle\"} %d\n", s.Idle)
		single("barewire_queue_length", "gauge", "Requests that wait for a worker.", int64(s.Waiting))
		single("barewire_refused_total", "counter", "Requests that got no worker, at once or in time.", s.Refused+s.Withdrawn+s.Dropped)
	}
	if m.Log != nil {
		single("barewire_log_lines_lost_total", "counter", "Lines for which the log had no room.", m.Log.Lost())
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	single("go_goroutines", "gauge", "Goroutines.", int64(runtime.NumGoroutine()))
	single("go_memory_bytes", "gauge", "Bytes of memory obtained from the system.", int64(memory.Sys))
	return dst
}
