//go:build unix

package runs_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long the server may take for anything.
const patience = 30 * time.Second

// A log is what a process and those that it hands over to have written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// follow reads r until it ends.
func (l *log) follow(r io.Reader, done chan<- struct{}) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		l.mu.Lock()
		l.text.WriteString(lines.Text() + "\n")
		l.mu.Unlock()
	}
	close(done)
}

// wait returns what a pattern finds in the log, once it does.
func (l *log) wait(t *testing.T, pattern string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		found := regexp.MustCompile(pattern).FindStringSubmatch(l.text.String())
		l.mu.Unlock()
		if found != nil {
			return found[1]
		}
	}
	t.Fatalf("%s is not in the log:\n%s", pattern, l.text.String())
	return ""
}

// server is an operator's session: docs/manual.md shows it.
func (s *scratch) server() {
	t := s.t
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: apt-get install curl")
	}
	if out, status := s.run("go build -o ../bin/barewire ./solutions/10-production-server/barewire"); status != 0 {
		t.Fatal(out)
	}
	bin := filepath.Join(s.dir, "bin")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s.step("manual-config.txt", "barewire -print-config", 0)
	s.step("manual-wrong.txt", "barewire -max-conns -1 -key key.pem -rate 5", 2)

	s.write("barewire/site/index.html", []byte("<!doctype html>\n<title>Hello</title>\n<p>Every byte of this came through code that you can read.\n"))
	// "barewire -root site -admin-addr 127.0.0.1:9090", but with ports that are free.
	cmd := exec.Command(filepath.Join(bin, "barewire"), "-root", "site", "-admin-addr", "127.0.0.1:0", "-addr", "127.0.0.1:0")
	cmd.Dir, cmd.Env = s.repo, environment()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var l log
	over := make(chan struct{})
	go l.follow(r, over)
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })

	port, admin := l.wait(t, `listening on http://127\.0\.0\.1:(\d+)`), l.wait(t, `metrics on http://127\.0\.0\.1:(\d+)`)
	ask := func(file, command string) {
		t.Helper()
		out, status := s.run(strings.NewReplacer(":8080", ":"+port, ":9090", ":"+admin).Replace(command))
		if status != 0 {
			t.Fatalf("%s: exit status %d\n%s", command, status, out)
		}
		golden(t, file, stable(strings.ReplaceAll(out, "\r\n", "\n")))
	}
	ask("manual-get.txt", "curl -si http://127.0.0.1:8080/")
	l.wait(t, `(method=GET)`)
	time.Sleep(100 * time.Millisecond) // for the connection to end
	ask("manual-health.txt", "curl -si http://127.0.0.1:9090/healthz")
	ask("manual-metrics.txt", "curl -s http://127.0.0.1:9090/metrics")

	cmd.Process.Signal(syscall.SIGHUP)
	next, err := strconv.Atoi(l.wait(t, `handed over" pid=(\d+)`))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	heir, err := os.FindProcess(next)
	if err != nil {
		t.Fatal(err)
	}
	heir.Signal(syscall.SIGTERM)
	select {
	case <-over:
	case <-time.After(patience):
		heir.Kill()
		t.Error("the new process has not ended")
	}
	golden(t, "manual-log.txt", stable(l.text.String()))
}
