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

	requests        [8][1000]atomic.Int64 // by method and status
	inFlight, bytes atomic.Int64
	nanoseconds     atomic.Int64
	durations       [len(bounds) + 1]atomic.Int64
}

var (
	methods = [8]string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"}
	bounds  = [...]time.Duration{time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
		50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
		2500 * time.Millisecond, 5 * time.Second, 10 * time.Second}
)

// Middleware counts requests: those in progress, and, once they are answered, how
// many there were with which method and status, how long they took, and how many
// bytes of content went out. It allocates nothing and takes no lock.
//
// Methods are GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH and "other".
func (m *Metrics) Middleware() keepalive.Middleware {
	observe := middleware.Observe(func(e *middleware.Exchange) {
		method := slices.Index(methods[:], e.Request.Method)
		if method < 0 {
			method = len(methods) - 1
		}
		m.requests[method][max(0, min(e.Status, 999))].Add(1)
		m.bytes.Add(e.Bytes)
		m.nanoseconds.Add(int64(e.Duration))
		bucket, _ := slices.BinarySearch(bounds[:], e.Duration)
		m.durations[bucket].Add(1)
		m.inFlight.Add(-1)
	})
	return func(next keepalive.Handler) keepalive.Handler {
		next = observe(next)
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			m.inFlight.Add(1)
			next.ServeHTTP(w, r)
		})
	}
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
	head := func(name, kind, help string) {
		dst = fmt.Appendf(dst, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	one := func(name, kind, help string, value any) {
		head(name, kind, help)
		dst = fmt.Appendf(dst, "%s %v\n", name, value)
	}
	head("barewire_requests_total", "counter", "Requests answered.")
	for i := range m.requests {
		for status := range m.requests[i] {
			if n := m.requests[i][status].Load(); n > 0 {
				dst = fmt.Appendf(dst, "barewire_requests_total{method=%q,status=\"%d\"} %d\n", methods[i], status, n)
			}
		}
	}
	one("barewire_requests_in_flight", "gauge", "Requests being answered.", m.inFlight.Load())
	head("barewire_request_duration_seconds", "histogram", "How long requests took.")
	total, sum := int64(0), time.Duration(m.nanoseconds.Load())
	for i := range m.durations {
		total += m.durations[i].Load()
		le := "+Inf"
		if i < len(bounds) {
			le = fmt.Sprint(bounds[i].Seconds())
		}
		dst = fmt.Appendf(dst, "barewire_request_duration_seconds_bucket{le=%q} %d\n", le, total)
	}
	dst = fmt.Appendf(dst, "barewire_request_duration_seconds_sum %v\nbarewire_request_duration_seconds_count %d\n", sum.Seconds(), total)
	one("barewire_response_content_bytes_total", "counter", "Bytes of content sent.", m.bytes.Load())
	if m.Conns != nil {
		s := m.Conns.Stats()
		head("barewire_connections", "gauge", "Open connections.")
		dst = fmt.Appendf(dst, "barewire_connections{state=\"busy\"} %d\nbarewire_connections{state=\"idle\"} %d\n", s.Open-s.Idle, s.Idle)
		one("barewire_connections_accepted_total", "counter", "Connections accepted.", s.Accepted)
		one("barewire_connections_dropped_total", "counter", "Idle connections closed to make room.", s.Dropped)
		one("barewire_connections_refused_total", "counter", "Connections of clients that had as many as they may.", s.Refused)
	}
	if m.Pool != nil {
		s := m.Pool.Stats()
		head("barewire_workers", "gauge", "Workers.")
		dst = fmt.Appendf(dst, "barewire_workers{state=\"running\"} %d\nbarewire_workers{state=\"idle\"} %d\n", s.Running, s.Idle)
		one("barewire_queue_length", "gauge", "Requests that wait for a worker.", s.Waiting)
		one("barewire_refused_total", "counter", "Requests that got no worker.", s.Refused+s.Withdrawn+s.Dropped)
	}
	if m.Log != nil {
		one("barewire_log_lines_lost_total", "counter", "Lines for which the log had no room.", m.Log.Lost())
	}
	one("go_goroutines", "gauge", "Goroutines.", runtime.NumGoroutine())
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	one("go_memory_bytes", "gauge", "Memory from the system.", mem.Sys)
	return dst
}
