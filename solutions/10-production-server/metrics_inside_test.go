package server

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/05-thread-pool"
	"barewire/solutions/07-middleware"
)

// All figures of a server that has just begun, and of one that has answered as many
// requests as there are bounds: the words are for people, the rest is for Prometheus.
func TestMetrics_Text(t *testing.T) {
	m := &Metrics{Conns: new(Conns), Log: new(LogWriter)}
	for i, bound := range bounds {
		for _, d := range []time.Duration{bound, bound + 1} {
			m.count(&middleware.Exchange{Request: &keepalive.Request{}, Status: 200 + i, Bytes: 10, Duration: d})
		}
	}
	for _, r := range []struct {
		method string
		status int
	}{{"GET", -1}, {"GET", 600}, {"POST", 599}, {"get", 0}} {
		e := &middleware.Exchange{Request: &keepalive.Request{}, Status: r.status}
		e.Request.Method = r.method
		m.count(e)
	}
	idleOnes(m.Conns, 0, age(), dropped)
	m.Conns.stats.Dropped, m.Conns.stats.Refused = 2, 3
	m.Log.Write(make([]byte, LogBuffer+1))
	synctest.Test(t, func(t *testing.T) {
		m.Pool = pool.New(pool.Config{Min: 2, Max: 2, Queue: 1})
		release := make(chan struct{})
		wait := func() { <-release }
		m.Pool.TrySubmit(wait)
		m.Pool.TrySubmit(wait)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m.Pool.Do(ctx, wait)   // is withdrawn
		m.Pool.TrySubmit(wait) // waits
		m.Pool.TrySubmit(wait) // is refused
		synctest.Wait()
		figures := regexp.MustCompile(`(?m)^(go_\w+) [1-9]\d*$`).ReplaceAllString(string(m.AppendTo([]byte("before\n"))), "$1 N")
		if figures != wantFigures {
			t.Errorf("%s\nwant:\n%s", figures, wantFigures)
		}
		close(release)
		m.Pool.Shutdown(t.Context())
	})
}

const wantFigures = `before
# HELP barewire_requests_total Requests answered.
# TYPE barewire_requests_total counter
barewire_requests_total{method="GET",status="0"} 1
barewire_requests_total{method="GET",status="599"} 1
barewire_requests_total{method="POST",status="599"} 1
barewire_requests_total{method="other",status="0"} 1
barewire_requests_total{method="other",status="200"} 2
barewire_requests_total{method="other",status="201"} 2
barewire_requests_total{method="other",status="202"} 2
barewire_requests_total{method="other",status="203"} 2
barewire_requests_total{method="other",status="204"} 2
barewire_requests_total{method="other",status="205"} 2
barewire_requests_total{method="other",status="206"} 2
barewire_requests_total{method="other",status="207"} 2
barewire_requests_total{method="other",status="208"} 2
barewire_requests_total{method="other",status="209"} 2
barewire_requests_total{method="other",status="210"} 2
barewire_requests_total{method="other",status="211"} 2
# HELP barewire_requests_in_flight Requests that are being handled.
# TYPE barewire_requests_in_flight gauge
barewire_requests_in_flight 0
# HELP barewire_request_duration_seconds Time from the request's head to its response.
# TYPE barewire_request_duration_seconds histogram
barewire_request_duration_seconds_bucket{le="0.0001"} 5
barewire_request_duration_seconds_bucket{le="0.001"} 7
barewire_request_duration_seconds_bucket{le="0.005"} 9
barewire_request_duration_seconds_bucket{le="0.01"} 11
barewire_request_duration_seconds_bucket{le="0.025"} 13
barewire_request_duration_seconds_bucket{le="0.05"} 15
barewire_request_duration_seconds_bucket{le="0.1"} 17
barewire_request_duration_seconds_bucket{le="0.25"} 19
barewire_request_duration_seconds_bucket{le="0.5"} 21
barewire_request_duration_seconds_bucket{le="1"} 23
barewire_request_duration_seconds_bucket{le="2.5"} 25
barewire_request_duration_seconds_bucket{le="10"} 27
barewire_request_duration_seconds_bucket{le="+Inf"} 28
barewire_request_duration_seconds_sum 28.882200012
barewire_request_duration_seconds_count 28
# HELP barewire_response_content_bytes_total Bytes of content sent.
# TYPE barewire_response_content_bytes_total counter
barewire_response_content_bytes_total 240
# HELP barewire_connections Open connections.
# TYPE barewire_connections gauge
barewire_connections{state="busy"} 2
barewire_connections{state="idle"} 1
# HELP barewire_connections_accepted_total Connections accepted.
# TYPE barewire_connections_accepted_total counter
barewire_connections_accepted_total 3
# HELP barewire_connections_dropped_total Idle connections closed to make room.
# TYPE barewire_connections_dropped_total counter
barewire_connections_dropped_total 2
# HELP barewire_connections_refused_total Connections closed because their client had too many.
# TYPE barewire_connections_refused_total counter
barewire_connections_refused_total 3
# HELP barewire_tls_handshakes_failed_total Connections that ended before their TLS handshake did.
# TYPE barewire_tls_handshakes_failed_total counter
barewire_tls_handshakes_failed_total 0
# HELP barewire_workers Workers.
# TYPE barewire_workers gauge
barewire_workers{state="running"} 2
barewire_workers{state="idle"} 0
# HELP barewire_queue_length Requests that wait for a worker.
# TYPE barewire_queue_length gauge
barewire_queue_length 1
# HELP barewire_refused_total Requests that there was no worker for.
# TYPE barewire_refused_total counter
barewire_refused_total 2
# HELP barewire_log_lines_lost_total Lines that the log did not take.
# TYPE barewire_log_lines_lost_total counter
barewire_log_lines_lost_total 1
# HELP go_goroutines Goroutines.
# TYPE go_goroutines gauge
go_goroutines N
# HELP go_memory_bytes Memory that Go has from the system.
# TYPE go_memory_bytes gauge
go_memory_bytes N
`

// Each method that is known has a name of its own, and what Go counts is what it is called.
func TestMetrics_Names(t *testing.T) {
	m := new(Metrics)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		e := &middleware.Exchange{Request: &keepalive.Request{}, Status: 200}
		e.Request.Method = method
		m.count(e)
		if line := `barewire_requests_total{method="` + method + `",status="200"} 1` + "\n"; strings.Count(string(m.AppendTo(nil)), line) != 1 {
			t.Errorf("no line %s", line)
		}
	}
	var goroutines, memory int
	text := string(m.AppendTo(nil))
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, "\ngo_goroutines "):], "\ngo_goroutines %d", &goroutines); err != nil {
		t.Error(err)
	}
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, "\ngo_memory_bytes "):], "\ngo_memory_bytes %d", &memory); err != nil {
		t.Error(err)
	}
	if goroutines < 1 || goroutines > 100_000 || memory < 1<<20 {
		t.Errorf("%d goroutines, and %d bytes of memory", goroutines, memory)
	}
}
