package fuzz

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"barewire/checker/internal/workshop"
)

// stall is how long a program may run no input at all before its target is said to
// hang. It is longer than the ten seconds after which go test itself gives an input up,
// and can say which. Making an input smaller, which counts as one run, takes at most
// minimize.
const (
	stall    = 15 * time.Second
	minimize = 5 * time.Second
)

// errStall is why a program was ended that hung.
var errStall = fmt.Errorf("no input was run for %v: the target hangs, or the code that it calls does", stall)

var (
	progress = regexp.MustCompile(`execs: (\d+) \(.*new interesting: (\d+)`)
	elapsed  = regexp.MustCompile(`elapsed: \S+`)
	written  = regexp.MustCompile(`Failing input written to (testdata\S+)`)
	seed     = regexp.MustCompile(`failure while testing seed corpus entry: (\S+)`)
	// rerun is advice that does not know where the reference lies: see Again.
	rerun = regexp.MustCompile(`(?m)^ +To re-run:\n.*\n`)
)

// A program is the tests of one package, compiled so that they can be fuzzed.
type program struct {
	root string // absolute
	dir  string // the package's folder below the root, with slashes
	file string // where the program is
}

// build compiles the program and returns what the compiler complains of.
func (p *program) build(ctx context.Context, overlayFile string) (complaint string) {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-fuzz=.", "-o", p.file, "-overlay="+overlayFile, "./"+p.dir)
	cmd.Dir = p.root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v\n%s", err, out)
	}
	return ""
}

// fuzz runs one target.
func (p *program) fuzz(ctx context.Context, t Target, each string) Result {
	r := Result{Target: t}
	begun := time.Now()
	out, err := p.run(ctx, &r, each)
	r.Elapsed = time.Since(begun)
	switch {
	case err == nil, ctx.Err() != nil, outOfTime(out):
		return r
	case errors.Is(err, errStall):
		r.Finding = err.Error()
	default:
		r.Finding = fmt.Sprintf("%v\n%s", err, rerun.ReplaceAllString(out, ""))
		r.File = p.input(t, out)
	}
	return r
}

// run runs the program and counts in r. It returns what the program printed, without
// its progress.
func (p *program) run(ctx context.Context, r *Result, each string) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, p.file, "-test.run=^$", "-test.fuzz=^"+r.Name+"$", "-test.fuzztime="+each,
		"-test.fuzzminimizetime="+minimize.String(), "-test.fuzzcachedir="+p.corpus())
	cmd.Dir = filepath.Join(p.root, filepath.FromSlash(p.dir)) // where testdata is
	// Interrupted, the program ends its workers, even one that hangs. Killed, it cannot.
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) != nil {
			return cmd.Process.Kill() // Windows knows no interrupt
		}
		return nil
	}
	cmd.WaitDelay = 10 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", err
	}
	watch := time.AfterFunc(stall, func() { cancel(errStall) })
	defer watch.Stop()
	var out strings.Builder
	last := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "fuzz: ") {
			out.WriteString(line + "\n")
			continue
		}
		if m := progress.FindStringSubmatch(line); m != nil {
			r.Runs, _ = strconv.ParseInt(m[1], 10, 64)
			r.New, _ = strconv.Atoi(m[2])
		}
		if now := rate.ReplaceAllString(elapsed.ReplaceAllString(line, ""), ""); now != last {
			last = now
			watch.Reset(stall)
		}
	}
	err = cmd.Wait()
	if cause := context.Cause(ctx); errors.Is(cause, errStall) {
		err = errStall
	}
	return out.String(), err
}

// rate is the part of a line of progress that changes although nothing goes on.
var rate = regexp.MustCompile(`\(\d+/sec\)`)

// corpus returns where the inputs are kept that make the targets of the package go further.
func (p *program) corpus() string {
	return filepath.Join(p.root, workshop.StateDir, "fuzz", filepath.FromSlash(p.dir))
}

// outOfTime reports whether a program has failed only because its time was over, which
// go test reports now and then as if it were a finding (golang/go#75804).
func outOfTime(out string) bool {
	return strings.Contains(out, "    context deadline exceeded\n") && !written.MatchString(out) && !seed.MatchString(out)
}

// input returns the file of the input that failed, or "" if it is in the source.
func (p *program) input(t Target, out string) string {
	name := ""
	if m := written.FindStringSubmatch(out); m != nil {
		name = filepath.ToSlash(m[1])
	} else if m := seed.FindStringSubmatch(out); m != nil {
		name = path.Join("testdata/fuzz", m[1])
	}
	name = path.Join(p.dir, name)
	if _, err := os.Stat(filepath.Join(p.root, filepath.FromSlash(name))); err != nil || name == p.dir {
		return ""
	}
	return name
}
