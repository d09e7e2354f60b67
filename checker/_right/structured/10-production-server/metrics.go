package server

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
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

	answered [len(methods) + 1][600]atomic.Int64 // by method, the last is any other, and status
	inFlight atomic.Int64
	took     [len(bounds) + 1]atomic.Int64 // how many were no longer than each bound, and no bound
	total    atomic.Int64                  // nanoseconds
	content  atomic.Int64                  // bytes
}

var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}

// bounds are those of the histogram, in seconds.
var bounds = [...]float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

func (m *Metrics) count(e *middleware.Exchange) {
	m.inFlight.Add(-1)
	method := slices.Index(methods[:], e.Request.Method)
	if method < 0 {
		method = len(methods)
	}
	status := e.Status
	if status < 0 || status >= len(m.answered[0]) {
		status = 0
	}
	m.answered[method][status].Add(1)
	bound, _ := slices.BinarySearch(bounds[:], e.Duration.Seconds())
	m.took[bound].Add(1)
	m.total.Add(int64(e.Duration))
	m.content.Add(e.Bytes)
}

// Middleware counts requests: those in progress, and, once they are answered, how
// many there were with which method and status, how long they took, and how many
// bytes of content went out. It allocates nothing and takes no lock.
//
// Methods are GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH and "other".
func (m *Metrics) Middleware() keepalive.Middleware {
	observe := middleware.Observe(m.count)
	return func(next keepalive.Handler) keepalive.Handler {
		observed := observe(next)
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			m.inFlight.Add(1)
			observed.ServeHTTP(w, r)
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
	for _, f := range m.families() {
		dst = fmt.Appendf(dst, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, s := range f.samples {
			dst = append(append(append(dst, f.name...), s.suffix...), ' ')
			dst = append(strconv.AppendFloat(dst, s.value, 'g', -1, 64), '\n')
		}
	}
	return dst
}

// A family is one metric with its samples.
type family struct {
	name, kind, help string
	samples          []sample
}

// A sample is a figure, and what stands behind the name of its metric.
type sample struct {
	suffix string
	value  float64
}

func one[N int | int64 | uint64 | float64](value N) []sample { return []sample{{"", float64(value)}} }

func states(a string, x int, b string, y int) []sample {
	return []sample{{`{state="` + a + `"}`, float64(x)}, {`{state="` + b + `"}`, float64(y)}}
}

func (m *Metrics) families() []family {
	all := []family{
		{"barewire_requests_total", "counter", "Requests answered.", m.byStatus()},
		{"barewire_requests_in_flight", "gauge", "Requests in progress.", one(m.inFlight.Load())},
		{"barewire_request_duration_seconds", "histogram", "How long requests took.", m.histogram()},
		{"barewire_response_content_bytes_total", "counter", "Bytes of content in responses.", one(m.content.Load())},
	}
	if m.Conns != nil {
		s := m.Conns.Stats()
		all = append(all,
			family{"barewire_connections", "gauge", "Open connections.", states("busy", s.Open-s.Idle, "idle", s.Idle)},
			family{"barewire_connections_accepted_total", "counter", "Connections ever accepted.", one(s.Accepted)},
			family{"barewire_connections_dropped_total", "counter", "Idle connections closed to make room.", one(s.Dropped)},
			family{"barewire_connections_refused_total", "counter", "Connections of clients that had as many as they may.", one(s.Refused)})
	}
	if m.Pool != nil {
		s := m.Pool.Stats()
		all = append(all,
			family{"barewire_workers", "gauge", "Workers.", states("running", s.Running, "idle", s.Idle)},
			family{"barewire_queue_length", "gauge", "Requests that wait for a worker.", one(s.Waiting)},
			family{"barewire_refused_total", "counter", "Requests that got no worker, at once or in time.", one(s.Refused + s.Withdrawn + s.Dropped)})
	}
	if m.Log != nil {
		all = append(all, family{"barewire_log_lines_lost_total", "counter", "Lines for which the log had no room.", one(m.Log.Lost())})
	}
	memory := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(memory)
	return append(all,
		family{"go_goroutines", "gauge", "Goroutines.", one(runtime.NumGoroutine())},
		family{"go_memory_bytes", "gauge", "Memory that Go has from the system.", one(memory[0].Value.Uint64())})
}

func (m *Metrics) byStatus() (samples []sample) {
	for i := range m.answered {
		method := "other"
		if i < len(methods) {
			method = methods[i]
		}
		for status := range m.answered[i] {
			if n := m.answered[i][status].Load(); n > 0 {
				samples = append(samples, sample{fmt.Sprintf(`{method="%s",status="%d"}`, method, status), float64(n)})
			}
		}
	}
	return samples
}

func (m *Metrics) histogram() (samples []sample) {
	sum := 0.0
	for i := range m.took {
		sum += float64(m.took[i].Load())
		le := "+Inf"
		if i < len(bounds) {
			le = strconv.FormatFloat(bounds[i], 'g', -1, 64)
		}
		samples = append(samples, sample{`_bucket{le="` + le + `"}`, sum})
	}
	seconds := time.Duration(m.total.Load()).Seconds()
	return append(samples, sample{"_sum", seconds}, sample{"_count", sum})
}
