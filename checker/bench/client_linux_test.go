package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"barewire/checker/bench/replay"

	"golang.org/x/sys/unix"
)

// TestClient lets the client ask net/http, in every way in which it can.
func TestClient(t *testing.T) {
	for _, row := range []struct {
		name  string
		shape Shape
		size  int
	}{
		{"a small answer", Shape{Conns: 3}, 10},
		{"an answer of several reads", Shape{Conns: 2}, 3 << 20},
		{"several requests at once", Shape{Conns: 2, Pipeline: 16}, 10},
		{"answers that share their reads", Shape{Conns: 2, Pipeline: 16}, 5000},
		{"a connection each", Shape{Conns: 2, Close: true, Fields: "Connection: close\r\n"}, 10},
		{"content", Shape{Conns: 2, Path: "/echo", Content: kilobyte}, 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(row.size))
				fmt.Fprint(w, strings.Repeat("x", row.size))
			}))
			defer srv.Close()
			c, err := newClient(&row.shape, strings.TrimPrefix(srv.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			if err := c.openAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			for c.answered < 50 {
				if err := c.run(t.Context(), 10*time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestClientQuiet lets the client ask once on each connection.
func TestClientQuiet(t *testing.T) {
	var requests atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		fmt.Fprint(w, "hello")
	}))
	defer srv.Close()
	c, err := newClient(&Shape{Conns: few + 50}, strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.openQuiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.run(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if n := requests.Load(); n != few+50 || c.answered != n || len(c.conns) != few+50 {
		t.Errorf("%d connections, %d requests and %d answers; want %d of each", len(c.conns), n, c.answered, few+50)
	}
}

// TestClientPieces lets two answers arrive one byte at a time.
func TestClientPieces(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	c, err := newClient(&Shape{Pipeline: 2}, "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	w := &wire{fd: pair[0], due: 2}
	c.conns[int32(w.fd)] = w
	for i, b := range []byte(strings.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 2)) {
		if _, err := unix.Write(pair[1], []byte{b}); err != nil {
			t.Fatal(err)
		}
		if err := c.receive(w); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	n, err := unix.Read(pair[1], make([]byte, 4096))
	if c.answered != 2 || n != len(c.batch) || err != nil {
		t.Errorf("%d answers were counted, and then %d bytes sent, %v; want 2 and the next two requests, %d bytes", c.answered, n, err, len(c.batch))
	}
}

// TestClientComplains says that no figure is made of answers that are wrong.
func TestClientComplains(t *testing.T) {
	for _, row := range []struct{ name, answer, want string }{
		{"not 200", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1\r\n\r\nx", "not the answer that is due"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", "no Content-Length"},
		{"another length than before", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxxHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxxH\r\n\r\n", "not the answer that is due"},
		{"an end", "", "closed a connection with 16 answers to come"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				nc, err := ln.Accept()
				if err != nil {
					return
				}
				defer nc.Close()
				nc.Read(make([]byte, 4096))
				fmt.Fprint(nc, row.answer)
				nc.(*net.TCPConn).CloseWrite()
				nc.Read(make([]byte, 4096)) // until the client has gone
			}()
			c, err := newClient(&Shape{Conns: 1, Pipeline: 16}, ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			if err = c.openAll(t.Context()); err == nil {
				err = c.run(t.Context(), patience)
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// TestClocks says that the kernel's figures about a process are those of this one.
func TestClocks(t *testing.T) {
	pids := family(1)
	if len(pids) == 0 || pids[0] != 1 {
		t.Errorf("the family of process 1 is %v", pids)
	}
	own := []int{os.Getpid()}
	before, err := cpuOf(own)
	if err != nil {
		t.Fatal(err)
	}
	for n, begun := 0, time.Now(); time.Since(begun) < 5*time.Millisecond; n++ {
	}
	after, err := cpuOf(own)
	if err != nil || after <= before {
		t.Errorf("processor time went from %v to %v while this worked: %v", before, after, err)
	}
	if bytes, err := memoryOf(own); err != nil || bytes < 1<<20 {
		t.Errorf("this process has %d bytes, %v", bytes, err)
	}
}

// TestReplay measures net/http in this process.
func TestReplay(t *testing.T) {
	serve := func(content string) func(net.Listener) error {
		return (&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, content) })}).Serve
	}
	r, err := replay.Run((&Shape{}).Request(), 1, time.Millisecond, serve("hello"))
	if err != nil || r.Nanoseconds <= 0 || r.Allocations < 1 || r.Processor <= 0 {
		t.Errorf("net/http: %+v, %v", r, err)
	}
	if _, err := replay.Run([]byte("GET / HTTP/1.1\r\n\r\n"), 1, time.Millisecond, serve("hello")); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("requests that are refused: %v", err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	c, err := newClient(&Shape{Conns: 1}, strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	cancel()
	if err := c.run(ctx, time.Minute); err != context.Canceled {
		t.Errorf("run: %v", err)
	}
}
