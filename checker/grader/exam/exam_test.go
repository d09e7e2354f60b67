package exam

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"barewire/checker/grader/driver/step10"
	"barewire/checker/grader/driver/wire"
	"barewire/checker/grader/result"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
)

var (
	seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the inputs that are drawn")
	only = flag.String("only", "", "the checks whose IDs begin so, such as 4.2 or 4.2/date")
)

// chosen is Config.Only for what -only says, and the steps that have them.
func chosen() (ids []string, steps []int) {
	for step := 1; step <= 10; step++ {
		n := len(ids)
		for _, c := range Checks(step) {
			if strings.HasPrefix(c.ID, *only) {
				ids = append(ids, c.ID)
			}
		}
		if len(ids) > n {
			steps = append(steps, step)
		}
	}
	return ids, steps
}

// plain starts a driver that can be trusted, without a box. A socket has a short
// path, so it is in a folder of its own.
func plain(program string, env ...string) Driver {
	return func(ctx context.Context, step int, base string) (Process, error) {
		dir, err := os.MkdirTemp("", "bw")
		if err != nil {
			return nil, err
		}
		p := &plainProcess{dir: dir, socket: filepath.Join(dir, "s"), done: make(chan struct{})}
		ln, err := net.Listen("unix", p.socket)
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		ln.(*net.UnixListener).SetUnlinkOnClose(false)
		file, err := ln.(*net.UnixListener).File()
		if err != nil {
			return nil, err
		}
		defer file.Close()
		p.cmd = exec.Command(program)
		p.cmd.Env = append(os.Environ(), env...)
		p.cmd.ExtraFiles = []*os.File{file}
		p.cmd.Stdout, p.cmd.Stderr = io.Discard, &p.output
		p.cmd.WaitDelay = time.Second
		if err := p.cmd.Start(); err != nil {
			return nil, err
		}
		go func() {
			defer close(p.done)
			p.exit.Reason = "exit status 0"
			if err := p.cmd.Wait(); err != nil {
				p.exit.Reason = err.Error()
			}
			p.exit.Output = p.output.bytes()
			_ = os.RemoveAll(dir)
		}()
		return p, nil
	}
}

type plainProcess struct {
	dir, socket string
	cmd         *exec.Cmd
	output      output
	done        chan struct{}
	exit        Exit
	stopped     sync.Once
}

// output keeps the beginning of what a driver prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() < 64<<10 {
		o.buf.Write(b)
	}
	return len(b), nil
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

func (p *plainProcess) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", p.socket)
}
func (p *plainProcess) Done() <-chan struct{} { return p.done }

func (p *plainProcess) Usage() (u Usage, ok bool) {
	proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	fds, err := os.ReadDir(proc + "fd")
	statm, err2 := os.ReadFile(proc + "statm")
	var all, resident int64
	fmt.Sscan(string(statm), &all, &resident)
	return Usage{Descriptors: len(fds), Memory: resident * int64(os.Getpagesize())}, err == nil && err2 == nil
}

func (p *plainProcess) Stop() Exit {
	p.stopped.Do(func() { _ = p.cmd.Process.Kill() })
	<-p.done
	return p.exit
}

// root is the repository's.
func root(t *testing.T) string {
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build builds a driver, with what lay adds to a plan.
func build(t *testing.T, lay func(p *overlay.Plan)) string {
	t.Helper()
	plan := overlay.New(root(t))
	if lay != nil {
		lay(plan)
	}
	file, remove, err := plan.Write()
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	program := filepath.Join(t.TempDir(), "driver")
	cmd := exec.Command("go", "build", "-o", program, "-overlay="+file, "-ldflags=-s -w", "./checker/grader/driver")
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// onSteps makes the driver link the steps instead of the solutions.
func onSteps(t *testing.T, plan *overlay.Plan) {
	files, err := filepath.Glob(filepath.Join(root(t), "checker/grader/driver/step*/*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no adapters", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root(t), file)
		if err != nil {
			t.Fatal(err)
		}
		plan.Replace(rel, starter.ToSteps(src))
	}
}

// report is what has come of the checks, one a line.
func report(results []Result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%-11s %s (%.2fs, %d retries) %s\n", r.Outcome, r.ID, r.Seconds, r.Retried, strings.ReplaceAll("\n"+r.Detail, "\n", "\n      "))
	}
	return b.String()
}

// Every check passes on the reference, whatever the seed.
func TestReference(t *testing.T) {
	program := build(t, nil)
	began := time.Now()
	ids, steps := chosen()
	results, err := Run(t.Context(), Config{Seed: *seed, Base: result.Own, Only: ids, Steps: steps, Start: plain(program), Patience: 30 * time.Second, StepTime: 5 * time.Minute})
	if err != nil {
		t.Fatalf("seed %d: %v", *seed, err)
	}
	t.Logf("%d checks in %v", len(results), time.Since(began))
	for _, r := range results {
		if testing.Verbose() {
			t.Logf("%6.3fs %s", r.Seconds, r.ID)
		}
		if r.Outcome != result.Passed || r.Retried > 0 {
			t.Errorf("seed %d:\n%s", *seed, report([]Result{r}))
		}
	}
}

// No check passes on the starter: what is not written earns nothing.
func TestStarter(t *testing.T) {
	program := build(t, func(plan *overlay.Plan) {
		steps, err := starter.Steps(root(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if err := plan.StarterUnder(step); err != nil {
				t.Fatal(err)
			}
		}
		onSteps(t, plan)
	})
	ids, numbers := chosen()
	results, err := Run(t.Context(), Config{Seed: *seed, Base: result.Own, Only: ids, Steps: numbers, Start: plain(program), Patience: 2 * time.Second, NoRetry: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report(results))
	for _, r := range results {
		if r.Outcome == result.Passed || r.Reason == "" {
			t.Errorf("%s has passed, or says nothing: %q", r.ID, r.Reason)
		}
	}
}

// A step that does not compile, and a driver that cannot be started, are two things.
func TestStart(t *testing.T) {
	start := func(err error) Driver {
		return func(context.Context, int, string) (Process, error) { return nil, err }
	}
	results, err := Run(t.Context(), Config{Steps: []int{2}, Start: start(&Unbuilt{"line.go:3: undefined: x"})})
	if err != nil || len(results) == 0 {
		t.Fatal(len(results), err)
	}
	for _, r := range results {
		if r.Outcome != result.NotReached || !strings.Contains(r.Reason, "undefined: x") {
			t.Errorf("%s: %s %q", r.ID, r.Outcome, r.Reason)
		}
	}
	full := errors.New("the disk is full")
	if results, err := Run(t.Context(), Config{Steps: []int{2}, Start: start(full)}); !errors.Is(err, full) || results != nil {
		t.Errorf("%v, %v; want no results and the fault", results, err)
	}
}

// Where the reference has no answer, nobody is compared with it: a submission that has
// none either has not passed, and one that has has not failed.
func TestReference_Fault(t *testing.T) {
	program := build(t, nil)
	was := steps[9]
	defer func() { steps[9] = was }()
	steps[9] = []Check{{ID: "10.7/none", run: func(x *X) {
		Compare(x, "server.Metrics", func(step10.Counted) step10.Figures {
			return step10.Figures{Fault: wire.Fault("nobody can read it")}
		}, []Case[step10.Counted]{{Class: "no requests"}})
	}}}
	results, err := Run(t.Context(), Config{Steps: []int{10}, Start: plain(program)})
	if err == nil || !strings.Contains(err.Error(), "the reference fails: nobody can read it") || results != nil {
		t.Errorf("%v, %v; want no results and what is wrong with the reference", results, err)
	}
}

// A machine on which everything takes long costs nobody a point, unlike a step that lets
// others wait until its time is over.
func TestRun_SlowMachine(t *testing.T) {
	program := build(t, nil)
	cfg := Config{Seed: *seed, Steps: []int{2}, Only: []string{"2.1/tokens", "2.2/versions"}, StepTime: time.Nanosecond, Start: plain(program)}
	results, err := Run(t.Context(), cfg)
	if err != nil || len(results) != 2 || results[0].Outcome != result.Passed || results[1].Outcome != result.Passed {
		t.Errorf("%v\n%s", err, report(results))
	}
	cfg.Start, cfg.Patience, cfg.NoRetry = lies(func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }), 50*time.Millisecond, true
	if results, err = Run(t.Context(), cfg); err != nil || len(results) != 2 || results[0].Outcome == result.Passed {
		t.Errorf("%v\n%s", err, report(results))
	}
}
