package server_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"barewire/solutions/02-request-line"
	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// buffer is how far ahead a connection may read: the size of its first buffer.
const buffer = 4 << 10

// floodMemory is what a message without an end may cost, in bytes: a buffer that is
// doubled until the limit of a header section is in it, and what it was before.
const floodMemory = 512 << 10

// TestAbuse_Floods: of a message without an end, no more is read than stands in the
// row, and all that is allocated meanwhile is at most floodMemory.
func TestAbuse_Floods(t *testing.T) {
	const chunked = "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	few := server.Config{}
	few.Limits.Content = 64 << 10
	for _, r := range []struct {
		name       string
		cfg        server.Config
		head, more string
		taken      int64 // bytes
		status     string
	}{
		{"a method without an end", server.Config{}, "", "G", 2 * buffer, "400"},
		{"a target without an end: Limits.RequestLine, doubled buffers", server.Config{}, "GET /", "a", 2 * reqline.MaxRequestLine, "414"},
		{"empty lines: one", server.Config{}, "", "\r\n", buffer, "400"},
		{"a field without an end: Limits.HeaderSection, doubled buffers", server.Config{}, "GET / HTTP/1.1\r\nHost: a\r\nX: ", "a", 2 * message.MaxHeaderSection, "431"},
		{"a field name without an end: Limits.HeaderSection, doubled buffers", server.Config{}, "GET / HTTP/1.1\r\nHost: a\r\n", "a", 2 * message.MaxHeaderSection, "431"},
		{"short fields: Limits.Fields", server.Config{}, "GET / HTTP/1.1\r\nHost: a\r\n", "a: b\r\n", buffer, "431"},
		{"fields of 4 KiB: Limits.HeaderSection", server.Config{}, "GET / HTTP/1.1\r\nHost: a\r\n", "a: " + strings.Repeat("b", 4091) + "\r\n", 2 * message.MaxHeaderSection, "431"},
		{"a chunk size without an end: MaxChunkLine", server.Config{}, chunked, "0", message.MaxChunkLine + 2*buffer, "400"},
		{"a chunk extension without an end: MaxChunkLine", server.Config{}, chunked + "1;a=", "b", message.MaxChunkLine + 2*buffer, "400"},
		{"extensions to each chunk: MaxChunkExtensions", server.Config{}, chunked, "1;a=b\r\nx\r\n", message.MaxChunkExtensions*10/4 + 2*buffer, "400"},
		{"chunks of one byte: Limits.Content, six times", few, chunked, "1\r\nx\r\n", 6*64<<10 + 2*buffer, "413"},
		{"content in chunks: Limits.Content", few, chunked, "1000\r\n" + strings.Repeat("x", 4096) + "\r\n", 65<<10 + 2*buffer, "413"},
		{"a chunk that is announced as too large: nothing of it", server.Config{}, chunked, "fffffff\r\nxxxxxxxx", 2 * buffer, "413"},
		{"content that is announced as too large: nothing of it", server.Config{}, "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", "x", buffer, "413"},
		{"a trailer without an end: MaxTrailerSection", server.Config{}, chunked + "0\r\nX: ", "a", message.MaxTrailerSection + 2*buffer, "431"},
		{"trailers: Limits.Fields", server.Config{}, chunked + "0\r\n", "a: b\r\n", buffer, "431"},
		{"content for a handler that does not read: MaxAhead", server.Config{}, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n", "x", server.MaxAhead + buffer, "200"},
		{"chunks for a handler that does not read: MaxDrain", server.Config{}, strings.Replace(chunked, "read", "ignore", 1), "10\r\n0123456789abcdef\r\n", (keepalive.MaxDrain+server.MaxAhead)*22/16 + 32<<10, "200"},
		{"content for nobody: MaxDrain", server.Config{}, strings.Replace(chunked, "read", "nothing", 1), "1\r\nx\r\n", (keepalive.MaxDrain+server.MaxAhead)*6 + 64<<10, "404"},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, run := tapped(t, r.cfg)
			run(&tap{head: getOf("/short")}) // what is made once is not counted
			c := &tap{head: r.head, more: r.more}
			allocated := run(c)
			t.Logf("%d bytes read, %d allocated", c.taken, allocated)
			if c.taken > r.taken || c.status() != r.status {
				t.Errorf("%d bytes read and answered with %s, want at most %d and %s", c.taken, c.status(), r.taken, r.status)
			}
			if allocated > floodMemory {
				t.Errorf("%d bytes allocated, want at most %d", allocated, floodMemory)
			}
		})
	}
}

// TestAbuse_PipelineWithoutReading: who sends thousands of requests and reads no
// answer gets no more of them read than fit into one buffer, costs less than a
// megabyte, and is gone after WriteTimeout.
func TestAbuse_PipelineWithoutReading(t *testing.T) {
	onFakeClock(t, server.Config{}, func(t *testing.T, srv *server.Server, d *door) {
		nc := d.call()
		defer nc.Close()
		before := held()
		begun := time.Now()
		sent := make(chan int, 1)
		go func() {
			n, _ := io.WriteString(nc, strings.Repeat(getOf("/short"), 10_000))
			sent <- n
		}()
		synctest.Wait()
		if grown := held() - before; grown > 1<<20 {
			t.Errorf("%d KiB are held", grown>>10)
		}
		n, took := <-sent, time.Since(begun)
		if n > buffer || took != keepalive.DefaultWriteTimeout {
			t.Errorf("%d bytes of requests taken in %v, want at most %d in %v", n, took, buffer, keepalive.DefaultWriteTimeout)
		}
	})
}

// TestAbuse_PipelineMemory: ten thousand requests in one write cost the memory of one
// connection, if they are read, and all answers leave, in writes of 64 KiB and at most
// one answer more.
func TestAbuse_PipelineMemory(t *testing.T) {
	page := make([]byte, 2<<10)
	_, run := tapped(t, server.Config{Handler: keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
		w.Write(page)
	})})
	one := &tap{head: getOf("/")}
	run(one)
	c := &tap{more: getOf("/"), times: 10_000}
	allocated := run(c)
	t.Logf("%d bytes allocated, %d in the longest write", allocated, c.longest)
	if bound := int64(512 << 10); allocated > bound && !raceEnabled {
		t.Errorf("%d bytes allocated, want at most %d", allocated, bound)
	}
	if c.written != 10_000*one.written {
		t.Errorf("%d bytes were answered, want 10,000 times %d", c.written, one.written)
	}
	if bound := int(64<<10 + one.written); c.longest > bound {
		t.Errorf("%d bytes left in one write, want at most %d", c.longest, bound)
	}
}

// TestAbuse_Linger: after a refusal over TCP, a client that goes on sending is listened
// to for at most 1 MiB or a second, so that it can read the refusal; then it is reset.
func TestAbuse_Linger(t *testing.T) {
	srv, addr := onSocket(t, server.Config{})
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	answer := make(chan int, 1)
	go func() { answer <- status(nc) }()
	begun := time.Now()
	io.WriteString(nc, "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
	sent, piece := 0, make([]byte, 32<<10)
	for nc.SetWriteDeadline(begun.Add(10 * time.Second)); ; {
		n, err := nc.Write(piece)
		if sent += n; err != nil {
			break
		}
	}
	took := time.Since(begun)
	t.Logf("%d bytes sent in %v", sent, took)
	// The kernels of both sides hold some megabytes more.
	if got := <-answer; got != 413 || sent > 1<<20+16<<20 || took > 8*time.Second {
		t.Errorf("%d; %d bytes sent in %v", got, sent, took)
	}
	for end := time.Now().Add(5 * time.Second); srv.Metrics.Conns.Stats().Open > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the connection is still open")
		}
	}
}
