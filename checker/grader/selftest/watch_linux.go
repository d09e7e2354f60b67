package selftest

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A watch has what no submission may touch, and finds out whether one did.
type watch struct {
	dir    string // what is handed in, and the canaries
	mine   string // the grader's folder
	cache  string
	secret string // in every canary
	mark   string // in the name of all that an attack makes

	tcp, abstract, socket net.Listener
	port, free            int
	asked                 atomic.Int64
	group                 sync.WaitGroup
	stop                  chan struct{}
	found                 chan string // what was seen meanwhile

	before  []string          // in the grader's folder
	entries map[string]string // of the warm cache
}

// theEnv is a variable of the checker's that no submission may see.
const theEnv = "BAREWIRE_SELFTEST_SECRET"

func newWatch(mine, cache string) (w *watch, err error) {
	w = &watch{mine: mine, cache: cache, secret: "canary-" + rand.Text(), mark: "barewire-mark-" + rand.Text()[:10], stop: make(chan struct{}), found: make(chan string, 100)}
	if w.dir, err = os.MkdirTemp("", "barewire-selftest-"); err != nil {
		return nil, err
	}
	if err = os.Chmod(w.dir, 0o755); err == nil {
		err = w.canaries()
	}
	if err == nil {
		// What an attack starts and gets out of its box becomes a child of this process.
		err = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("selftest: canaries: %w", err)
	}
	w.before, w.entries = w.listing(), w.warm()
	return w, nil
}

// canaries makes them.
func (w *watch) canaries() error {
	for _, name := range []string{"canary.txt", "other/steps/02-request-line/line.go", "tests/hidden_test.go"} {
		full := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte("package canary // "+w.secret+"\n"), 0o666); err != nil {
			return err
		}
		if err := os.Chmod(full, 0o666); err != nil { // anybody could
			return err
		}
	}
	if err := os.Setenv(theEnv, w.secret); err != nil {
		return err
	}
	var err error
	if w.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if w.abstract, err = net.Listen("unix", "@"+w.mark+"-host"); err != nil {
		return err
	}
	if w.socket, err = net.Listen("unix", filepath.Join(w.dir, "socket")); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(w.dir, "socket"), 0o777); err != nil {
		return err
	}
	for _, ln := range []net.Listener{w.tcp, w.abstract, w.socket} {
		w.group.Go(func() {
			for {
				nc, err := ln.Accept()
				if err != nil {
					return
				}
				w.asked.Add(1)
				fmt.Fprintln(nc, w.secret)
				nc.Close()
			}
		})
	}
	w.port = w.tcp.Addr().(*net.TCPAddr).Port
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.free = free.Addr().(*net.TCPAddr).Port
	free.Close()
	w.group.Go(w.knock)
	return nil
}

// knock tries, again and again, what an attack would listen on.
func (w *watch) knock() {
	for {
		for _, at := range [][2]string{{"tcp", "127.0.0.1:" + strconv.Itoa(w.free)}, {"unix", "@" + w.mark + "-box"}} {
			if nc, err := net.DialTimeout(at[0], at[1], time.Second); err == nil {
				nc.Close()
				select {
				case w.found <- "something listened on " + at[0] + " " + at[1]:
				default:
				}
			}
		}
		select {
		case <-w.stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// names tells an attack what it could not know.
func (w *watch) names() *strings.Replacer {
	return strings.NewReplacer(
		"{{dir}}", w.dir, "{{mine}}", w.mine, "{{cache}}", w.cache, "{{mark}}", w.mark,
		"{{port}}", strconv.Itoa(w.port), "{{free}}", strconv.Itoa(w.free), "{{pid}}", strconv.Itoa(os.Getpid()), "{{env}}", theEnv,
	)
}

// look returns what was touched or left behind.
func (w *watch) look() []string {
	close(w.stop)
	var left []string
	add := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	for range len(w.found) {
		add("%s", <-w.found)
	}
	if n := w.asked.Load(); n > 0 {
		add("a canary's socket was connected to, %d times", n)
	}
	for _, name := range []string{"canary.txt", "other/steps/02-request-line/line.go", "tests/hidden_test.go"} {
		if text, err := os.ReadFile(filepath.Join(w.dir, name)); err != nil || string(text) != "package canary // "+w.secret+"\n" {
			add("the canary %s was changed", name)
		}
	}
	for _, p := range children(os.Getpid()) {
		add("a process: %s", p)
	}
	for _, name := range w.listing() {
		if !slices.Contains(w.before, name) {
			add("a file in the grader's folder: %s", name)
		}
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/run", "/", ".", w.dir, w.mine, w.cache, os.TempDir()} {
		names, _ := filepath.Glob(filepath.Join(dir, w.mark+"*"))
		for _, name := range names {
			add("a file: %s", name)
		}
	}
	now := w.warm()
	for name, was := range w.entries {
		if now[name] != was {
			add("the build cache was changed: %s", name)
		}
	}
	slices.Sort(left)
	return slices.Compact(left)
}

// listing lists the grader's folder. What build and sandbox keep there is made before.
func (w *watch) listing() []string {
	var all []string
	_ = filepath.WalkDir(w.mine, func(name string, _ fs.DirEntry, err error) error {
		if err == nil {
			all = append(all, name)
		}
		return nil
	})
	return all
}

// warm lists the warm cache, with what would change if somebody wrote to it.
func (w *watch) warm() map[string]string {
	all := make(map[string]string)
	_ = filepath.WalkDir(w.cache, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil && strings.HasSuffix(name, "-d") {
			all[name] = fmt.Sprint(info.Size(), info.Mode())
		}
		return nil
	})
	return all
}

// children lists what descends from a process and has not ended.
func children(pid int) []string {
	parents := make(map[int][]int)
	words := make(map[int]string)
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		of, rest, _ := strings.Cut(string(text), " (")
		command, rest, _ := cutLast(rest, ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		child, _ := strconv.Atoi(of)
		parent, _ := strconv.Atoi(fields[1])
		parents[parent] = append(parents[parent], child)
		words[child] = fmt.Sprintf("%s (%d)", command, child)
	}
	var all []string
	for todo := parents[pid]; len(todo) > 0; todo = todo[1:] {
		all = append(all, words[todo[0]])
		todo = append(todo, parents[todo[0]]...)
	}
	return all
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// close removes everything.
func (w *watch) close() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	for _, ln := range []net.Listener{w.tcp, w.abstract, w.socket} {
		if ln != nil {
			ln.Close()
		}
	}
	w.group.Wait()
	os.Unsetenv(theEnv)
	os.RemoveAll(w.dir)
}

// mkfifo makes a pipe with a name.
func mkfifo(name string) error { return unix.Mkfifo(name, 0o666) }
