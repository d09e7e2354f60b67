package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"barewire/checker/grader/sandbox"
)

// shared is what all tests use: a private folder with the launcher and the villain.
var shared struct {
	setup   sandbox.Setup
	villain string
}

func TestMain(m *testing.M) {
	if os.Getenv("SANDBOX_TEST_DIE") != "" {
		dieWithBox()
	}
	code := func() int {
		dir, err := sandbox.Private("")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(dir)
		root, _ := filepath.Abs("../../..")
		shared.setup = sandbox.Setup{Root: root, Dir: dir}
		shared.villain = filepath.Join(dir, "villain")
		cmd := exec.Command("go", "build", "-o", shared.villain, "./testdata/villain")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Printf("%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}()
	os.Exit(code)
}

// names are the boxes that this machine should have.
var names = []string{"bubblewrap+jail", "bubblewrap", "jail"}

// open returns a box by name, or skips the test with the command that installs it.
func open(t *testing.T, name string) sandbox.Box {
	t.Helper()
	box, probes, err := sandbox.Named(t.Context(), shared.setup, name)
	if errors.Is(err, sandbox.ErrRefused) {
		t.Skipf("not run: %s: %s; install it with: %s", name, probes[0].Why, probes[0].Install)
	}
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// each runs a test in every box.
func each(t *testing.T, f func(t *testing.T, box sandbox.Box)) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t, name))
		})
	}
}

// run runs the villain and returns how it ended.
func run(t *testing.T, box sandbox.Box, spec sandbox.Spec, args ...string) sandbox.End {
	t.Helper()
	end, err := begin(t, box, spec, args...).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return end
}

func begin(t *testing.T, box sandbox.Box, spec sandbox.Spec, args ...string) *sandbox.Process {
	t.Helper()
	spec.Path, spec.Args = shared.villain, args
	p, err := box.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestBest_Chosen(t *testing.T) {
	box, probes, err := sandbox.Best(t.Context(), shared.setup)
	if err != nil {
		t.Skipf("not run: %v", err)
	}
	for i, p := range probes {
		if p.OK != (i == len(probes)-1) {
			t.Errorf("probe %d: %+v, want the last one alone to be fine: better ones come first", i, p)
		}
	}
	if last := probes[len(probes)-1]; box.Name() != last.Name || box.Trusted() {
		t.Errorf("chosen %q (trusted %v), the last probe was of %q", box.Name(), box.Trusted(), last.Name)
	}
}

func TestBest_RefusesWithWhatToInstall(t *testing.T) {
	launch := shared.setup
	if _, _, err := sandbox.Best(t.Context(), launch); err != nil {
		t.Skipf("not run: %v", err) // the launcher must be there
	}
	t.Setenv("PATH", "/nowhere")
	_, probes, err := sandbox.Named(t.Context(), launch, "bubblewrap")
	if !errors.Is(err, sandbox.ErrRefused) || !strings.Contains(err.Error(), "apt-get install bubblewrap") {
		t.Errorf("error %v, want a refusal that says how to install bubblewrap", err)
	}
	if len(probes) != 1 || probes[0].OK {
		t.Errorf("probes %+v, want one that failed", probes)
	}
	if _, _, err := sandbox.Named(t.Context(), launch, "docker"); err == nil || errors.Is(err, sandbox.ErrRefused) {
		t.Errorf("error %v, want one that lists the names", err)
	}
}

// Where bubblewrap is there and cannot run, as in most containers, the jail is enough.
func TestBest_FallsBack(t *testing.T) {
	best, _, err := sandbox.Best(t.Context(), shared.setup) // the launcher is built now
	if err != nil {
		t.Skipf("not run: %v", err)
	}
	if _, _, err := sandbox.Named(t.Context(), shared.setup, "jail"); err != nil {
		t.Skipf("not run: %v", err)
	}
	bin := t.TempDir()
	fake := "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "bwrap"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{bin, filepath.Dir(bin)} { // as root, the fake cannot even be read
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	box, probes, err := sandbox.Best(t.Context(), shared.setup)
	if err != nil || box.Name() != "jail" || box.Network() || best.Name() == "jail" && len(probes) == 1 {
		t.Fatalf("chosen %v (%v), want the jail", box, err)
	}
	for _, p := range probes[:len(probes)-1] {
		if text := p.String(); p.OK || !strings.Contains(text, "No permissions to create new namespace") || !strings.HasPrefix(text, "no   bubblewrap") || p.Install == "" {
			t.Errorf("probe %q, want what bubblewrap said and what to do", text)
		}
	}
	if text := probes[len(probes)-1].String(); !strings.HasPrefix(text, "yes  jail: it holds: ") {
		t.Errorf("probe %q", text)
	}
}

// A probe that cannot fail proves nothing.
func TestProbe_FindsThatNothingHolds(t *testing.T) {
	box, _, err := sandbox.Named(t.Context(), shared.setup, sandbox.None)
	if err != nil {
		t.Fatal(err)
	}
	if p := sandbox.Try(t.Context(), box, shared.setup.Dir); p.OK || !strings.Contains(p.Why, "could read=") {
		t.Errorf("probe of no box: %+v, want that a file could be read", p)
	}
	if !box.Trusted() || box.Network() {
		t.Errorf("trusted %v, network %v: want a box that is for trusted code only", box.Trusted(), box.Network())
	}
}

func TestEnd_InWords(t *testing.T) {
	tests := []struct {
		name string
		args []string
		spec sandbox.Spec
		want sandbox.Cause
		says string
	}{
		{"status 0", []string{"exit", "0"}, sandbox.Spec{}, sandbox.Exited, "it ended by itself with exit status 0"},
		{"status 137, which is no signal", []string{"exit", "137"}, sandbox.Spec{}, sandbox.Exited, "it ended by itself with exit status 137"},
		{"a panic, whose escape sequences do nothing", []string{"panic"}, sandbox.Spec{}, sandbox.Exited, `it ended with exit status 2: panic: at \x1b[31m the disco`},
		{"a nil pointer", []string{"nil"}, sandbox.Spec{}, sandbox.Exited, "it ended with exit status 2: panic: runtime error: invalid memory address or nil pointer dereference"},
		{"memory", []string{"memory"}, sandbox.Spec{Memory: 256 << 20}, sandbox.Memory, "it needed more than 256 MiB of memory"},
		{"processor time", []string{"spin"}, sandbox.Spec{CPU: time.Second}, sandbox.CPUTime, "it used more than 1s of processor time"},
		{"time", []string{"sleep"}, sandbox.Spec{Wall: 300 * time.Millisecond}, sandbox.WallTime, "it was still running after 300ms"},
		{"output", []string{"flood"}, sandbox.Spec{Output: 1000}, sandbox.Overflow, "it wrote more than 64 MiB of output"},
		{"a signal", []string{"abort"}, sandbox.Spec{}, sandbox.Signaled, "it was ended by a signal: killed"},
	}
	each(t, func(t *testing.T, box sandbox.Box) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				end := run(t, box, tt.spec, tt.args...)
				if end.Cause != tt.want || end.String() != tt.says {
					t.Errorf("ended %v: %q\nwant %v: %q\nstderr %.2000q", end.Cause, end, tt.want, tt.says, end.Stderr)
				}
				if end.Peak < 1<<20 || end.Peak > 300<<20 {
					t.Errorf("peak of memory %d, want some of the program's own", end.Peak)
				}
				if end.Wall <= 0 || end.CPU <= 0 || end.CPU > 10*time.Second {
					t.Errorf("wall %v, processor %v", end.Wall, end.CPU)
				}
			})
		}
	})
}

// A kernel without memory kills whoever has most of it.
func TestEnd_Killed(t *testing.T) {
	spec := sandbox.Spec{Memory: 384 << 20, CPU: time.Minute}
	for _, tt := range []struct {
		name, report string // status, user and system time in microseconds, peak in KiB
		want         sandbox.Cause
		says         string
	}{
		{"with much memory", "9 500000 100000 307200", sandbox.Memory, "it was killed for its memory: it had 300 MiB of the 384 MiB of its box"},
		{"with little", "9 500000 100000 9000", sandbox.Signaled, "it was ended by a signal: killed"},
		{"after all its time", "9 60000000 100000 307200", sandbox.CPUTime, "it used more than 1m0s of processor time"},
		{"by another signal", "6 500000 100000 307200", sandbox.Signaled, "it was ended by a signal: aborted"},
	} {
		if end := sandbox.Describe(tt.report, spec); end.Cause != tt.want || end.String() != tt.says {
			t.Errorf("%s: %v: %q; want %v: %q", tt.name, end.Cause, end, tt.want, tt.says)
		}
	}
}

func TestEnd_ByTheChecker(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		p := begin(t, box, sandbox.Spec{}, "sleep")
		end, err := p.Close()
		if err != nil || end.Cause != sandbox.Ended {
			t.Errorf("after Close: %v, %v", end, err)
		}
		if again, err := p.Close(); err != nil || again.Cause != sandbox.Ended {
			t.Errorf("after Close again: %v, %v", again, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		p, err = box.Start(ctx, sandbox.Spec{Path: shared.villain, Args: []string{"sleep"}})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if end, err := p.Wait(); err != nil || end.Cause != sandbox.Cancelled {
			t.Errorf("after cancelling: %v, %v", end, err)
		}
		p = begin(t, box, sandbox.Spec{}, "sleep")
		if err := p.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if end, err := p.Wait(); err != nil || end.Cause != sandbox.Signaled || end.Signal != syscall.SIGTERM {
			t.Errorf("after SIGTERM: %v (signal %v), %v", end, end.Signal, err)
		}
	})
}

func TestEnd_ClosedAfterItsOwnEnd(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		p := begin(t, box, sandbox.Spec{}, "exit", "3")
		<-p.Done()
		if end, err := p.Close(); err != nil || end.Cause != sandbox.Exited || end.Status != 3 {
			t.Errorf("closed after its own end: %v, %v; want exit status 3", end, err)
		}
	})
}

func TestStart_Faults(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		for name, spec := range map[string]sandbox.Spec{
			"a program that is not there": {Path: "/nowhere/program"},
			"a program that is none":      {Path: filepath.Join(shared.setup.Root, "go.mod")},
			"a folder that is not there":  {Path: shared.villain, Args: []string{"exit"}, Dir: "/nowhere"},
		} {
			if p, err := box.Start(t.Context(), spec); err == nil {
				end, err := p.Wait()
				t.Errorf("%s: %v, %v, want a fault at the start, for it is not the program's", name, end, err)
			}
		}
		if _, err := box.Start(t.Context(), sandbox.Spec{Path: shared.villain, Args: []string{"listen"}, Listen: true}); (err == nil) != box.Network() {
			t.Errorf("listening by itself: %v, in a box with a network of its own: %v", err, box.Network())
		}
	})
}

func TestOutput_IsCut(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		end := run(t, box, sandbox.Spec{Output: 1000}, "much")
		if !end.OK() || len(end.Stdout) != 1000 || !end.Truncated {
			t.Errorf("%v, %d bytes kept, truncated %v; want 1000 of 100000, and the program to end by itself", end, len(end.Stdout), end.Truncated)
		}
	})
}

func TestBox_ShowsNothing(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		ln, file := unixListener(t)
		defer ln.Close()
		end := run(t, box, sandbox.Spec{Env: []string{"LANG=C"}, Files: []*os.File{file}}, "see")
		want := "root=[] uid=true parent=true env=[LANG=C] dir=/ proc=false\nsocket 3\n"
		switch {
		case box.Name() == "bubblewrap":
			want = strings.Replace(want, "root=[]", "root=[launch program]", 1)
		case !box.Network():
			want = strings.Replace(want, "parent=true", "parent=false", 1)
			want = strings.Replace(want, "proc=false", "proc=true", 1) // names can be seen, content cannot
		}
		if got := string(end.Stdout); got != want {
			t.Errorf("the program sees\n%s\nwant\n%s", got, want)
		}
	})
}

// A listener is what a submission is given, and must not be a way out.
func TestListener_IsNoWayOut(t *testing.T) {
	secret, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	go func() {
		if conn, err := secret.Accept(); err == nil {
			t.Errorf("%v has come out", conn.RemoteAddr())
		}
	}()
	_, port, _ := net.SplitHostPort(secret.Addr().String())
	each(t, func(t *testing.T, box sandbox.Box) {
		for _, kind := range []string{"unix", "tcp"} {
			spec := sandbox.Spec{TCP: kind == "tcp"}
			if kind == "unix" {
				ln, file := unixListener(t)
				defer ln.Close()
				spec.Files = []*os.File{file}
			}
			end := run(t, box, spec, "escape", port)
			if !end.OK() {
				t.Errorf("%s: %v: %s", kind, end, end.Stderr)
			}
			harmless := map[string]bool{}
			if box.Name() == "bubblewrap" {
				// Without seccomp it is the namespaces that hold: what works reaches nobody.
				harmless = map[string]bool{"dissolve": true, "signals from a socket": true, "upper protocol": true, "kill all": true, "io_uring": true, "clone3": true}
			}
			for line := range strings.Lines(string(end.Stdout)) {
				if what, ok := strings.CutPrefix(strings.TrimSpace(line), "worked: "); ok && !harmless[what] {
					t.Errorf("%s: %s worked", kind, what)
				}
			}
		}
	})
}

func TestJail_CountsAllMemory(t *testing.T) {
	for _, name := range []string{"bubblewrap+jail", "jail"} {
		t.Run(name, func(t *testing.T) {
			end := run(t, open(t, name), sandbox.Spec{}, "hide")
			if got := string(end.Stdout); strings.Contains(got, "worked") || strings.Count(got, "refused") != 3 {
				t.Errorf("memory that is not counted, or code that was not built:\n%s", got)
			}
			end = run(t, open(t, name), sandbox.Spec{}, "foreign")
			if runtime.GOARCH == "amd64" && (end.Cause != sandbox.Signaled || end.Signal != syscall.SIGSYS) {
				t.Errorf("a call by another ABI: %v, want it to end the program", end)
			}
		})
	}
}

func TestLimits_StayLimits(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		end := run(t, box, sandbox.Spec{}, "limits")
		for line := range strings.Lines(string(end.Stdout)) {
			if strings.HasPrefix(line, "worked") && (box.Name() != "bubblewrap" || !strings.Contains(line, "parent")) {
				t.Error(line)
			}
		}
	})
}

// TestScratch: a program may write to a folder of its own, so much and no more, and
// nothing of it is left.
func TestScratch(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		spec := sandbox.Spec{Scratch: 4 << 20}
		if end := run(t, box, spec, "keep"); string(end.Stdout) != "\"text\" <nil> <nil>\n" {
			t.Errorf("%v, and it says\n%s%s", end, end.Stdout, end.Stderr)
		}
		end := run(t, box, spec, "fill")
		if full := strings.Contains(string(end.Stdout), "no space left"); box.Network() && !full || !box.Network() && end.Cause != sandbox.Disk {
			t.Errorf("%v, and it says\n%s", end, end.Stdout)
		}
		if end := run(t, box, sandbox.Spec{}, "keep"); strings.Contains(string(end.Stdout), "worked") || strings.Contains(string(end.Stdout), "<nil> <nil>") {
			t.Errorf("without a folder of its own it says\n%s", end.Stdout)
		}
	})
	t.Cleanup(func() {
		left, err := filepath.Glob(filepath.Join(shared.setup.Dir, "barewire-grade-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left is %q, %v", left, err)
		}
	})
}

func TestThreads_AreLimited(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		if !box.Network() { // somebody counts now and then
			if end := run(t, box, sandbox.Spec{Processes: 40}, "threads", "stay"); end.Cause != sandbox.Threads || end.String() != "it had more than 40 threads" {
				t.Errorf("2000 threads where 40 are allowed: %v", end)
			}
			return
		}
		end := run(t, box, sandbox.Spec{Processes: 40}, "threads")
		if end.Cause != sandbox.Exited || end.Status != 2 || strings.Contains(string(end.Stdout), "made") {
			t.Errorf("2000 threads where 40 are allowed: %v %s", end, end.Stdout)
		}
	})
}

func TestChildren_AreLimitedAndGo(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		end := run(t, box, sandbox.Spec{Processes: 40}, "children", t.Name()+".")
		made := 0
		fmt.Sscanf(string(end.Stdout), "children: %d", &made)
		most := 0
		if box.Name() == "bubblewrap" {
			most = 40
		}
		if !end.OK() || made > most {
			t.Errorf("%v, %d children, want at most %d", end, made, most)
		}
		for _, p := range villains(t) {
			if strings.Contains(p, t.Name()+".") {
				t.Errorf("left behind: %s", p)
			}
		}
	})
}

// villains returns the command lines of all that run.
func villains(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		line, _ := os.ReadFile(file)
		text := strings.ReplaceAll(string(line), "\x00", " ")
		if strings.HasPrefix(text, "/program ") || strings.HasPrefix(text, shared.villain+" ") {
			found = append(found, filepath.Dir(file)+" "+text)
		}
	}
	return found
}

func TestHonest_Programs(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		end := run(t, box, sandbox.Spec{}, "busy")
		if !end.OK() || string(end.Stdout) != "done true true\n" {
			t.Errorf("a busy program: %v\n%s%s", end, end.Stdout, end.Stderr)
		}
	})
}

func TestServe_Unix(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		dir, err := sandbox.Private(shared.setup.Dir)
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		greeting := strings.Repeat("hello ", 10_000) + "\n"
		if err := os.WriteFile(filepath.Join(dir, "greeting"), []byte(greeting), 0o644); err != nil {
			t.Fatal(err)
		}
		ln, file := unixListener(t)
		p := begin(t, box, sandbox.Spec{Files: []*os.File{file}, ReadOnly: []string{dir}}, "serve", dir)
		defer ln.Close()
		conn, err := net.Dial("unix", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		exchange(t, conn, "a line\n", "a line\n")
		exchange(t, conn, "file\n", greeting)
		if u, err := p.Usage(); err != nil || u.Memory < 1<<20 || u.Descriptors < 5 || u.Threads < 2 {
			t.Errorf("usage %+v, %v", u, err)
		}
	})
}

func TestServe_TCP(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		p := begin(t, box, sandbox.Spec{TCP: true}, "serve")
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				from := netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 2)})
				conn, err := p.DialTCP(t.Context(), from, p.Addr())
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				exchange(t, conn, "a line\n", "a line\n")
				// Half-closed: the program sees the end and still answers.
				conn.CloseWrite()
				rest, err := io.ReadAll(conn)
				if want := "EOF from " + from.String() + ":"; err != nil || !strings.HasPrefix(string(rest), want) {
					t.Errorf("after half-closing: %q, %v; want %q", rest, err, want)
				}
			})
		}
		wg.Wait()
		if _, err := p.DialTCP(t.Context(), netip.Addr{}, netip.MustParseAddrPort("127.0.0.1:1")); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a port where nobody listens: %v", err)
		}
		p.Close()
		if _, err := p.DialTCP(t.Context(), netip.Addr{}, p.Addr()); err == nil {
			t.Error("a program that has ended was reached")
		}
	})
}

func TestServe_Listening(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		if !box.Network() {
			return // Start refuses it: TestStart_Faults
		}
		p := begin(t, box, sandbox.Spec{Listen: true}, "listen")
		var conn net.Conn
		var err error
		for range 200 {
			if conn, err = p.DialTCP(t.Context(), netip.Addr{}, netip.MustParseAddrPort("127.0.0.1:4221")); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		exchange(t, conn, "a line\n", "a line\n")
	})
}

func TestUsage_ShowsLeaks(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		p := begin(t, box, sandbox.Spec{}, "leak")
		before, err := p.Usage()
		if err != nil {
			t.Fatal(err)
		}
		var after sandbox.Usage
		for range 500 {
			if after, err = p.Usage(); err != nil || after.Memory > 50<<20 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil || after.Descriptors < before.Descriptors+100 || after.Memory < before.Memory+40<<20 || after.Peak < after.Memory {
			t.Errorf("before %+v\nafter %+v, %v", before, after, err)
		}
	})
}

func TestStart_ManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if end := run(t, box, sandbox.Spec{}, "exit", fmt.Sprint(i)); end.Status != i {
					t.Errorf("program %d: %v", i, end)
				}
			})
		}
		wg.Wait()
	})
}

// dieWithBox is a checker that starts a program and is killed.
func dieWithBox() {
	setup := sandbox.Setup{Root: os.Getenv("SANDBOX_TEST_ROOT"), Dir: os.Getenv("SANDBOX_TEST_DIR")}
	box, _, err := sandbox.Named(context.Background(), setup, os.Getenv("SANDBOX_TEST_DIE"))
	if err == nil {
		_, err = box.Start(context.Background(), sandbox.Spec{Path: filepath.Join(setup.Dir, "villain"), Args: []string{"sleep", "orphan" + os.Getenv("SANDBOX_TEST_DIE")}})
	}
	fmt.Println(err)
	time.Sleep(time.Hour)
}

func TestChecker_TakesItsBoxesAlong(t *testing.T) {
	each(t, func(t *testing.T, box sandbox.Box) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SANDBOX_TEST_DIE="+box.Name(), "SANDBOX_TEST_ROOT="+shared.setup.Root, "SANDBOX_TEST_DIR="+shared.setup.Dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		name := "orphan" + box.Name() + " "
		running := func() bool { return strings.Contains(strings.Join(villains(t), "\n"), name) }
		if line != "<nil>\n" || !running() {
			t.Errorf("started: %q, running %v", line, running())
		}
		cmd.Process.Kill()
		cmd.Wait()
		for range 200 {
			if !running() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("left behind: %v", villains(t))
	})
}

// Root's home is closed to those that programs run as.
func TestReachable(t *testing.T) {
	if os.Getuid() != 0 {
		return // what the checker can reach, so can they
	}
	closed := filepath.Join(t.TempDir(), "root")
	inside := filepath.Join(closed, "sdk", "go")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.Reachable(inside); err == nil || !strings.Contains(err.Error(), "through "+closed+" to "+inside) {
		t.Errorf("error %v, want one that names %s", err, closed)
	}
	if err := sandbox.Reachable(shared.setup.Dir); err != nil {
		t.Error(err)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":       "plain\ttext\n",
		"\x1b[31mred\x1b[0m":  `\x1b[31mred\x1b[0m`,
		"a\rb\x00\x7f":        `a\x0db\x00\x7f`,
		"\xff\xfe":            `\xff\xfe`,
		"\uFFFD":              "\uFFFD",
		"\u202eevil\u2066":    `\u202eevil\u2066`,
		"\u009b31m caf\u00e9": `\u009b31m café`,
	} {
		if got := sandbox.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

// exchange sends a line and reads what comes back.
func exchange(t *testing.T, conn net.Conn, send, want string) {
	t.Helper()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, send)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("sent %q, got %.100q, %v; want %.100q", send, got, err, want)
	}
}

// unixListener returns a listener and the file that a program gets.
func unixListener(t *testing.T) (net.Listener, *os.File) {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := ln.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return ln, file
}
