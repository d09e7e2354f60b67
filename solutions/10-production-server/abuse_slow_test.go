package server_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// TestAbuse_Slow: whoever sends slowly, reads slowly or says nothing has its
// connection for as long as stands in the row, to the second, and not longer. Where it
// is MinRate, what has been sent earns a part of a second more.
func TestAbuse_Slow(t *testing.T) {
	const post = "POST /read HTTP/1.1\r\nHost: a\r\n"
	for _, r := range []struct {
		name string
		cfg  server.Config
		once string // sent at once
		drip string // one byte a second, again and again
		read bool   // the client reads
		want string
	}{
		{"connect and say nothing: HeaderTimeout", server.Config{}, "", "", true, "no answer; gone after 10s"},
		{"half a head: HeaderTimeout", server.Config{}, "GET / HTTP/1.1\r\nHost: a\r\n", "", true, "408; gone after 10s"},
		{"a head one byte a second: HeaderTimeout", server.Config{}, "", "GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaa", true, "408; gone after 10s"},
		{"empty lines one byte a second: one is enough", server.Config{}, "", "\r\n", true, "400; gone after 4s"},
		{"the next head one byte a second: HeaderTimeout from its first byte", server.Config{}, getOf("/short"), "GET / HTTP/1.1\r\nHost: a\r\nX: aaaa", true, "200, 408; gone after 11s"},
		{"no content: HeaderTimeout, from which MinRate counts", server.Config{}, post + "Content-Length: 100\r\n\r\n", "", true, "408; gone after 11s"},
		{"content one byte a second: MinRate", server.Config{}, post + "Content-Length: 1000000\r\n\r\n", "x", true, "408; gone after 11s"},
		{"chunks one byte a second: MinRate", server.Config{}, post + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", true, "408; gone after 11s"},
		{"a chunk extension one byte a second: MinRate", server.Config{}, post + "Transfer-Encoding: chunked\r\n\r\n1;a=", "x", true, "408; gone after 11s"},
		{"trailers one byte a second: MinRate", server.Config{}, post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "x", true, "408; gone after 11s"},
		{"100-continue, and then nothing: HeaderTimeout", server.Config{}, post + "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", "", true, "100, 408; gone after 11s"},
		{"content that the handler leaves, one byte a second: MinRate", server.Config{}, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "x", true, "200; gone after 11s"},
		{"nothing after an answer: IdleTimeout", server.Config{}, getOf("/short"), "", true, "200; gone after 1m15s"},
		{"an answer that is not read: WriteTimeout", server.Config{}, getOf("/short"), "", false, "not read; gone after 30s"},
		{"a long answer that is not read: WriteTimeout, once", server.Config{}, getOf("/long"), "", false, "not read; gone after 30s"},
		{"a file that is not read: WriteTimeout", server.Config{}, getOf("/sized"), "", false, "not read; gone after 30s"},
		{"a PROXY header that does not come: HeaderTimeout", proxied(), "PROXY TCP4 ", "", true, "no answer; gone after 10s"},
	} {
		t.Run(r.name, func(t *testing.T) {
			onFakeClock(t, r.cfg, func(t *testing.T, srv *server.Server, d *door) {
				begun := time.Now()
				nc := d.callFrom("192.0.2.9")
				got := "not read"
				done := make(chan struct{})
				go func() {
					defer close(done)
					if r.read {
						got = statuses(nc)
					}
				}()
				if _, err := io.WriteString(nc, r.once); err != nil {
					t.Error(err)
				}
				for i := 0; srv.Metrics.Conns.Stats().Open > 0 && time.Since(begun) < time.Hour; i++ {
					time.Sleep(time.Second)
					synctest.Wait() // what is due now has happened
					if r.drip != "" {
						nc.Write([]byte{r.drip[i%len(r.drip)]})
					}
					synctest.Wait()
				}
				took := time.Since(begun)
				nc.Close()
				<-done
				if got += fmt.Sprint("; gone after ", took.Round(time.Second)); got != r.want {
					t.Errorf("got  %s\nwant %s", got, r.want)
				}
			})
		})
	}
}

// TestAbuse_SlowReader: one byte a second is not enough to keep a response coming: a
// piece of 256 KiB has WriteTimeout, so 8.7 KB a second is the least for long ones.
func TestAbuse_SlowReader(t *testing.T) {
	onFakeClock(t, server.Config{}, func(t *testing.T, srv *server.Server, d *door) {
		nc := d.call()
		defer nc.Close()
		begun := time.Now()
		io.WriteString(nc, getOf("/sized"))
		read := 0
		for {
			n, err := nc.Read(make([]byte, 1))
			if read += n; err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(begun); took > keepalive.DefaultWriteTimeout+time.Second {
			t.Errorf("%d bytes read in %v", read, took)
		}
	})
}

// TestAbuse_JustFastEnough: at exactly MinRate, content lasts Limits.Content divided by
// MinRate, and not longer. It is the longest that one request can hold a connection.
func TestAbuse_JustFastEnough(t *testing.T) {
	cfg := server.Config{MinRate: 100}
	cfg.Limits.Content = 10_000
	onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
		nc := d.call()
		defer nc.Close()
		begun := time.Now()
		answer := make(chan int, 1)
		go func() { answer <- status(nc) }()
		io.WriteString(nc, "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
		chunk := "5e\r\n" + strings.Repeat("x", 94) + "\r\n" // 100 bytes
		for range 1000 {
			if _, err := io.WriteString(nc, chunk); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		took := time.Since(begun)
		if got := <-answer; got != 413 || took < 100*time.Second || took > 120*time.Second {
			t.Errorf("%d after %v; want 413 after 106 s", got, took)
		}
	})
}

// TestAbuse_SlowClientsAndWorkers: slow heads, slow content up to MaxAhead, and slow
// reading of short answers take no worker: with one worker, others are answered at
// once while a hundred of each are there.
func TestAbuse_SlowClientsAndWorkers(t *testing.T) {
	cfg := server.Config{MaxWorkers: 1, Queue: 1, QueueTimeout: time.Second}
	onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
		for _, once := range []string{
			"", "GET / HT", getOf("/short"),
			"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 16384\r\n\r\n" + strings.Repeat("x", 16383),
			"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3fff\r\nx",
		} {
			for range 100 {
				nc := d.call()
				defer nc.Close()
				io.WriteString(nc, once)
			}
		}
		synctest.Wait()
		good := d.call()
		defer good.Close()
		begun := time.Now()
		if got, took := ask(good, getOf("/short")), time.Since(begun); got != 200 || took > 0 {
			t.Errorf("%d after %v", got, took)
		}
	})
}

// TestAbuse_WorkersHeld: slow content above MaxAhead and slow reading of long answers
// do take a worker each. One client holds MaxConnsPerClient of them at most, and the
// others are answered at once. Where many clients together hold them all, the others are
// told so, with 503 after QueueTimeout; and a client that reads or sends nothing gives its
// worker back after WriteTimeout or BodyTimeout.
func TestAbuse_WorkersHeld(t *testing.T) {
	slow := []string{getOf("/long"), "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", server.MaxAhead+1)}
	cfg := server.Config{MaxWorkers: 3, Queue: 1, QueueTimeout: time.Second, MaxConnsPerClient: 2}
	for _, r := range []struct {
		name   string
		hosts  int
		status int
		took   time.Duration
	}{
		{"by one client", 1, 200, 0},
		{"by three", 3, 503, time.Second},
	} {
		t.Run(r.name, func(t *testing.T) {
			onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
				for i := range 10 {
					if i >= 3 && r.hosts > 1 {
						break
					}
					nc := d.callFrom(fmt.Sprintf("192.0.2.%d", i%r.hosts))
					defer nc.Close()
					go io.WriteString(nc, slow[i%2])
					synctest.Wait()
				}
				begun := time.Now()
				good := d.callFrom("198.51.100.1")
				defer good.Close()
				if got, took := ask(good, getOf("/short")), time.Since(begun); got != r.status || took != r.took {
					t.Errorf("%d after %v, want %d after %v", got, took, r.status, r.took)
				}
				time.Sleep(keepalive.DefaultWriteTimeout)
				begun = time.Now()
				if got, took := ask(good, getOf("/short")), time.Since(begun); got != 200 || took != 0 {
					t.Errorf("%d after %v, want 200 at once: WriteTimeout and BodyTimeout are over", got, took)
				}
			})
		})
	}
}

// TestAbuse_IdleConnections: an idle connection keeps at most 24 KiB (48 with -race, where
// everything is larger), the pipe of this test among them; and no more than MaxConns
// are open, however many there are.
func TestAbuse_IdleConnections(t *testing.T) {
	const conns = 1000
	cfg := server.Config{MaxConns: conns, IdleTimeout: time.Hour}
	bound := int64(24 << 10)
	if raceEnabled {
		bound *= 2
	}
	onFakeClock(t, cfg, func(t *testing.T, srv *server.Server, d *door) {
		before := held()
		var all []net.Conn
		for i := range conns + conns/2 {
			nc := d.call()
			all = append(all, nc)
			if i < conns {
				ask(nc, getOf("/short"))
			}
			if i == conns-1 {
				synctest.Wait()
				each := (held() - before) / conns
				t.Logf("%d bytes for an idle connection", each)
				if each > bound {
					t.Errorf("%d bytes for an idle connection, want at most %d", each, bound)
				}
				time.Sleep(time.Second)
			}
		}
		synctest.Wait()
		if stats := srv.Metrics.Conns.Stats(); stats.Open > conns || stats.Dropped < conns/2 {
			t.Errorf("%d connections are open, want at most %d; %d made room", stats.Open, conns, stats.Dropped)
		}
		for _, nc := range all {
			nc.Close()
		}
	})
}

// held is the memory in use, for the heap and for stacks.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestAbuse_HalfHeads: one client with half a head on all the connections that it can
// get keeps nobody waiting, as it gets MaxConnsPerClient of them. MaxConns of them from
// many addresses keep a new one waiting for HeaderTimeout and not longer. Neither costs
// anybody a request in progress.
func TestAbuse_HalfHeads(t *testing.T) {
	for _, r := range []struct {
		name  string
		hosts int
		want  time.Duration
	}{
		{"from one address", 1, 0},
		{"from ten addresses", 10, keepalive.DefaultHeaderTimeout},
	} {
		t.Run(r.name, func(t *testing.T) {
			onFakeClock(t, server.Config{MaxConns: 100, MaxConnsPerClient: 99}, func(t *testing.T, srv *server.Server, d *door) {
				for i := range 200 {
					if srv.Metrics.Conns.Stats().Open == 100 {
						break
					}
					nc := d.callFrom(fmt.Sprintf("192.0.2.%d", i%r.hosts))
					defer nc.Close()
					go io.WriteString(nc, "GET / HTTP/1.1\r\n")
					go io.Copy(io.Discard, nc)
					synctest.Wait()
				}
				begun := time.Now()
				good := d.callFrom("198.51.100.1")
				defer good.Close()
				got := ask(good, getOf("/short"))
				if took := time.Since(begun); got != 200 || took > r.want+time.Second || took < r.want {
					t.Errorf("%d after %v", got, took)
				}
			})
		})
	}
}

// TestAbuse_OneClient: the connections that one client opens above MaxConnsPerClient are
// closed at once, and nothing is left of them; who comes from a /64 of IPv6 is one
// client, and what is remembered of clients goes with their connections.
func TestAbuse_OneClient(t *testing.T) {
	onFakeClock(t, server.Config{}, func(t *testing.T, srv *server.Server, d *door) {
		for i := range 4 * server.DefaultMaxConnsPerClient {
			nc := d.callFrom(fmt.Sprintf("2001:db8::%x", i))
			defer nc.Close()
			go io.WriteString(nc, "GET / HTTP/1.1\r\n")
		}
		synctest.Wait()
		if s := srv.Metrics.Conns.Stats(); s.Open != server.DefaultMaxConnsPerClient || s.Refused != 3*server.DefaultMaxConnsPerClient {
			t.Errorf("%d are open and %d were refused", s.Open, s.Refused)
		}
	})
	onFakeClock(t, server.Config{}, func(t *testing.T, srv *server.Server, d *door) {
		var after [5]int64 // the first round warms everything up
		for round := range after {
			for i := range 4000 {
				d.callFrom(fmt.Sprintf("10.%d.%d.%d", round, i/256, i%256)).Close()
			}
			time.Sleep(time.Hour) // every timer of the pipes is over
			after[round] = held()
		}
		// A map that forgets nobody has 1.6 MiB; the process itself is not quite still.
		if more := after[len(after)-1] - after[0]; more > 1<<20 {
			t.Errorf("%d bytes are kept of 16,000 clients who have gone", more)
		}
	})
}
