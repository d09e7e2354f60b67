// What the reference promises beyond the tasks: what a file costs, and that the kernel
// sends it.

package static_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"barewire/solutions/03-headers-bodies"
	"barewire/solutions/04-keep-alive"
	"barewire/solutions/09-static-files"
)

// sized makes files of these sizes, called by them.
func sized(t testing.TB, sizes ...int) (dir string, files *static.Files) {
	t.Helper()
	dir = t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, size := range sizes {
		name := filepath.Join(dir, fmt.Sprint(size, ".txt"))
		if err := os.WriteFile(name, []byte(strings.Repeat("x", size)), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(name, old, old)
	}
	files, err := static.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return dir, files
}

// A sink is a ResponseWriter that counts.
type sink struct {
	header message.Header
	status int
	n      int
}

func (w *sink) Header() *message.Header     { return &w.header }
func (w *sink) WriteHeader(status int)      { w.status = status }
func (w *sink) Flush() error                { return nil }
func (w *sink) Write(p []byte) (int, error) { w.n += len(p); return len(p), nil }

// ReadFrom takes a file as a connection with sendfile would: without a buffer.
func (w *sink) ReadFrom(src io.Reader) (int64, error) {
	n := src.(*io.LimitedReader).N
	w.n += int(n)
	return n, nil
}

func parse(t testing.TB, text string) *keepalive.Request {
	t.Helper()
	var r keepalive.Request
	if _, err := r.Head.Parse([]byte(text), message.Limits{}); err != nil {
		t.Fatal(err)
	}
	r.Body = strings.NewReader("")
	return &r
}

// Parsers and rules cost no allocation for what most requests have.
func TestBudgetParsers(t *testing.T) {
	r := parse(t, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nIf-None-Match: \"x\", W/\"y\"\r\n\r\n")
	v := static.Validators{ETag: `"lq2w3e4r5t-2s"`}
	var buf [3]string
	path, value := []byte("/a/b/style.css"), []byte("bytes=0-499")
	for _, test := range []struct {
		name string
		want float64
		f    func()
	}{
		{"Name", 2, func() { static.Name(path) }},
		{"Hidden", 0, func() { static.Hidden("a/b/style.css") }},
		{"ContentType", 1, func() { static.ContentType("a/b/style.css") }},
		{"Check", 0, func() { static.Check("GET", &r.Header, v, time.Time{}) }},
		{"AppendAccepted", 0, func() { static.AppendAccepted(buf[:0], &r.Header, "br", "zstd", "gzip") }},
		{"ParseRange", 1, func() { static.ParseRange(value, 1000) }},
	} {
		if got := testing.AllocsPerRun(100, test.f); got > test.want {
			t.Errorf("%s: %.0f allocations, want %.0f", test.name, got, test.want)
		}
	}
}

// What one file costs that has to be looked up: most of it is package os, which makes a FileInfo and a File.
func TestBudgetFile(t *testing.T) {
	_, files := sized(t, 1000)
	files.Cache = nil // what it saves is in cache_test.go
	for _, test := range []struct {
		name, text string
		status     int
		want       float64
	}{
		{"whole", "GET /1000.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, 30},
		{"part", "GET /1000.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n", 206, 32},
		{"not modified", "GET /1000.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 304, 27},
	} {
		r := parse(t, test.text)
		w := &sink{}
		got := testing.AllocsPerRun(100, func() {
			w.header.Reset()
			files.ServeHTTP(w, r)
		})
		if w.status != test.status || got > test.want {
			t.Errorf("%s: status %d, %.0f allocations, want %d and at most %.0f", test.name, w.status, got, test.status, test.want)
		}
	}
}

// The content of a long file goes to the connection as a file, not as bytes: then the
// kernel can send it.
func TestBudgetKernel(t *testing.T) {
	const size = 8 << 20
	_, files := sized(t, size)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	counted := &counter{TCPConn: server.(*net.TCPConn)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&keepalive.Server{Handler: files}).ServeConn(context.Background(), counted)
	}()
	fmt.Fprintf(client, "GET /%d.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", size)
	n, err := io.Copy(io.Discard, client)
	<-done
	if err != nil || n < size || counted.fromFile != size || counted.written > 1000 {
		t.Errorf("%d bytes came, %v; %d were handed over as a file and %d as bytes, want %d and a head", n, err, counted.fromFile, counted.written, size)
	}
}

// A counter counts what is written to a connection, by the way it takes.
type counter struct {
	*net.TCPConn
	fromFile, written int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.written += int64(len(p))
	return c.TCPConn.Write(p)
}

func (c *counter) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if l, ok := src.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			c.fromFile += n
		}
	}
	return n, err
}

// connect serves one connection over TCP.
func connect(t testing.TB, h keepalive.Handler) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&keepalive.Server{Handler: h}).ServeConn(context.Background(), server)
	}()
	t.Cleanup(func() { client.Close(); <-done })
	return client
}

// connectNetHTTP is connect with Go's own server and its own files, which follow links out
// of the folder but are sent by the kernel as ours are.
func connectNetHTTP(t testing.TB, dir string) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.FileServer(http.Dir(dir))}
	go srv.Serve(ln)
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); srv.Close() })
	return client
}

// BenchmarkFile asks for one file again and again over one TCP connection.
func BenchmarkFile(b *testing.B) {
	sizes := []int{1 << 10, 100 << 10, 10 << 20}
	dir, files := sized(b, sizes...)
	for _, size := range sizes {
		for _, peer := range []string{"ours", "nethttp"} {
			b.Run(fmt.Sprintf("size=%d/impl=%s", size, peer), func(b *testing.B) {
				client := connect(b, files)
				if peer == "nethttp" {
					client = connectNetHTTP(b, dir)
				}
				ask := fmt.Appendf(nil, "GET /%d.txt HTTP/1.1\r\nHost: a\r\n\r\n", size)
				buf := make([]byte, 1<<20)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					client.Write(ask)
					exchange(b, client, buf, size)
				}
			})
		}
	}
}

// exchange reads one response with size bytes of content.
func exchange(b *testing.B, client net.Conn, buf []byte, size int) {
	b.Helper()
	got, head := 0, -1
	for head < 0 || got < head+size {
		n, err := client.Read(buf[min(got, len(buf)/2):])
		if err != nil {
			b.Fatal(err)
		}
		if head < 0 {
			if i := strings.Index(string(buf[:min(got+n, 2000)]), "\r\n\r\n"); i >= 0 {
				head = i + 4
			}
		}
		got += n
	}
}

func BenchmarkParseRange(b *testing.B) {
	for _, test := range []struct{ name, value string }{
		{"one", "bytes=0-499"}, {"many", "bytes=" + strings.Repeat("0-0,1000-1000,", 16)}, {"hostile", "bytes=" + strings.Repeat("0-,", 5000)},
	} {
		b.Run("value="+test.name, func(b *testing.B) {
			value := []byte(test.value)
			b.ReportAllocs()
			for b.Loop() {
				static.ParseRange(value, 10_000)
			}
		})
	}
}
