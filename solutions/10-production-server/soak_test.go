package server_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/09-static-files"
	"barewire/solutions/10-production-server"
)

var soakTime = flag.Duration("soak", 2*time.Second, "how long TestSoak lasts, with parked connections and then with a goroutine for each")

// TestSoak serves polite clients for a while with hostile ones beside them: none of
// the polite ones' requests may fail, and when everybody has gone, nothing of them may
// be left. Run it for long with
//
//	go test ./solutions/10-production-server -run Soak -soak 10m -timeout 25m -v
func TestSoak(t *testing.T) {
	for _, goroutines := range []bool{false, true} {
		t.Run(fmt.Sprintf("goroutines=%t", goroutines), func(t *testing.T) { soakOnce(t, goroutines) })
	}
}

func soakOnce(t *testing.T, goroutines bool) {
	dir := t.TempDir()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	if err := os.WriteFile(filepath.Join(dir, "big.bin"), big, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := static.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	srv, err := server.New(server.Config{
		MaxConns: 70, HeaderTimeout: time.Second, IdleTimeout: 3 * time.Second, BodyTimeout: time.Second, WriteTimeout: 2 * time.Second,
		MaxWorkers: 64, Queue: 256, RequestID: true, SecurityHeaders: true, Compress: true, Goroutines: goroutines, ErrorLog: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Handle("GET /files/", &static.Files{Root: files.Root, Prefix: "/files"})
	srv.HandleFunc("POST /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) { io.Copy(w, r.Body) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before := measure()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	s := &soak{addr: ln.Addr().String(), big: big, end: time.Now().Add(*soakTime)}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(s.polite)
	}
	for _, hostile := range []func(net.Conn){s.silent, s.slowHead, s.slowBody, s.slowReader, s.garbage, s.deaf, s.halfBody} {
		for range 12 {
			clients.Go(func() { s.again(hostile) })
		}
	}
	var table []usage
	for range 10 {
		time.Sleep(*soakTime / 10)
		table = append(table, measure())
	}
	clients.Wait()
	shutdown, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := srv.Shutdown(shutdown); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	<-served
	after := measure()
	for end := time.Now().Add(5 * time.Second); after.goroutines > before.goroutines+2 && time.Now().Before(end); after = measure() {
		time.Sleep(20 * time.Millisecond)
	}
	stats := srv.Metrics.Conns.Stats()
	t.Logf("%d polite requests, %d failed, %d to be sent again; %d hostile connections; accepted %d, dropped %d", s.good.Load(), s.bad.Load(), s.sentAgain.Load(), s.hostile.Load(), stats.Accepted, stats.Dropped)
	t.Logf("before %v", before)
	for i, u := range table {
		t.Logf("%3d %%  %v", (i+1)*10, u)
	}
	t.Logf("after  %v", after)
	if s.bad.Load() > 0 || s.good.Load() == 0 {
		t.Errorf("%d polite requests failed of %d; the first: %v", s.bad.Load(), s.good.Load()+s.bad.Load(), s.first.Load())
	}
	if stats.Open != 0 || after.goroutines > before.goroutines+2 || after.files > before.files+2 {
		t.Errorf("left behind: %d connections; goroutines and files were %v and are %v", stats.Open, before, after)
	}
	if early, late := middle(table[1:5]), middle(table[6:]); late > early*3/2+16<<20 {
		t.Errorf("memory grows: %d MiB early, %d MiB late", early>>20, late>>20)
	}
}

// A usage is what the process uses at one moment.
type usage struct {
	goroutines, files int
	memory            uint64 // of the heap, in bytes
}

func (u usage) String() string {
	return fmt.Sprintf("%4d goroutines  %4d files  %3d MiB", u.goroutines, u.files, u.memory>>20)
}

func measure() usage {
	startPoller()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd") // elsewhere than on Linux they are not counted
	return usage{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}

// startPoller has the runtime open the descriptors that it keeps for itself from the first
// connection on. A test that runs alone would take them for left behind.
var startPoller = sync.OnceFunc(func() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close()
	}
})

func middle(us []usage) uint64 {
	var all []uint64
	for _, u := range us {
		all = append(all, u.memory)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// A soak is the clients.
type soak struct {
	addr                          string
	big                           []byte
	end                           time.Time
	good, bad, sentAgain, hostile atomic.Int64
	first                         atomic.Value // string: what went wrong first
}

func (s *soak) on() bool { return time.Now().Before(s.end) }

func (s *soak) fail(format string, args ...any) {
	s.bad.Add(1)
	s.first.CompareAndSwap(nil, fmt.Sprintf(format, args...))
}

// polite sends good requests of several kinds, and looks at every answer.
func (s *soak) polite() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	for s.on() {
		n, from := 1+rand.IntN(60_000), rand.IntN(len(s.big)-70_000)
		content := s.big[from : from+n]
		var want []byte
		var req *http.Request
		switch rand.IntN(4) {
		case 0: // with a length
			req, _ = http.NewRequest("POST", "http://"+s.addr+"/echo", bytes.NewReader(content))
			want = content
		case 1: // chunked
			req, _ = http.NewRequest("POST", "http://"+s.addr+"/echo", onlyReader{bytes.NewReader(content)})
			want = content
		case 2: // a range of a file
			req, _ = http.NewRequest("GET", "http://"+s.addr+"/files/big.bin", nil)
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+n-1))
			want = content
		case 3: // nothing there
			req, _ = http.NewRequest("GET", "http://"+s.addr+"/nothing", nil)
			want = []byte("404 Not Found\n")
		}
		res, err := client.Do(req)
		if err != nil {
			if req.Method == "POST" && (strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "reset") || strings.Contains(err.Error(), "broken pipe") || strings.Contains(err.Error(), "server closed idle")) {
				s.sentAgain.Add(1)
				continue // an idle connection was closed: net/http does not send a POST again by itself
			}
			s.fail("%s %s: %v", req.Method, req.URL, err)
			continue
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err != nil:
			s.fail("%s %s: %v after %d bytes", req.Method, req.URL, err, len(got))
		case !bytes.Equal(got, want):
			s.fail("%s %s: status %d, %d bytes, want these %d", req.Method, req.URL, res.StatusCode, len(got), len(want))
		default:
			s.good.Add(1)
		}
	}
}

type onlyReader struct{ io.Reader }

// again connects a hostile client again and again.
func (s *soak) again(talk func(net.Conn)) {
	for s.on() {
		nc, err := net.DialTimeout("tcp", s.addr, time.Second)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.hostile.Add(1)
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		talk(nc)
		nc.Close()
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
}

// drip sends text one byte at a time until the server has had enough.
func (s *soak) drip(nc net.Conn, text string) {
	for i := range len(text) {
		if _, err := nc.Write([]byte{text[i]}); err != nil || !s.on() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *soak) silent(nc net.Conn) { io.Copy(io.Discard, nc) }
func (s *soak) slowHead(nc net.Conn) {
	s.drip(nc, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("y", 1000))
}

func (s *soak) slowBody(nc net.Conn) {
	io.WriteString(nc, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
	s.drip(nc, strings.Repeat("z", 1000))
}

// slowReader asks for a large file, and reads almost nothing of it.
func (s *soak) slowReader(nc net.Conn) {
	io.WriteString(nc, "GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
	for range 100 {
		if _, err := nc.Read(make([]byte, 10)); err != nil || !s.on() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *soak) garbage(nc net.Conn) {
	junk := make([]byte, rand.IntN(5000))
	for i := range junk {
		junk[i] = byte(rand.Uint32())
	}
	nc.Write(junk)
	if tcp, ok := nc.(*net.TCPConn); ok && rand.IntN(2) == 0 {
		tcp.SetLinger(0) // a reset
		return
	}
	io.Copy(io.Discard, nc)
}

// deaf sends requests as fast as it can and never reads.
func (s *soak) deaf(nc net.Conn) {
	requests := strings.Repeat("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 1000)
	for range 20 {
		if _, err := io.WriteString(nc, requests); err != nil {
			return
		}
	}
	time.Sleep(time.Second)
}

// halfBody leaves in the middle of its content.
func (s *soak) halfBody(nc net.Conn) {
	io.WriteString(nc, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc")
	if tcp, ok := nc.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
	bufio.NewReader(nc).ReadString('\n')
}
