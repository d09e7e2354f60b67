package load

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/show"
)

// sample is a result with n answers: nine of ten around usual, one far slower.
func sample(n int, usual time.Duration) *Result {
	r := &Result{Elapsed: 10 * time.Second, CPU: 50 * time.Millisecond}
	for i := range n {
		d := usual + time.Duration(i%100)*usual/100
		if i%10 == 9 {
			d = time.Duration(float64(d) * math.Pow(1.01, float64(i%500)))
		}
		r.service.Record(d / 2)
		r.latency.Record(d)
		r.late.Record(time.Duration(i%50) * time.Microsecond)
		r.statuses[200]++
		r.answered++
		r.bytesSent += 80
		r.bytesReceived += 1500
	}
	return r
}

// trouble adds everything to r that can go wrong.
func trouble(r *Result) *Result {
	r.fail(connect, "dial tcp 127.0.0.1:8080: connect: connection refused")
	for range 3 {
		r.fail(timeout, "read tcp 127.0.0.1:50000->127.0.0.1:8080: i/o timeout")
		r.latency.Record(5 * time.Second)
	}
	r.fail(reset, "the server closed the connection in the middle of a response")
	r.fail(broken, `the status line "\x1b[2J and what else a server may send, which is not to reach the`+"\x1b"+`"`)
	for range 1234 {
		r.fail(unsent, "no connection was free by the end of the run")
		r.latency.Record(700 * time.Millisecond)
	}
	r.statuses[404] = 12
	r.statuses[503] = 3456
	r.answered += 12 + 3456
	r.again = 7
	for range 2 {
		r.giveUp(100 * time.Millisecond)
	}
	r.Interrupted = true
	return r
}

func closedLoop(r *Result) *Result {
	r.Closed = true
	r.late = Histogram{}
	return r
}

func TestReport(t *testing.T) {
	defer func(old func() int) { processors = old }(processors)
	processors = func() int { return 2 }
	s := settings{method: "GET", conns: 16, duration: 10 * time.Second, rate: 1000, pipeline: 1, slices: 3}
	closed := s
	closed.rate, closed.conns, closed.requests, closed.pipeline = 0, 1, 5000, 4
	anew := closed
	anew.close, anew.pipeline, anew.conns = true, 1, 2
	const url = "http://127.0.0.1:8080/"
	for _, row := range []struct {
		name    string
		s       settings
		targets []*target
	}{
		{"open", s, []*target{{url: url, slices: []*Result{sample(10_000, 200*time.Microsecond)}}}},
		{"closed", closed, []*target{{url: url, slices: []*Result{closedLoop(sample(5000, 80*time.Microsecond))}}}},
		{"trouble", s, []*target{{url: url + strings.Repeat("long/", 20), slices: []*Result{trouble(sample(1000, 200*time.Microsecond))}}}},
		{"nothing", anew, []*target{{url: url, slices: []*Result{{Closed: true}}}}},
		{"one", closed, []*target{{url: url, slices: []*Result{closedLoop(sample(1, time.Second))}}}},
		{"two", s, []*target{
			{name: "A", url: url, slices: []*Result{sample(3000, 200*time.Microsecond), sample(3000, 210*time.Microsecond), sample(3000, 190*time.Microsecond)}},
			{name: "B", url: "http://127.0.0.1:9000/", slices: []*Result{sample(3000, 100*time.Microsecond), sample(3000, 300*time.Microsecond), sample(3000, 150*time.Microsecond)}},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := strings.Join(row.s.report(row.targets), "\n") + "\n"
			fixture.Narrow(t, got)
			fixture.Golden(t, "testdata/"+row.name+".txt", got)
		})
	}
}

// TestPicture says that every time is in the picture, and that it fits, whatever
// the times.
func TestPicture(t *testing.T) {
	for lo := time.Duration(1); lo < time.Hour; lo = lo*7/2 + 1 {
		for hi := lo; hi < time.Hour; hi = hi*3 + 1 {
			var h Histogram
			h.Record(lo)
			h.Record(hi)
			steps := edges(h.Min(), h.Max())
			var n uint64
			for i := range len(steps) - 1 {
				from := steps[i]
				if i == 0 {
					from = 0
				}
				n += h.between(from, steps[i+1])
			}
			text := strings.Join(picture(&h, steps), "\n")
			if n != 2 || strings.Count(text, "█") == 0 || len(steps) > mostRows+1 {
				t.Fatalf("from %v to %v: %d times in %d rows\n%s", lo, hi, n, len(steps)-1, text)
			}
			for _, p := range []string{"p50", "p90", "p99", "p99.9"} {
				if !strings.Contains(text+" ", p) {
					t.Fatalf("from %v to %v: %s is not in the picture\n%s", lo, hi, p, text)
				}
			}
			for line := range strings.Lines(text) {
				if utf8.RuneCountInString(line) > show.Width+1 {
					t.Fatalf("%q is too wide", line)
				}
			}
		}
	}
}

func TestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1000: "1 µs", 1234: "1.23 µs", 12345: "12.3 µs", 123456: "123 µs",
		999_600: "1 ms", 1500 * ms: "1.5 s", 90 * time.Second: "90 s", 10 * time.Minute: "600 s",
	} {
		if got := span(d); got != want {
			t.Errorf("%d ns is written %q, want %q", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 12: "12", 123: "123", 1234: "1,234", 1234567: "1,234,567"} {
		if got := show.Number(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 12_345_678: "12.3 MB", 5e12: "5000 GB"} {
		if got := size(n); got != want {
			t.Errorf("%d bytes are written %q, want %q", n, got, want)
		}
	}
	for _, row := range []struct {
		n, all uint64
		want   string
	}{{0, 0, "0%"}, {0, 5, "0%"}, {1, 100_000, "<0.01%"}, {1, 200, "0.50%"}, {1, 3, "33.3%"}, {5, 5, "100.0%"}, {99_999, 100_000, ">99.9%"}} {
		if got := share(row.n, row.all); got != row.want {
			t.Errorf("%d of %d is written %q, want %q", row.n, row.all, got, row.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	at := func(s float64, n uint64) Progress {
		return Progress{Elapsed: time.Duration(s * 1e9), Total: 10 * time.Second, Requests: n, Now: 1234.4, P99: 2 * ms, Failed: 3}
	}
	t.Run("on a terminal", func(t *testing.T) {
		var b strings.Builder
		p := progressWriter{w: &b, rewrite: true, prefix: "A 1/5  "}
		p.show(at(1.01, 1234567))
		p.show(at(2.01, 9))
		p.show(Progress{Elapsed: time.Hour, Total: time.Hour, Requests: math.MaxUint64, Now: 1e18, Failed: math.MaxUint64})
		p.clear()
		p.clear()
		lines := strings.Split(b.String(), "\r")
		for _, line := range lines {
			if utf8.RuneCountInString(line) >= show.Width || strings.Contains(line, "\n") {
				t.Errorf("%q would not stay in its line", line)
			}
		}
		first := "A 1/5  1 s of 10 s  1,234,567 requests  1,234 a second  p99 2 ms  3 failed"
		if len(lines) != 6 || lines[1] != first || utf8.RuneCountInString(lines[2]) != len(first) ||
			strings.TrimSpace(lines[4]) != "" || len(lines[4]) < len(first) || lines[5] != "" {
			t.Errorf("%q", lines)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		var b strings.Builder
		p := progressWriter{w: &b}
		for range 2 { // two runs
			for s := range 12 {
				p.show(at(float64(s)+1.001, 10))
			}
		}
		p.clear()
		if n := strings.Count(b.String(), "\n"); n != 4 || strings.Contains(b.String(), "\r") {
			t.Errorf("%d lines, want 4: a line each 5 seconds\n%s", n, b.String())
		}
	})
}
