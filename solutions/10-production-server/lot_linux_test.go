package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/10-production-server"
)

// This file is for connections that are parked while they wait, on real sockets: what
// they cost, and that nothing is lost on the way in and out.

// eventually polls until something holds, for five seconds at most.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 5 s not yet: %s", what)
		}
	}
}

// both runs a test with parked connections and with a goroutine for each.
func both(t *testing.T, cfg server.Config, test func(t *testing.T, srv *server.Server, addr string), routes ...func(*server.Server)) {
	t.Helper()
	for _, cfg.Goroutines = range []bool{false, true} {
		t.Run(fmt.Sprintf("goroutines=%t", cfg.Goroutines), func(t *testing.T) {
			srv, addr := onSocket(t, cfg, routes...)
			test(t, srv, addr)
		})
	}
}

func dialTCP(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

// idle waits until n connections are open and all of them wait for a request.
func idle(t *testing.T, srv *server.Server, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d idle connections", n), func() bool {
		s := srv.Metrics.Conns.Stats()
		return s.Open == n && s.Idle == n
	})
}

// A plug is a client that is a descriptor only: it has no part in what is measured.
type plug int

func plugIn(t *testing.T, addr string) plug {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 10})
	plug(fd).connect(t, addr)
	return plug(fd)
}

func (p plug) connect(t *testing.T, addr string) {
	t.Helper()
	to, _ := net.ResolveTCPAddr("tcp", addr)
	if err := syscall.Connect(int(p), &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		t.Fatal(err)
	}
}

var shortRequest = []byte(getOf("/short"))

func (p plug) ask() bool {
	var answer [1024]byte
	syscall.Write(int(p), shortRequest)
	n, err := syscall.Read(int(p), answer[:])
	for err == syscall.EINTR { // Go's own signals, which a read with a time limit heeds
		n, err = syscall.Read(int(p), answer[:])
	}
	return err == nil && bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 200"))
}

// TestLot_Idle: a connection that waits for a request costs no goroutine, whether it has
// had one or not, and after a while less than 1.5 KiB of heap.
func TestLot_Idle(t *testing.T) {
	const few, many = 200, 2000
	srv, addr := onSocket(t, server.Config{MaxConns: 2 * many})
	for range 20 {
		plugIn(t, addr).ask() // workers are there
	}
	idle(t, srv, 20)
	before := runtime.NumGoroutine()
	all := make([]plug, many)
	for i := range few {
		if all[i] = plugIn(t, addr); i%2 == 0 && !all[i].ask() {
			t.Fatal("no answer")
		}
	}
	eventually(t, "no goroutine for an idle connection", func() bool { return runtime.NumGoroutine() <= before+5 })

	var start, end runtime.MemStats
	eventually(t, "200 connections without their buffers", func() bool {
		runtime.GC()
		runtime.ReadMemStats(&start)
		return start.HeapAlloc < 8<<20 && srv.Metrics.Conns.Stats().Idle == few+20
	})
	for i := few; i < many; i++ {
		if all[i] = plugIn(t, addr); !all[i].ask() {
			t.Fatal("no answer")
		}
	}
	idle(t, srv, many+20)
	const limit = 1536
	eventually(t, "less than 1.5 KiB for each idle connection", func() bool {
		runtime.GC()
		runtime.ReadMemStats(&end)
		return int64(end.HeapAlloc)-int64(start.HeapAlloc) < limit*(many-few)
	})
	t.Logf("%d bytes each", (int64(end.HeapAlloc)-int64(start.HeapAlloc))/(many-few))
	for i, p := range all {
		if !p.ask() {
			t.Fatalf("connection %d: no answer after it was idle", i)
		}
	}
}

// TestLot_Wake: connections that are asked all at once are all answered, again and again.
func TestLot_Wake(t *testing.T) {
	const crowd = 1000
	both(t, server.Config{MaxConns: 2 * crowd, Queue: 2 * crowd}, func(t *testing.T, srv *server.Server, addr string) {
		var all []plug
		for range crowd {
			all = append(all, plugIn(t, addr))
		}
		for round := range 3 {
			idle(t, srv, crowd)
			for _, p := range all {
				syscall.Write(int(p), shortRequest)
			}
			for i, p := range all {
				var answer [1024]byte
				if n, err := syscall.Read(int(p), answer[:]); err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 200")) {
					t.Fatalf("round %d, connection %d: %q, %v", round, i, answer[:max(n, 0)], err)
				}
			}
		}
	})
}

// TestLot_Bytes: requests that come byte by byte, and several in one piece, are answered
// one after another, on a connection that is parked between them.
func TestLot_Bytes(t *testing.T) {
	post := "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
	both(t, server.Config{}, func(t *testing.T, srv *server.Server, addr string) {
		nc := dialTCP(t, addr)
		nc.SetNoDelay(true)
		answers := bufio.NewReader(nc)
		expect := func(how string, n int) {
			t.Helper()
			for range n {
				res, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				io.Copy(io.Discard, res.Body)
				if res.StatusCode != 200 {
					t.Fatalf("%s: %s", how, res.Status)
				}
			}
			idle(t, srv, 1)
		}
		for range 3 {
			for _, b := range []byte(post + getOf("/short")) {
				nc.Write([]byte{b})
				if rand.IntN(8) == 0 {
					runtime.Gosched()
				}
			}
			expect("byte by byte", 2)
			io.WriteString(nc, strings.Repeat(post, 50))
			expect("fifty at once", 50)
			for _, cut := range []int{1, 4, len(post) - 11, len(post) - 10, len(post) - 1} {
				io.WriteString(nc, post[:cut])
				eventually(t, "the beginning has been read", func() bool { return srv.Metrics.Conns.Stats().Idle == 0 })
				io.WriteString(nc, post[cut:])
				expect(fmt.Sprintf("cut at %d", cut), 1)
			}
		}
	})
}

// TestLot_Ends: however a client leaves, at whatever moment, its connection is closed and
// its descriptor given back; who has only closed its own side gets its answer.
func TestLot_Ends(t *testing.T) {
	for _, r := range []struct {
		name string
		end  func(t *testing.T, nc *net.TCPConn) string // what came from the server
		want string
	}{
		{"closed while it is parked", func(t *testing.T, nc *net.TCPConn) string { nc.Close(); return "" }, ""},
		{"half-closed while it is parked", func(t *testing.T, nc *net.TCPConn) string { nc.CloseWrite(); return statuses(nc) }, "no answer"},
		{"reset while it is parked", func(t *testing.T, nc *net.TCPConn) string { nc.SetLinger(0); nc.Close(); return "" }, ""},
		{"half-closed with a request", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, getOf("/short"))
			nc.CloseWrite()
			return statuses(nc)
		}, "200"},
		{"half-closed with three", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, strings.Repeat(getOf("/short"), 3))
			nc.CloseWrite()
			return statuses(nc)
		}, "200, 200, 200"},
		{"half-closed in a request", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, "GET /sh")
			nc.CloseWrite()
			return statuses(nc)
		}, "400"},
		{"half-closed in the content", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
			nc.CloseWrite()
			return statuses(nc)
		}, "400"},
		{"reset in a request", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, "GET /sh")
			nc.SetLinger(0)
			nc.Close()
			return ""
		}, ""},
		{"reset with its answer unread", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, getOf("/long"))
			nc.Read(make([]byte, 10))
			nc.SetLinger(0)
			nc.Close()
			return ""
		}, ""},
		{"refused, and still sending", func(t *testing.T, nc *net.TCPConn) string {
			io.WriteString(nc, "nonsense\r\n\r\n"+strings.Repeat("x", 100<<10))
			return statuses(nc)
		}, "400"},
	} {
		t.Run(r.name, func(t *testing.T) {
			both(t, server.Config{}, func(t *testing.T, srv *server.Server, addr string) {
				before := measure()
				for _, warm := range []bool{false, true} {
					nc := dialTCP(t, addr)
					if warm && ask(nc, getOf("/short")) != 200 {
						t.Fatal("no answer")
					}
					idle(t, srv, 1)
					if got := r.end(t, nc); got != r.want {
						t.Errorf("with a request before: %t; got %s, want %s", warm, got, r.want)
					}
					nc.Close()
					idle(t, srv, 0)
				}
				eventually(t, "no descriptor is left", func() bool { return measure().files <= before.files })
			})
		})
	}
}

// TestLot_Times: a connection that is parked ends when its time is over, and the head of
// a first request has HeaderTimeout in all, whenever its first byte came.
func TestLot_Times(t *testing.T) {
	const header, idleFor = 600 * time.Millisecond, 300 * time.Millisecond
	both(t, server.Config{HeaderTimeout: header, IdleTimeout: idleFor}, func(t *testing.T, srv *server.Server, addr string) {
		ends := func(begun time.Time, nc net.Conn) (time.Duration, string) {
			got := statuses(nc)
			return time.Since(begun), got
		}
		if took, got := ends(time.Now(), dialTCP(t, addr)); got != "no answer" || took < header*9/10 || took > 3*header {
			t.Errorf("a silent connection got %s after %v; HeaderTimeout is %v", got, took, header)
		}
		nc, begun := dialTCP(t, addr), time.Now()
		if ask(nc, getOf("/short")) != 200 {
			t.Fatal("no answer")
		}
		if took, got := ends(begun, nc); got != "no answer" || took < idleFor*9/10 || took > 5*idleFor {
			t.Errorf("an idle connection got %s after %v; IdleTimeout is %v", got, took, idleFor)
		}
	})
	// The sooner its first byte came, the more of the second wait would be left.
	const long = 2 * time.Second
	both(t, server.Config{HeaderTimeout: long}, func(t *testing.T, srv *server.Server, addr string) {
		nc, begun := dialTCP(t, addr), time.Now()
		idle(t, srv, 1)
		time.AfterFunc(long*3/4, func() { io.WriteString(nc, "GET / HT") })
		if got, took := statuses(nc), time.Since(begun); got != "408" || took > long*3/2 {
			t.Errorf("half a head that began late: %s after %v; HeaderTimeout is %v", got, took, long)
		}
	})
}

// TestLot_Room: on a full server the connections that are parked make room, and no
// request of those that are not is lost.
func TestLot_Room(t *testing.T) {
	const room = 20
	both(t, server.Config{MaxConns: room}, func(t *testing.T, srv *server.Server, addr string) {
		for range room {
			dialTCP(t, addr)
		}
		idle(t, srv, room)
		for i := range 2 * room {
			nc := dialTCP(t, addr)
			if got := ask(nc, getOf("/short")); got != 200 {
				t.Fatalf("newcomer %d: %d", i, got)
			}
			if open := srv.Metrics.Conns.Stats().Open; open > room {
				t.Fatalf("%d are open, and MaxConns is %d", open, room)
			}
		}
		if s := srv.Metrics.Conns.Stats(); s.Dropped < room {
			t.Errorf("%d made room for %d", s.Dropped, 2*room)
		}
	})
}

// stoppable is a server that the test shuts down.
func stoppable(t *testing.T, cfg server.Config) (srv *server.Server, addr string, release chan struct{}, served chan error) {
	t.Helper()
	srv, release = target(t, cfg)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served = make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	return srv, ln.Addr().String(), release, served
}

// TestLot_Shutdown: connections that are parked end within a moment, one that has never
// had a request gets it answered, and nothing of the server is left.
func TestLot_Shutdown(t *testing.T) {
	for _, goroutines := range []bool{false, true} {
		t.Run(fmt.Sprintf("goroutines=%t", goroutines), func(t *testing.T) {
			before := measure()
			srv, addr, release, served := stoppable(t, server.Config{Goroutines: goroutines})
			var used []*net.TCPConn
			for range 20 {
				nc := dialTCP(t, addr)
				if ask(nc, getOf("/short")) != 200 {
					t.Fatal("no answer")
				}
				used = append(used, nc)
			}
			fresh, stuck := dialTCP(t, addr), dialTCP(t, addr)
			io.WriteString(stuck, getOf("/stuck"))
			eventually(t, "21 idle and one stuck", func() bool {
				s := srv.Metrics.Conns.Stats()
				return s.Idle == 21 && s.Open == 22
			})
			begun := time.Now()
			stopped := make(chan error, 1)
			go func() { stopped <- srv.Shutdown(context.Background()) }()
			for i, nc := range used {
				if got := statuses(nc); got != "no answer" {
					t.Errorf("connection %d got %s", i, got)
				}
			}
			if took := time.Since(begun); took > time.Second { // for a busy machine
				t.Errorf("idle connections end after %v, and have 50 ms", took)
			}
			if got := fmt.Sprint(ask(fresh, getOf("/short"))); got != "200" {
				t.Errorf("a connection that was never used got %s", got)
			}
			select {
			case err := <-stopped:
				t.Fatalf("Shutdown returned %v, and a request is in progress", err)
			default:
			}
			close(release)
			if got := statuses(stuck); got != "200" {
				t.Errorf("the request in progress got %s", got)
			}
			if err := <-stopped; err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if open := srv.Metrics.Conns.Stats().Open; open != 0 {
				t.Errorf("%d connections are open after Shutdown", open)
			}
			if err := <-served; !errors.Is(err, server.ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
			for _, nc := range append(used, fresh, stuck) {
				nc.Close()
			}
			eventually(t, "nothing is left", func() bool {
				after := measure()
				return after.goroutines <= before.goroutines && after.files <= before.files
			})
		})
	}
}

// TestLot_ShutdownInTime: a Shutdown whose time is over closes what is left at once: what
// is parked, what waits for content, what cannot be sent, and what a handler holds.
func TestLot_ShutdownInTime(t *testing.T) {
	for _, goroutines := range []bool{false, true} {
		t.Run(fmt.Sprintf("goroutines=%t", goroutines), func(t *testing.T) {
			before := measure()
			srv, addr, release, served := stoppable(t, server.Config{Goroutines: goroutines})
			var all []*net.TCPConn
			for _, text := range []string{"", getOf("/stuck"), "GET /", "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", strings.Repeat(getOf("/long"), 20)} {
				nc := dialTCP(t, addr)
				io.WriteString(nc, text)
				all = append(all, nc)
			}
			eventually(t, "all but one are busy", func() bool {
				s := srv.Metrics.Conns.Stats()
				return s.Open == 5 && s.Idle == 1
			})
			over, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			var cut *server.CutError
			if err := srv.Shutdown(over); !errors.As(err, &cut) || cut.Connections != 5 {
				t.Errorf("Shutdown: %v, want 5 connections cut", err)
			}
			for i, nc := range all {
				if _, err := io.Copy(io.Discard, nc); errors.Is(err, syscall.ETIMEDOUT) || isTimeout(err) {
					t.Errorf("connection %d stays open: %v", i, err)
				}
				nc.Close()
			}
			close(release)
			<-served
			eventually(t, "nothing is left", func() bool {
				after := measure()
				return after.goroutines <= before.goroutines && after.files <= before.files && srv.Metrics.Conns.Stats().Open == 0
			})
		})
	}
}

func isTimeout(err error) bool {
	var fault net.Error
	return errors.As(err, &fault) && fault.Timeout()
}

// TestLot_Upgrade: a connection that was parked before another protocol takes it over
// reads and writes from two goroutines, has no deadline, keeps what came behind the
// head, and gives its descriptors back.
func TestLot_Upgrade(t *testing.T) {
	route := func(srv *server.Server) {
		srv.HandleFunc("GET /echo", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Upgrade(w, r, "echo", func(_ context.Context, nc net.Conn) {
				lines := make(chan string, 100)
				go func() {
					defer close(lines)
					for s := bufio.NewScanner(nc); s.Scan(); {
						lines <- s.Text()
					}
				}()
				for l := range lines {
					io.WriteString(nc, l+"\n")
				}
			})
		})
		srv.HandleFunc("GET /woken", func(w keepalive.ResponseWriter, r *keepalive.Request) {
			keepalive.Upgrade(w, r, "woken", func(_ context.Context, nc net.Conn) {
				time.AfterFunc(20*time.Millisecond, func() { nc.SetReadDeadline(time.Unix(1, 0)) })
				if _, err := nc.Read(make([]byte, 1)); isTimeout(err) {
					io.WriteString(nc, "woken")
				}
			})
		})
	}
	const limit = 500 * time.Millisecond // a test that waits for the processor must not be cut off
	both(t, server.Config{IdleTimeout: limit, BodyTimeout: limit, HeaderTimeout: limit}, func(t *testing.T, srv *server.Server, addr string) {
		before := measure()
		for n := range 10 {
			nc := dialTCP(t, addr)
			if ask(nc, getOf("/short")) != 200 {
				t.Fatal("no answer")
			}
			idle(t, srv, 1)
			io.WriteString(nc, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nbehind the head\n")
			r := bufio.NewReader(nc)
			if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 101 {
				t.Fatal(res, err)
			}
			if line, _ := r.ReadString('\n'); line != "behind the head\n" {
				t.Fatalf("%q came back", line)
			}
			if n == 5 { // longer than any timeout of HTTP
				time.Sleep(limit * 3 / 2)
			}
			for i := range 100 {
				fmt.Fprintf(nc, "line %d\n", i)
			}
			for i := range 100 {
				if line, err := r.ReadString('\n'); line != fmt.Sprintf("line %d\n", i) {
					t.Fatalf("line %d: %q, %v", i, line, err)
				}
			}
			nc.Close()
			idle(t, srv, 0)
		}
		nc := dialTCP(t, addr)
		io.WriteString(nc, "GET /woken HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: woken\r\n\r\n")
		if all, err := io.ReadAll(nc); err != nil || !bytes.HasSuffix(all, []byte("\r\n\r\nwoken")) {
			t.Errorf("a Read that waits hears of another goroutine's deadline, and the end of talk is the end: %q, %v", all, err)
		}
		nc.Close()
		eventually(t, "no descriptor is left", func() bool { return measure().files <= before.files })
	}, route)
}

// TestLot_Descriptors: a server that is out of descriptors accepts when there are some,
// those too that came meanwhile.
func TestLot_Descriptors(t *testing.T) {
	both(t, server.Config{}, func(t *testing.T, srv *server.Server, addr string) {
		if !plugIn(t, addr).ask() {
			t.Fatal("no answer")
		}
		var waiting []plug
		for range 5 {
			fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { syscall.Close(fd) })
			syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 10})
			waiting = append(waiting, plug(fd))
		}
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		none := limit
		none.Cur = 1
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
			t.Fatal(err)
		}
		restore := sync.OnceFunc(func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) })
		defer restore()
		for _, p := range waiting {
			p.connect(t, addr)
		}
		time.Sleep(30 * time.Millisecond) // Accept fails a few times
		if n := srv.Metrics.Conns.Stats().Accepted; n != 1 {
			t.Errorf("%d were accepted without a descriptor", n-1)
		}
		restore()
		for i, p := range waiting {
			if !p.ask() {
				t.Errorf("client %d got no answer", i)
			}
		}
	})
}

// TestLot_Kills: while clients are cut off at random moments, in whatever they do, every
// request of the others is answered, and nothing is left.
func TestLot_Kills(t *testing.T) {
	both(t, server.Config{MaxConns: 200, WriteTimeout: time.Second, BodyTimeout: time.Second}, func(t *testing.T, srv *server.Server, addr string) {
		before := measure()
		end := time.Now().Add(time.Second)
		var clients sync.WaitGroup
		var good atomic.Int64
		for range 4 {
			nc := dialTCP(t, addr)
			clients.Go(func() {
				r := bufio.NewReader(nc)
				for time.Now().Before(end) {
					io.WriteString(nc, getOf([]string{"/short", "/sized"}[rand.IntN(2)]))
					res, err := http.ReadResponse(r, nil)
					if err == nil {
						_, err = io.Copy(io.Discard, res.Body)
					}
					if err != nil || res.StatusCode != 200 {
						t.Errorf("a polite request: %v, %v", res, err)
						return
					}
					good.Add(1)
				}
				nc.Close()
			})
		}
		texts := []string{"", getOf("/short"), strings.Repeat(getOf("/short"), 20), getOf("/long"), "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n", "GET ", "nonsense\r\n\r\nmore"}
		for range 8 {
			clients.Go(func() {
				for time.Now().Before(end) {
					nc, err := net.Dial("tcp", addr)
					if err != nil {
						continue
					}
					io.WriteString(nc, texts[rand.IntN(len(texts))])
					nc.SetReadDeadline(time.Now().Add(time.Duration(rand.IntN(2000)) * time.Microsecond))
					nc.Read(make([]byte, 100))
					switch rand.IntN(3) {
					case 0:
						nc.(*net.TCPConn).SetLinger(0)
					case 1:
						nc.(*net.TCPConn).CloseWrite()
						nc.Read(make([]byte, 100))
					}
					nc.Close()
				}
			})
		}
		clients.Wait()
		if good.Load() == 0 {
			t.Error("no request was answered")
		}
		idle(t, srv, 0)
		eventually(t, "no descriptor is left", func() bool { return measure().files <= before.files })
	})
}

// TestLot_SlowReader: a client that reads slowly, with little room, gets all of it: what
// was written and what the kernel took from a file.
func TestLot_SlowReader(t *testing.T) {
	const size, times = 1 << 20, 8
	files := site(t, size)
	both(t, server.Config{WriteTimeout: 2 * time.Second}, func(t *testing.T, srv *server.Server, addr string) {
		small := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
		}}
		for _, path := range []string{"/sized", "/page"} {
			nc, err := small.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(20 * time.Second))
			idle(t, srv, 1)
			io.WriteString(nc, strings.Repeat(getOf(path), times))
			r := bufio.NewReader(nc)
			for i := range times {
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatalf("%s, response %d: %v", path, i, err)
				}
				if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
					t.Fatalf("%s, response %d: %d bytes, %v", path, i, n, err)
				}
			}
			nc.Close()
			idle(t, srv, 0)
		}
	}, func(srv *server.Server) { srv.Handle("GET /page", files) })
}

// TestLot_Log: a panic of a handler costs its connection and no more, and so does one of
// the log, which nobody below has caught.
func TestLot_Log(t *testing.T) {
	var log lockedBuffer
	broken := func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			if r.Fault != nil {
				panic("the log is broken")
			}
			next.ServeHTTP(w, r)
		})
	}
	both(t, server.Config{AccessLog: broken, ErrorLog: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, srv *server.Server, addr string) {
		nc := dialTCP(t, addr)
		for range 3 { // a handler that panics costs its connection and no more
			broken := dialTCP(t, addr)
			if got := ask(broken, getOf("/panic")); got != 500 {
				t.Errorf("a panic is answered with %d", got)
			}
			broken.Close()
		}
		if got := ask(nc, getOf("/short")); got != 200 {
			t.Errorf("another connection got %d", got)
		}
		nc.Close()
		if got := statuses(sent(dialTCP(t, addr), "nonsense\r\n\r\n")); got != "no answer" && got != "400" {
			t.Errorf("what the log has panicked of is answered with %s", got)
		}
		idle(t, srv, 0)
	}, func(srv *server.Server) {
		srv.HandleFunc("GET /panic", func(w keepalive.ResponseWriter, r *keepalive.Request) { panic("at once") })
	})
	if n := strings.Count(log.String(), "the log is broken"); n < 2 {
		t.Errorf("%d of 2 panics are logged: %s", n, log.String())
	}
}

func sent(nc net.Conn, text string) net.Conn { io.WriteString(nc, text); return nc }
