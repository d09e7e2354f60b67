package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
	"barewire/solutions/10-production-server"
)

// A deafLog is a pipe that nobody reads until it is opened.
type deafLog struct {
	opened chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
}

func newDeafLog() *deafLog { return &deafLog{opened: make(chan struct{})} }

func (d *deafLog) Write(p []byte) (int, error) {
	<-d.opened
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *deafLog) lines() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Count(d.text.Bytes(), []byte("\n"))
}

// TestAbuse_LogBlocks: a log whose Write does not return costs no request and no
// connection behind a LogWriter, which keeps 2 MiB at most, and counts each line that is
// lost. When the log is read again, it says how many there were.
func TestAbuse_LogBlocks(t *testing.T) {
	const requests = 4000 // of about 600 bytes each in the log
	for name, access := range map[string]func(out io.Writer) keepalive.Middleware{
		"text": func(out io.Writer) keepalive.Middleware {
			return middleware.AccessLog(slog.New(slog.NewTextHandler(out, nil)))
		},
		"combined": middleware.CombinedLog,
		"TextLog":  server.TextLog,
	} {
		t.Run(name, func(t *testing.T) {
			deaf := newDeafLog()
			told := make(chan int64, 10)
			log := server.NewLogWriter(deaf, func(lost int64) { told <- lost })
			srv, run := tapped(t, server.Config{AccessLog: access(log)})
			srv.Metrics.Log = log
			answers := 0
			for range requests / 1000 {
				c := &tap{more: getOf("/short?" + strings.Repeat("x", 500)), times: 1000}
				run(c)
				answers += int(c.written / int64(len(c.answer.String()[:strings.Index(c.answer.String(), "short")+5])))
			}
			lost := log.Lost()
			if answers < requests || lost == 0 || !strings.Contains(string(srv.Metrics.AppendTo(nil)), "\nbarewire_log_lines_lost_total ") {
				close(deaf.opened)
				t.Fatalf("%d of %d requests are answered, %d lines are lost", answers, requests, lost)
			}
			close(deaf.opened)
			if got := <-told; got != lost {
				t.Errorf("%d lines are told to be lost, and it was %d", got, lost)
			}
			if err := log.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if deaf.lines()+int(lost) != requests || deaf.text.Len() > 2*server.LogBuffer {
				t.Errorf("%d lines of %d are written, %d bytes, and %d lost", deaf.lines(), requests, deaf.text.Len(), lost)
			}
		})
	}
}

// TestLogWriter: lines come out whole and in order, in pieces that a pipe takes as one;
// Close waits for them, but not for ever.
func TestLogWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out pieces
		log := server.NewLogWriter(&out, nil)
		want := ""
		for i := range 1000 {
			line := strings.Repeat("x", i%200) + "\n"
			if i == 500 {
				line = strings.Repeat("long ", 2000) + "\n"
			}
			want += line
			io.WriteString(log, line)
		}
		if err := log.Close(t.Context()); err != nil || strings.Join(out, "") != want {
			t.Errorf("%v; %d bytes written, want %d", err, len(strings.Join(out, "")), len(want))
		}
		for _, p := range out {
			if !strings.HasSuffix(p, "\n") || len(p) > 4096 && strings.Count(p, "\n") > 1 {
				t.Errorf("a piece of %d bytes that is more than a line, or less", len(p))
			}
		}
		if _, err := io.WriteString(log, "late\n"); err != server.ErrLogFull || log.Lost() != 1 {
			t.Errorf("after Close: %v, and %d lines are lost", err, log.Lost())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		deaf := newDeafLog()
		log := server.NewLogWriter(deaf, nil)
		io.WriteString(log, "line\n")
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := log.Close(limited); err != context.DeadlineExceeded {
			t.Errorf("Close of a log that blocks returned %v", err)
		}
		close(deaf.opened)
	})
	full := server.NewLogWriter(new(broken), nil)
	io.WriteString(full, "one\n")
	io.WriteString(full, "two\n")
	full.Close(t.Context())
	if full.Lost() != 2 {
		t.Errorf("%d of 2 lines that the log has refused are lost", full.Lost())
	}
}

// TestLogWriter_Batches: a line that comes after a silence is written at once, those that
// follow within 10 ms together, and what is much does not wait.
func TestLogWriter_Batches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out counter
		log := server.NewLogWriter(&out, nil)
		defer log.Close(t.Context())
		begun := time.Now()
		writes := func(what string, want int64, after time.Duration) {
			t.Helper()
			synctest.Wait()
			if out.Load() != want || time.Since(begun) != after {
				t.Errorf("%s: %d writes after %v, want %d after %v", what, out.Load(), time.Since(begun), want, after)
			}
		}
		io.WriteString(log, "first\n")
		writes("a line after a silence", 1, 0)
		for range 100 {
			io.WriteString(log, "line\n")
		}
		writes("a hundred lines behind it", 1, 0)
		time.Sleep(10 * time.Millisecond)
		writes("the same in a moment", 2, 10*time.Millisecond)
		for range 64 {
			io.WriteString(log, strings.Repeat("x", 1023)+"\n")
		}
		writes("many lines in a pause", 2+16, 10*time.Millisecond)
		time.Sleep(time.Second)
		io.WriteString(log, "last\n")
		writes("a line after another silence", 2+16+1, 1010*time.Millisecond)
		io.WriteString(log, "line\n")
		log.Close(t.Context())
		writes("a line before Close", 2+16+2, 1010*time.Millisecond)
	})
}

// A counter counts the calls of Write.
type counter struct{ atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) { c.Add(1); return len(p), nil }

type pieces []string

func (p *pieces) Write(b []byte) (int, error) { *p = append(*p, string(b)); return len(b), nil }

// TestAbuse_Refused: what the connection refuses, and what gets no worker, is in the
// access log and in the figures, with one line for each connection however much is behind
// it: a flood of refusals writes fewer lines than one of good requests. The longest line is
// below that of a good one, too.
func TestAbuse_Refused(t *testing.T) {
	for _, r := range []struct{ name, send, want string }{
		{"garbage", strings.Repeat("\x00\xff\" x\r\n", 10_000), "400"},
		{"a target without an end", "GET /" + strings.Repeat("\"", 100_000), "414"},
		{"a section without an end", "GET / HTTP/1.1\r\n" + strings.Repeat("A: \"\"\r\n", 10_000), "431"},
		{"bad heads one after another", strings.Repeat("GET / HTTP/1.1\r\n\r\n", 1000), "400"},
		{"too much content", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n", "413"},
		{"another version", "GET / HTTP/3.0\r\n\r\n", "505"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var log bytes.Buffer
			srv, run := tapped(t, server.Config{AccessLog: middleware.AccessLog(slog.New(slog.NewTextHandler(&log, nil)))})
			c := &tap{head: r.send}
			run(c)
			figures := string(srv.Metrics.AppendTo(nil))
			if c.status() != r.want || strings.Count(log.String(), "\n") != 1 || log.Len() > 1024 ||
				!strings.Contains(log.String(), " status="+r.want+" ") || !strings.Contains(figures, `status="`+r.want+`"} 1`) {
				t.Errorf("answered with %s; %d lines, %d bytes: %.300q", c.status(), strings.Count(log.String(), "\n"), log.Len(), log.String())
			}
		})
	}
	t.Run("no worker", func(t *testing.T) {
		var log bytes.Buffer
		cfg := server.Config{MaxWorkers: 1, Queue: 1, QueueTimeout: time.Second, AccessLog: middleware.CommonLog(&log)}
		onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
			stuck, good := d.call(), d.call()
			defer stuck.Close()
			defer good.Close()
			io.WriteString(stuck, getOf("/stuck"))
			synctest.Wait()
			ask(good, getOf("/short"))
			if figures := string(srv.Metrics.AppendTo(nil)); !strings.Contains(log.String(), "\" 503 ") || !strings.Contains(figures, `status="503"} 1`) {
				t.Errorf("%q", log.String())
			}
		})
	})
}
