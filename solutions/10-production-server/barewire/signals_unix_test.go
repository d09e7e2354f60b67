//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"barewire/checker/testkit"
)

// signal sends a signal to the process.
func (p *program) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// code waits for the end of the process and returns its exit code.
func (p *program) code() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		testkit.Report{Want: "the end of the program", Got: "it still runs; on stderr " + p.stderr(), Why: "it has been told to end"}.Fatal(p.t)
	}
	return p.cmd.ProcessState.ExitCode()
}

// A talk is a request that has been accepted and waits for the rest of its content.
type talk struct {
	net.Conn
	r *bufio.Reader
}

// accepted sends half a request to a server that echoes, and returns when the handler
// has asked for the content.
func (p *program) accepted() *talk {
	p.t.Helper()
	c := &talk{Conn: p.dial()}
	c.r = bufio.NewReader(c)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if line, err := c.r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		testkit.Report{Want: "100 Continue", Got: fmt.Sprintf("%q, %v", line, err), Why: "the handler reads the content"}.Fatal(p.t)
	}
	c.r.ReadString('\n')
	return c
}

// finish sends the rest, describes the response, and waits for the end of the
// connection.
func (c *talk) finish() string {
	io.WriteString(c, "hello")
	got := response(c.r)
	if _, err := c.r.ReadByte(); err != io.EOF {
		got += ", then " + testkit.Symptom(err)
	}
	c.Close()
	return got
}

func TestTerminate(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p := begin(t, "echo", "-addr", "127.0.0.1:0")
			idle, busy := p.dial(), p.accepted()
			p.signal(sig)
			p.says("stopping")
			if n, err := idle.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				testkit.Report{Want: "the end of an idle connection", Got: fmt.Sprint(n, " bytes, ", err), Why: "nobody would miss it"}.Error(t)
			}
			p.await("the end of accepting", func() bool {
				nc, err := net.DialTimeout("tcp", p.addr, patience)
				if err == nil {
					nc.Close()
				}
				return err != nil
			})
			if got := busy.finish(); got != `200 "hello"` {
				testkit.Report{Want: `200 "hello"`, Got: got, Why: "a request that was accepted is answered, the last one on its connection"}.Error(t)
			}
			if code := p.code(); code != 0 {
				testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code, "; on stderr ", p.stderr()), Why: "it has ended as it was asked to"}.Error(t)
			}
		})
	}
}

func TestSecondSignal(t *testing.T) {
	p := begin(t, "echo", "-addr", "127.0.0.1:0")
	p.accepted()
	p.signal(syscall.SIGTERM)
	p.says("stopping")
	p.signal(syscall.SIGTERM)
	if code := p.code(); code != 1 {
		testkit.Report{Want: "exit code 1", Got: fmt.Sprint(code), Why: "whoever asks twice does not want to wait, and a request was cut off"}.Error(t)
	}
}

func TestShutdownTimeout(t *testing.T) {
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-shutdown-timeout", "100ms")
	p.accepted()
	p.signal(syscall.SIGTERM)
	p.says("1 connection cut off")
	if code := p.code(); code != 1 {
		testkit.Report{Want: "exit code 1", Got: fmt.Sprint(code), Why: "a request that was accepted was not answered, and somebody should know"}.Error(t)
	}
}

// A program that is handed over to has other settings, if the file has changed, and
// the same socket.
func TestHandOverSettings(t *testing.T) {
	config := file(t, "settings", "max-content = 5\n")
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-config", config)
	busy := p.accepted()
	six := "POST /\r\nContent-Length: 6\r\n\r\nsix...."[:len("POST /\r\nContent-Length: 6\r\n\r\n")+6]
	before := p.ask(six)
	if err := os.WriteFile(config, []byte("max-content = 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	next := p.next(1)
	defer next.end()
	after := p.ask(six)
	if before != "413" || after != `200 "six..."` {
		testkit.Report{Want: `413, then 200 "six..."`, Got: before + ", then " + after, Why: "SIGHUP is how a program is told of new settings"}.Error(t)
	}
	if got := busy.finish(); got != `200 "hello"` {
		testkit.Report{Want: `200 "hello"`, Got: got, Why: "what the old one has accepted it answers"}.Error(t)
	}
	if code := p.code(); code != 0 {
		testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code, "; on stderr ", p.stderr()), Why: "the old one has ended as it was asked to"}.Error(t)
	}
}

// A successor is a process that has been handed over to.
type successor struct {
	p   *program
	pid int
}

var handedOver = regexp.MustCompile(`handed over.* pid=(\d+)`)

// next waits until the program has handed over n times, and returns the last
// successor.
func (p *program) next(n int) *successor {
	p.t.Helper()
	var found [][]string
	p.await(fmt.Sprint(n, " times \"handed over\" on stderr"), func() bool {
		found = handedOver.FindAllStringSubmatch(p.stderr(), -1)
		return len(found) == n
	})
	pid, err := strconv.Atoi(found[n-1][1])
	if err != nil {
		p.t.Fatal(err)
	}
	s := &successor{p, pid}
	p.t.Cleanup(func() { s.signal(syscall.SIGKILL) })
	p.line("listening on http://" + p.addr)
	return s
}

// signal sends a signal to the successor, unless all have ended: then the number may
// be another process's.
func (s *successor) signal(sig syscall.Signal) {
	select {
	case <-s.p.gone:
	default:
		syscall.Kill(s.pid, sig)
	}
}

// end ends the successor, which must go in peace.
func (s *successor) end() {
	s.p.t.Helper()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.p.gone:
	case <-time.After(patience):
		testkit.Report{Want: "the end of the last process", Got: "it still runs; on stderr " + s.p.stderr(), Why: "it has been told to end"}.Error(s.p.t)
	}
	if log := s.p.stderr(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "DATA RACE") || strings.Contains(log, "barewire: server") {
		testkit.Report{Want: "no errors in the log", Got: log, Why: "nothing has gone wrong"}.Error(s.p.t)
	}
}

// A new process that cannot begin changes nothing.
func TestHandOverFails(t *testing.T) {
	config := file(t, "settings", "queue = 5\n")
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-config", config)
	if err := os.WriteFile(config, []byte("queue = long\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		p.signal(syscall.SIGHUP)
		p.await("another complaint about the settings", func() bool { return strings.Count(p.stderr(), "this one goes on") == n+1 })
		if got := p.ask("GET /"); got != `200 "OK"` {
			testkit.Report{Want: `200 "OK"`, Got: got, Why: "the old one goes on"}.Error(t)
		}
	}
	if !strings.Contains(p.stderr(), "settings:1: ") {
		testkit.Report{Want: "the line with the mistake", Got: p.stderr(), Why: "the new process has said what is wrong"}.Error(t)
	}
	p.signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code), Why: "as if nothing had been"}.Error(t)
	}
}

// A load is clients that send requests until they are told to stop.
type load struct {
	addr     string
	stop     chan struct{}
	wg       sync.WaitGroup
	requests atomic.Int64
	again    atomic.Int64 // sent once more, since an idle connection had been closed
	mu       sync.Mutex
	failures map[string]int
}

func (l *load) failed(how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures[how]++
}

// once sends a request with a connection of its own.
func (l *load) once() {
	nc, err := net.DialTimeout("tcp", l.addr, patience)
	if err != nil {
		l.failed("connect: " + testkit.Symptom(err))
		return
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		l.failed("send: " + testkit.Symptom(err))
		return
	}
	if got := response(bufio.NewReader(nc)); got != `200 "OK"` {
		l.failed(got)
	}
}

// stay sends requests on one connection for as long as it lasts. One on which at least
// one request was answered may be closed by the server while it is idle; a request that
// meets this is sent once more, on a new one (RFC 9112 §9.3.1).
func (l *load) stay() {
	var nc net.Conn
	var r *bufio.Reader
	for answered := 0; ; {
		select {
		case <-l.stop:
			if nc != nil {
				nc.Close()
			}
			return
		default:
		}
		if nc == nil {
			var err error
			if nc, err = net.DialTimeout("tcp", l.addr, patience); err != nil {
				l.failed("connect: " + testkit.Symptom(err))
				return
			}
			r, answered = bufio.NewReader(nc), 0
		}
		nc.SetDeadline(time.Now().Add(patience))
		_, sent := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		_, err := r.Peek(1)
		closed := sent != nil || err == io.EOF || errors.Is(err, syscall.ECONNRESET)
		if closed && answered > 0 {
			nc.Close()
			nc = nil
			l.again.Add(1)
			continue
		}
		var res *http.Response
		if err == nil {
			res, err = http.ReadResponse(r, nil)
		}
		if err != nil {
			l.failed(fmt.Sprintf("request %d on a connection: %s", answered+1, testkit.Symptom(err)))
			return
		}
		if text, err := io.ReadAll(res.Body); err != nil || string(text) != "OK" {
			l.failed(fmt.Sprintf("%s %q %v", res.Status, text, err))
		}
		l.requests.Add(1)
		if answered++; res.Close {
			nc.Close()
			nc = nil
		}
	}
}

// Two handovers under load: not one request is lost.
func TestHandOver(t *testing.T) {
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-admin-addr", "127.0.0.1:0", "-access-log", "off")
	admin := p.line("health and metrics on ")
	l := &load{addr: p.addr, stop: make(chan struct{}), failures: map[string]int{}}
	for range 3 {
		l.wg.Go(l.stay)
		l.wg.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
					l.once()
					l.requests.Add(1)
				}
			}
		})
	}
	progress := func(n int64) {
		t.Helper()
		target := l.requests.Load() + n
		p.await(fmt.Sprint(n, " more requests"), func() bool { return l.requests.Load() >= target })
	}
	progress(300)
	p.signal(syscall.SIGHUP)
	second := p.next(1)
	if line := p.line("health and metrics on "); line != admin {
		testkit.Report{Want: admin, Got: line, Why: "both sockets are handed over"}.Error(t)
	}
	if code := p.code(); code != 0 {
		testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code, "; on stderr ", p.stderr()), Why: "the first one has ended as it was asked to"}.Error(t)
	}
	progress(300)
	second.signal(syscall.SIGHUP)
	third := p.next(2)
	p.line("health and metrics on ")
	progress(300)
	close(l.stop)
	l.wg.Wait()
	third.end()
	if len(l.failures) > 0 {
		testkit.Report{Want: fmt.Sprintf("%d requests answered", l.requests.Load()), Got: fmt.Sprintf("failures: %v", l.failures), Why: "a new version is no reason to lose a request"}.Error(t)
	}
	t.Logf("%d requests, %d of them sent again", l.requests.Load(), l.again.Load())
}

// A few connections arrive while the new process starts, and none after that: the old
// one must end all the same. It could not, if an Accept of it had begun to block.
func TestHandOverQuiet(t *testing.T) {
	for round := range 20 {
		p := begin(t, "echo", "-addr", "127.0.0.1:0", "-access-log", "off", "-shutdown-timeout", "3s")
		l := &load{addr: p.addr, stop: make(chan struct{}), failures: map[string]int{}}
		p.signal(syscall.SIGHUP)
		for range 2 {
			l.wg.Go(func() {
				for range 2 * round {
					l.once()
				}
			})
		}
		l.wg.Wait()
		s := p.next(1)
		if code := p.code(); code != 0 || len(l.failures) > 0 {
			testkit.Report{Want: "exit code 0, and every request answered", Got: fmt.Sprintf("exit code %d, failures %v; on stderr %s", code, l.failures, p.stderr()),
				Why: "the old one has nothing more to do, and no client comes to wake it"}.Fatal(t)
		}
		s.end()
	}
}

// Nobody reads stderr: all requests are answered, as many lines are lost as there is no
// room for, and the log says so when it is read again. A program whose log is still not
// read ends when it is told to.
func TestLogThatNobodyReads(t *testing.T) {
	const requests = 500 // of 7 KB each in the log, of which the pipe and LogBuffer take less
	p := begin(t, "echo", "-addr", "127.0.0.1:0", "-access-log", "common")
	flood := func() {
		nc := p.dial()
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		r := bufio.NewReader(nc)
		for i := range requests {
			io.WriteString(nc, "GET /"+strings.Repeat("x", 7000)+" HTTP/1.1\r\nHost: a\r\n\r\n")
			if got := response(r); !strings.HasPrefix(got, "200") {
				testkit.Report{Want: fmt.Sprint(requests, " answers"), Got: fmt.Sprintf("%s, after %d", got, i), Why: "a log that nobody reads must not stop the server"}.Error(t)
				return
			}
		}
	}
	p.mu.Lock() // the reader of stderr stops
	flood()
	p.mu.Unlock()
	p.says("the log was not read, and lines are lost")
	p.mu.Lock()
	flood()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		p.mu.Unlock()
	case <-time.After(patience):
		p.mu.Unlock()
		testkit.Report{Want: "the end of the program", Got: "it still runs", Why: "it has been told to end"}.Fatal(t)
	}
	if code := p.code(); code != 0 {
		testkit.Report{Want: "exit code 0", Got: fmt.Sprint(code), Why: "it has ended as it was asked to"}.Error(t)
	}
}
