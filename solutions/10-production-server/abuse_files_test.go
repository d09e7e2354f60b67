//go:build unix

package server_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"barewire/solutions/09-static-files"
	"barewire/solutions/10-production-server"
)

// TestAbuse_LinkRace: whoever may change files below the root, and makes links out of
// them while they are asked for, gets nothing that is outside: not once in thousands of
// requests. (Whether a link is there is looked at in the system call that opens.)
func TestAbuse_LinkRace(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	const secret = "this is a secret"
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "page"), secret)
	write(filepath.Join(root, "file"), "public")
	write(filepath.Join(root, "real", "page"), "public")
	files, err := static.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	files.ErrorLog, files.Listing = slog.New(slog.DiscardHandler), true
	files.Cache = nil // every name is looked up
	cached := *files
	cached.Cache = &static.Cache{Fresh: time.Millisecond} // and here while others are being forgotten
	var stop atomic.Bool
	var swapping sync.WaitGroup
	swap := func(name string, to ...string) { // name is each of them in turn, and always there
		for i := 0; !stop.Load(); i++ {
			os.Remove(filepath.Join(root, name+".new"))
			if os.Symlink(to[i%len(to)], filepath.Join(root, name+".new")) == nil {
				os.Rename(filepath.Join(root, name+".new"), filepath.Join(root, name))
			}
		}
	}
	swapping.Go(func() { swap("link", "file", filepath.Join(outside, "page"), "../../"+filepath.Base(outside)+"/page") })
	swapping.Go(func() { swap("dir", "real", outside) })
	_, lookingUp := tapped(t, server.Config{Handler: files})
	_, believing := tapped(t, server.Config{Handler: &cached})
	served := 0
	for begun, run := time.Now(), believing; time.Since(begun) < time.Second; run = believing {
		if served%2 == 0 {
			run = lookingUp
		}
		c := &tap{more: getOf("/link") + getOf("/dir/page") + getOf("/dir/") + getOf("/dir/../link"), times: 25}
		run(c)
		text := c.answer.String()
		if served += strings.Count(text, "public"); strings.Contains(text, secret) {
			t.Errorf("what is outside the root was served: %q", text)
			break
		}
	}
	stop.Store(true)
	swapping.Wait()
	if t.Logf("%d requests got what is inside", served); served == 0 {
		t.Error("nothing was served")
	}
}

// TestAbuse_NoDescriptorForFile: a file that cannot be opened because there are no
// descriptors left is not "not found", which a proxy might remember, but 503; the
// request after it, when there are some again, gets the file.
func TestAbuse_NoDescriptorForFile(t *testing.T) {
	files := site(t, 1024)
	files.Cache = nil // it would have the file
	_, run := tapped(t, server.Config{Handler: files})
	answers := func() string {
		c := &tap{more: getOf("/page"), times: 1}
		run(c)
		return c.status()
	}
	if got := answers(); got != "200" {
		t.Fatalf("at first the answer is %s", got)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	none := limit
	none.Cur = 3 // below what is open: nothing more can be
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Skip(err)
	}
	got := answers()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if then := answers(); got != "503" || then != "200" {
		t.Errorf("without descriptors the answer is %s, want 503; then %s, want 200", got, then)
	}
}

// TestAbuse_SocketsWithoutDescriptors: the process runs out of descriptors with clients
// in the queue: the open connection is served meanwhile, and the others afterwards.
func TestAbuse_SocketsWithoutDescriptors(t *testing.T) {
	var log lockedBuffer
	_, addr := onSocket(t, server.Config{ErrorLog: slog.New(slog.NewTextHandler(&log, nil))})
	var clients []net.Conn
	for range 5 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		clients = append(clients, nc)
		if got := ask(nc, getOf("/short")); got != 200 {
			t.Fatalf("at first the answer is %d", got)
		}
	}
	// A socket for a new client is made while there still are descriptors, and
	// connected when there are none.
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Skip(err)
	}
	file := os.NewFile(uintptr(fd), "client")
	defer file.Close()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	none := limit
	none.Cur = 3
	to := &syscall.SockaddrInet4{Port: clients[0].RemoteAddr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Skip(err)
	}
	connected := syscall.Connect(fd, to)
	for end := time.Now().Add(3 * time.Second); !strings.Contains(log.String(), "accept") && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	got := ask(clients[0], getOf("/short"))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if connected != nil || got != 200 || !strings.Contains(log.String(), "too many open files") {
		t.Errorf("connect: %v; an open connection gets %d; the log says %q", connected, got, log.String())
	}
	if _, err := file.WriteString(getOf("/short")); err != nil {
		t.Fatal(err)
	}
	syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 3})
	answer := make([]byte, 12)
	if n, err := file.Read(answer); err != nil || string(answer[:n]) != "HTTP/1.1 200" {
		t.Errorf("who came without descriptors gets %q afterwards, and %v", answer[:n], err)
	}
}

// A lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(&b.buf)
}
