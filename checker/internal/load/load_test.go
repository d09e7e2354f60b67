package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A server answers the requests of one connection after another in a bubble.
type server struct {
	// answer returns what to send for request i of connection conn, at the time
	// since the start of the test; "" closes the connection. It may sleep.
	answer func(conn, i int, at time.Duration) string
	conns  atomic.Int64
	begun  time.Time
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"

func (s *server) dial(context.Context) (net.Conn, error) {
	client, conn := net.Pipe()
	n := int(s.conns.Add(1))
	// A pipe holds no bytes, so requests are read while others are answered.
	requests := make(chan *http.Request, 1000)
	go func() {
		defer close(requests)
		r := bufio.NewReader(conn)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			requests <- req
		}
	}()
	go func() {
		defer conn.Close()
		i := 0
		for range requests {
			i++
			text := s.answer(n, i, time.Since(s.begun))
			if _, err := io.WriteString(conn, text); err != nil || text == "" || strings.Contains(text, "close") {
				return
			}
		}
	}()
	return client, nil
}

// request returns a request with the method.
func request(t *testing.T, method, content string) Request {
	t.Helper()
	r, err := NewRequest(method, &url.URL{Scheme: "http", Host: "example.com", Path: "/"}, nil, []byte(content), true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bubble runs the requests of o against s with a clock that stands while anything
// runs, so that every time is exact.
func bubble(t *testing.T, s *server, o Options) (r *Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.begun = time.Now()
		if o.Request.bytes == nil {
			o.Request = request(t, "GET", "")
		}
		if o.Dial == nil {
			o.Dial = s.dial
		}
		o.Sleep = time.Sleep
		if o.Timeout == 0 {
			o.Timeout = 5 * time.Second
		}
		o.Conns = max(o.Conns, 1)
		var err error
		if r, err = Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour) // until the servers that sleep have ended
	})
	return r
}

const ms = time.Millisecond

// stalling is a server that takes 1 ms for a request, and stalls from second 5 to
// second 7.
func stalling() *server {
	return &server{answer: func(_, _ int, at time.Duration) string {
		time.Sleep(ms)
		if at >= 5*time.Second && at < 7*time.Second {
			time.Sleep(7*time.Second - at)
		}
		return ok
	}}
}

// TestOmission says what this package is for: a server stalls for two seconds,
// and the latency must show everyone who would have waited.
func TestOmission(t *testing.T) {
	r := bubble(t, stalling(), Options{Rate: 100, Duration: 10 * time.Second})
	if r.Requests() != 1000 || r.Failed() != 0 {
		t.Fatalf("%d requests, %d failed, want 1000 and 0", r.Requests(), r.Failed())
	}
	// What each request would have met, reckoned by hand.
	var want Histogram
	free, inTime := time.Duration(0), uint64(0)
	for i := range 1000 {
		due := time.Duration(i) * 10 * ms
		if free <= due {
			inTime++
		}
		begun := max(due, free)
		free = begun + ms
		if begun >= 5*time.Second && begun < 7*time.Second {
			free = 7*time.Second + ms
		}
		want.Record(free - due)
	}
	if want.between(100*ms, time.Hour) < 200 {
		t.Fatal("the test is wrong: the stall must be felt by 200 requests and more")
	}
	if r.latency != want {
		t.Errorf("latency: mean %v, p90 %v, p99 %v, max %v; want %v, %v, %v, %v",
			r.latency.Mean(), r.latency.Percentile(90), r.latency.Percentile(99), r.latency.Max(),
			want.Mean(), want.Percentile(90), want.Percentile(99), want.Max())
	}
	if r.late.Count() != inTime || r.late.Max() != 0 {
		t.Errorf("the client was late by up to %v for %d requests that found a connection; want 0 for %d", r.late.Max(), r.late.Count(), inTime)
	}
	if n := r.service.between(2*ms, time.Hour); n != 1 {
		t.Errorf("%d requests have a service time of more than 1 ms, want 1: only one was sent during the stall", n)
	}
}

// TestClosedLoop says what the omission is: the same stall is one slow request
// among thousands.
func TestClosedLoop(t *testing.T) {
	r := bubble(t, stalling(), Options{Duration: 10 * time.Second})
	if !r.Closed || r.latency.Percentile(99.9) >= 2*ms || r.latency.between(2*ms, time.Hour) != 1 {
		t.Errorf("closed %v, p99.9 %v, %d slow requests; want true, 1ms or so, 1",
			r.Closed, r.latency.Percentile(99.9), r.latency.between(2*ms, time.Hour))
	}
	if r.latency != r.service {
		t.Error("latency and service time differ in a closed loop")
	}
}

// TestOtherConnections says that a connection that waits keeps no request from
// the others.
func TestOtherConnections(t *testing.T) {
	s := &server{answer: func(conn, _ int, _ time.Duration) string {
		if conn == 1 {
			time.Sleep(3 * time.Second)
		}
		time.Sleep(ms)
		return ok
	}}
	r := bubble(t, s, Options{Rate: 100, Conns: 2, Duration: 2 * time.Second})
	if slow := r.latency.between(2*ms, time.Hour); r.Requests() != 200 || slow != 1 {
		t.Errorf("%d of %d requests were slow, want 1 of 200", slow, r.Requests())
	}
}

func TestPace(t *testing.T) {
	for _, row := range []struct {
		name string
		o    Options
		want uint64
	}{
		{"a rate is kept for the whole duration", Options{Rate: 250, Conns: 3, Duration: 4 * time.Second}, 1000},
		{"a rate below one a second", Options{Rate: 0.5, Duration: 6 * time.Second}, 3},
		{"a number of requests ends an open loop", Options{Rate: 100, Requests: 7, Duration: time.Minute}, 7},
		{"a number of requests ends a closed loop", Options{Conns: 4, Requests: 7, Duration: time.Minute}, 7},
		{"a closed loop ends with the duration", Options{Conns: 2, Duration: 100 * ms}, 200},
		{"requests in flight", Options{Requests: 100, Pipeline: 8, Duration: time.Minute}, 100},
		{"a connection for each request", Options{Requests: 5, Close: true, Duration: time.Minute}, 5},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &server{answer: func(int, int, time.Duration) string { time.Sleep(ms); return ok }}
			r := bubble(t, s, row.o)
			if r.Requests() != row.want || r.Failed() != 0 || r.statuses[200] != uint32(row.want) {
				t.Errorf("%d requests, %d failed, %d answered 200; want %d, 0, %[4]d", r.Requests(), r.Failed(), r.statuses[200], row.want)
			}
			want := int64(max(row.o.Conns, 1))
			if row.o.Close {
				want = int64(row.want)
			}
			if s.conns.Load() != want {
				t.Errorf("%d connections, want %d", s.conns.Load(), want)
			}
			if sent := int64(row.want) * int64(len(request(t, "GET", "").bytes)); r.bytesSent != sent {
				t.Errorf("%d bytes sent, want %d", r.bytesSent, sent)
			}
			if received := int64(row.want) * int64(len(ok)); r.bytesReceived != received {
				t.Errorf("%d bytes received, want %d", r.bytesReceived, received)
			}
		})
	}
}

// TestOverload says that requests for which there was no time are failures, and
// that the time they waited is not omitted.
func TestOverload(t *testing.T) {
	s := &server{answer: func(int, int, time.Duration) string { time.Sleep(100 * ms); return ok }}
	r := bubble(t, s, Options{Rate: 100, Duration: 3 * time.Second})
	// The server takes ten a second, for three seconds and the second of grace.
	// The last request begins when that second is just over, or not.
	if n := r.answered; n != 40 && n != 41 {
		t.Errorf("%d were answered, want 40 or 41", n)
	}
	if r.Requests() != 300 || r.errors[unsent] != 300-r.answered {
		t.Errorf("%d requests, %d not sent; want 300, all that were not answered", r.Requests(), r.errors[unsent])
	}
	if r.latency.Count() != 300 || r.latency.Max() < 3*time.Second {
		t.Errorf("%d latencies up to %v; want 300 up to more than 3s", r.latency.Count(), r.latency.Max())
	}
}

func TestTimeout(t *testing.T) {
	s := &server{answer: func(_, i int, _ time.Duration) string {
		if i == 3 {
			time.Sleep(time.Hour)
		}
		return ok
	}}
	r := bubble(t, s, Options{Requests: 6, Timeout: time.Second, Duration: time.Minute})
	if r.answered != 4 || r.errors[timeout] != 2 {
		t.Errorf("%d answered, %d timed out; want 4 and 2", r.answered, r.errors[timeout])
	}
	if r.latency.Count() != 6 || r.latency.Max() != time.Second {
		t.Errorf("%d latencies up to %v; want 6 up to 1s", r.latency.Count(), r.latency.Max())
	}
}

// TestTimeoutInFlight says that each request in flight has its own time.
func TestTimeoutInFlight(t *testing.T) {
	s := &server{answer: func(int, int, time.Duration) string { time.Sleep(500 * ms); return ok }}
	r := bubble(t, s, Options{Pipeline: 3, Requests: 10, Timeout: 1600 * ms, Duration: time.Minute})
	if r.Failed() != 0 || r.service.Max() != 1500*ms {
		t.Errorf("%d failed, the longest took %v; want 0, 1.5s: each waits for the two before it", r.Failed(), r.service.Max())
	}
	r = bubble(t, s, Options{Pipeline: 3, Requests: 3, Timeout: 1400 * ms, Duration: time.Minute})
	if r.answered != 2 || r.errors[timeout] != 1 || r.service.Max() != 1400*ms {
		t.Errorf("%d answered, %d timed out, the longest after %v; want 2, 1, 1.4s", r.answered, r.errors[timeout], r.service.Max())
	}
}

// TestNothingDue says that a connection with requests in flight reads their
// responses rather than wait until the next one is due.
func TestNothingDue(t *testing.T) {
	s := &server{answer: func(int, int, time.Duration) string { time.Sleep(30 * ms); return ok }}
	r := bubble(t, s, Options{Rate: 10, Pipeline: 2, Duration: time.Second})
	if r.answered != 10 || r.service.Max() != 30*ms || r.latency.Max() != 30*ms {
		t.Errorf("%d answered, service time up to %v, latency up to %v; want 10, 30ms, 30ms", r.answered, r.service.Max(), r.latency.Max())
	}
}

// TestEnds is about servers that end a connection.
func TestEnds(t *testing.T) {
	const last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	every := func(n int, text string) func(int, int, time.Duration) string {
		return func(_, i int, _ time.Duration) string {
			if i == n {
				return text
			}
			return ok
		}
	}
	for _, row := range []struct {
		name   string
		method string
		o      Options
		answer func(conn, i int, at time.Duration) string
		again  bool
		failed uint64
		first  string
	}{
		{"it says so in the last response", "GET", Options{}, every(3, last), false, 0, ""},
		{"it says so and there are others in flight", "GET", Options{Pipeline: 4}, every(3, last), true, 0, ""},
		{"it says so and others in flight may be sent again whatever they do", "POST", Options{Pipeline: 4}, every(3, last), true, 0, ""},
		{"it closes a connection that has answered before", "GET", Options{}, every(3, ""), true, 0, ""},
		{"it closes one where a request cannot be sent twice", "POST", Options{}, every(3, ""), false, 6, "without an answer"},
		{"it closes one that has never answered", "GET", Options{}, every(1, ""), false, 20, "without an answer"},
		{"it closes one within a response", "GET", Options{}, every(4, "HTTP/1.1 200 OK\r\nclose: 1\r\nContent-Length: 9\r\n\r\nhalf"), false, 5, "in the middle"},
		{"it closes one within a head", "GET", Options{}, every(4, "HTTP/1.1 200 OK\r\nclose"), false, 5, "in the middle"},
		{"it closes one within a chunk", "GET", Options{}, every(4, "HTTP/1.1 200 OK\r\nclose: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), false, 5, "in the middle"},
		{"it closes one before the last chunk", "GET", Options{}, every(4, "HTTP/1.1 200 OK\r\nclose: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), false, 5, "in the middle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.o.Requests, row.o.Duration, row.o.Request = 20, time.Minute, request(t, row.method, "")
			r := bubble(t, &server{answer: row.answer}, row.o)
			if r.Requests() != 20 || r.Failed() != row.failed || r.errors[reset] != row.failed {
				t.Errorf("%d requests, %d failed, %d for a reset; want 20, %d, %[4]d", r.Requests(), r.Failed(), r.errors[reset], row.failed)
			}
			if r.again > 0 != row.again {
				t.Errorf("%d were sent again, want some: %v", r.again, row.again)
			}
			if !strings.Contains(r.first[reset], row.first) {
				t.Errorf("the reset is %q, want %q in it", r.first[reset], row.first)
			}
		})
	}
}

// TestMoreThanAsked says that bytes behind the last response are an error.
func TestMoreThanAsked(t *testing.T) {
	s := &server{answer: func(_, i int, _ time.Duration) string {
		if i == 2 {
			return ok + "\n"
		}
		return ok
	}}
	r := bubble(t, s, Options{Requests: 4, Duration: time.Minute})
	if r.errors[broken] != 2 || r.answered != 2 {
		t.Errorf("%d broken, %d answered; want 2 and 2", r.errors[broken], r.answered)
	}
}

func TestStatuses(t *testing.T) {
	s := &server{answer: func(_, i int, _ time.Duration) string {
		return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", 100*(2+i%4)+i%2)
	}}
	r := bubble(t, s, Options{Requests: 40, Duration: time.Minute})
	if r.statuses[200] != 10 || r.statuses[301] != 10 || r.statuses[400] != 10 || r.statuses[501] != 10 || r.Failed() != 20 {
		t.Errorf("200: %d, 301: %d, 400: %d, 501: %d, failed: %d; want 10 each, 20 failed",
			r.statuses[200], r.statuses[301], r.statuses[400], r.statuses[501], r.Failed())
	}
	if r.latency.Count() != 40 {
		t.Errorf("%d latencies, want 40: an answer is an answer", r.latency.Count())
	}
}

func TestConnect(t *testing.T) {
	refused := errors.New("connection refused")
	t.Run("none can be opened at the start", func(t *testing.T) {
		_, err := Run(t.Context(), Options{
			Request: request(t, "GET", ""), Conns: 3, Duration: time.Second, Timeout: time.Second,
			Dial: func(context.Context) (net.Conn, error) { return nil, refused },
		})
		if !errors.Is(err, refused) {
			t.Errorf("error %v, want that of the dialer", err)
		}
	})
	t.Run("none can be opened later", func(t *testing.T) {
		s := &server{answer: func(_, i int, _ time.Duration) string {
			if i == 5 {
				return strings.Replace(ok, "OK", "OK\r\nConnection: close", 1)
			}
			return ok
		}}
		r := bubble(t, s, Options{Rate: 10, Duration: time.Second, Dial: func(ctx context.Context) (net.Conn, error) {
			if s.conns.Load() == 1 {
				return nil, refused
			}
			return s.dial(ctx)
		}})
		if r.answered != 5 || r.errors[connect] != 5 || r.first[connect] != refused.Error() {
			t.Errorf("%d answered, %d not connected (%q); want 5, 5 and what the dialer said", r.answered, r.errors[connect], r.first[connect])
		}
		if r.latency.Count() != 5 {
			t.Errorf("%d latencies, want 5: a refused connection is quick, but no answer", r.latency.Count())
		}
	})
}

// TestInterrupt ends runs early: while they wait for their turn, for a response,
// and for a connection.
func TestInterrupt(t *testing.T) {
	for _, row := range []struct {
		name       string
		o          Options
		takes      time.Duration
		unfinished uint64
	}{
		{"it waits for its turn", Options{Rate: 1}, ms, 0},
		{"requests wait for a connection", Options{Rate: 10}, time.Minute, 25},
		{"several wait for their turn", Options{Rate: 1, Conns: 5}, ms, 0},
		{"it waits for a response", Options{}, time.Minute, 1},
		{"several wait for a response", Options{Conns: 3, Pipeline: 2}, time.Minute, 6},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{begun: time.Now(), answer: func(int, int, time.Duration) string { time.Sleep(row.takes); return ok }}
				ctx, cancel := context.WithTimeout(t.Context(), 2500*ms)
				defer cancel()
				row.o.Request, row.o.Dial, row.o.Sleep = request(t, "GET", ""), s.dial, time.Sleep
				row.o.Conns, row.o.Duration, row.o.Timeout = max(row.o.Conns, 1), time.Minute, 30*time.Second
				r, err := Run(ctx, row.o)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour)
				if row.unfinished > 0 && r.latency.Max() != 2500*ms {
					t.Errorf("the latencies go up to %v, want 2.5s: those who wait are not omitted", r.latency.Max())
				}
				if !r.Interrupted || r.Elapsed != 2500*ms || r.unfinished != row.unfinished || r.Failed() != 0 {
					t.Errorf("interrupted %v after %v, %d unfinished, %d failed; want true after 2.5s, %d, 0",
						r.Interrupted, r.Elapsed, r.unfinished, r.Failed(), row.unfinished)
				}
			})
		})
	}
}

func TestWatch(t *testing.T) {
	var all []Progress
	s := &server{answer: func(int, int, time.Duration) string { time.Sleep(ms); return ok }}
	bubble(t, s, Options{Rate: 10, Duration: 3500 * ms, Watch: func(p Progress) { all = append(all, p) }})
	if len(all) != 3 {
		t.Fatalf("progress was shown %d times in 3.5 seconds, want 3", len(all))
	}
	for i, p := range all {
		at := time.Duration(i+1) * time.Second
		if p.Elapsed != at || p.Total != 3500*ms || p.Requests != uint64(10*(i+1)) || p.Now != 10 || p.P99 >= 2*ms {
			t.Errorf("after %v: %+v", at, p)
		}
	}
}

func TestBounds(t *testing.T) {
	good := Options{Request: request(t, "GET", ""), Conns: 1, Duration: time.Second, Timeout: time.Second}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no connections":              func(o *Options) { o.Conns = 0 },
		"too many connections":        func(o *Options) { o.Conns = maxConns + 1 },
		"no duration":                 func(o *Options) { o.Duration = 0 },
		"a day":                       func(o *Options) { o.Duration = 24 * time.Hour },
		"a negative number":           func(o *Options) { o.Requests = -1 },
		"too many requests":           func(o *Options) { o.Requests = maxRequests + 1 },
		"a negative rate":             func(o *Options) { o.Rate = -1 },
		"a rate that is not a number": func(o *Options) { var zero float64; o.Rate = zero / zero },
		"too high a rate":             func(o *Options) { o.Rate = 1e9 },
		"no timeout":                  func(o *Options) { o.Timeout = 0 },
		"too many in flight":          func(o *Options) { o.Pipeline = maxPipeline + 1 },
		"close and in flight":         func(o *Options) { o.Pipeline, o.Close = 2, true },
		"too much in flight":          func(o *Options) { o.Pipeline, o.Request = 2, request(t, "POST", strings.Repeat("x", maxAhead)) },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if _, err := Run(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "load: ") {
				t.Errorf("error %v, want one that says what is possible", err)
			}
		})
	}
}
