package server

import (
	"barewire/steps/04-keep-alive"
	"barewire/steps/05-thread-pool"
)

// Metrics are figures about a server, for Prometheus. The zero value is ready.
type Metrics struct {
	Conns *Conns     // whose figures are among them, if it is not nil
	Pool  *pool.Pool // likewise
	Log   *LogWriter // likewise

}

// Middleware counts requests: those in progress, and, once they are answered, how
// many there were with which method and status, how long they took, and how many
// bytes of content went out. It allocates nothing and takes no lock.
//
// Methods are GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH and "other".
func (m *Metrics) Middleware() keepalive.Middleware {
	// TODO 10.7: Observe of step 7 tells you all you need; atomics count it.
	return func(next keepalive.Handler) keepalive.Handler { return next }
}

// AppendTo appends the figures to dst in the text format of Prometheus, version
// 0.0.4: two lines that describe each metric, then its samples.
//
//	barewire_requests_total{method,status}   counter: requests answered
//	barewire_requests_in_flight              gauge
//	barewire_request_duration_seconds        histogram: among its bounds are 0.001, 0.005 and 2.5
//	barewire_response_content_bytes_total    counter
//	barewire_connections{state}              gauge: busy, idle
//	barewire_connections_accepted_total, barewire_connections_dropped_total
//	barewire_connections_refused_total       counter: of clients that had as many as they may
//	barewire_workers{state}                  gauge: running, idle
//	barewire_queue_length                    gauge: requests that wait for a worker
//	barewire_refused_total                   counter: requests that got no worker, at once or in time
//	barewire_log_lines_lost_total            counter: lines for which the log had no room
//	go_goroutines, go_memory_bytes           gauges
//
// There may be more: the reference has barewire_tls_handshakes_failed_total as well, and
// no task asks for that.
func (m *Metrics) AppendTo(dst []byte) []byte {
	// TODO 10.7: Each metric has a # HELP and a # TYPE line.
	return nil
}
