// Package gotest runs "go test -json" and says what happened to every test:
// those that ran, in order, and those that should have run and did not. It
// finds compile errors, panics, time-outs and data races in what the program
// printed.
//
// It leaves out what to say about them; that is the business of its callers.
// A package's own "ok" is never trusted: a program that ends itself with
// os.Exit(0) prints it too.
//
// Read this file first, then stream.go; dump.go and output.go read text.
package gotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// A Run is one call of "go test".
type Run struct {
	Dir      string   // the root of the module
	Packages []string // relative to Dir, such as "./steps/03-headers-bodies"
	Overlay  string   // an overlay file for the go command, or ""
	Args     []string // more arguments, such as "-run=^TestTask2_" and "-race"
	Env      []string // more environment, such as "NAME=value"
}

// An Outcome is what became of a test.
type Outcome int

// The outcomes. A test that began and did not end, because the program did, is
// Unfinished.
const (
	Unfinished Outcome = iota
	Pass
	Fail
	Skip
)

// String returns the outcome in lower case.
func (o Outcome) String() string {
	return [...]string{"unfinished", "pass", "fail", "skip"}[o]
}

// A Result is what one run of "go test" said.
type Result struct {
	Packages []*Package // in the order of Run.Packages
	Elapsed  time.Duration
}

// A Package is what happened to the tests of one package.
type Package struct {
	Path    string // its import path
	Outcome Outcome
	Elapsed time.Duration
	Tests   []*Test  // in the order in which they began, each before its subtests
	Missing []string // top-level tests that should have run and did not, in the order of the source
	Output  []string // what was printed outside every test
	Exit    string   // how the program ended if not by itself, such as "exit status 3"
	Build   []BuildError
	Panic   *Panic
	Timeout *Timeout
	Races   []Race
}

// A Test is one test, subtest, example or fuzz seed.
type Test struct {
	Name    string // such as "TestTask2_Host/two_Host_fields"
	Outcome Outcome
	Elapsed time.Duration
	Output  []string // what it printed, without the lines that the go command adds
}

// A BuildError is a complaint of the compiler, of vet, or of the go command.
type BuildError struct {
	File      string // relative to Run.Dir, with slashes; "" if it is about no file
	Line, Col int
	Msg       string // may have several lines
}

// OK reports whether every package is.
func (r *Result) OK() bool {
	for _, p := range r.Packages {
		if !p.OK() {
			return false
		}
	}
	return len(r.Packages) > 0
}

// OK reports whether the package was built, each of its tests ran, and none
// failed.
func (p *Package) OK() bool {
	if p.Outcome != Pass || len(p.Missing) > 0 || len(p.Tests) == 0 {
		return false
	}
	for _, t := range p.Tests {
		if t.Outcome == Fail || t.Outcome == Unfinished {
			return false
		}
	}
	return true
}

// Do runs the tests. That they fail is no error; an error says that there is no
// answer, because the go command could not be started, did not understand its
// arguments, or was stopped by ctx.
func (r Run) Do(ctx context.Context) (*Result, error) {
	begun := time.Now()
	wanted, err := r.expected()
	if err != nil {
		return nil, err
	}
	args := append([]string{"test", "-json"}, r.Args...)
	if r.Overlay != "" {
		args = append(args, "-overlay="+r.Overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, r.Packages...)...)
	cmd.Dir = r.Dir
	cmd.Env = append(cmd.Environ(), r.Env...)
	ownGroup(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot run the go command: %w", err)
	}
	s := newStream(r.Dir)
	scanErr := s.read(stdout)
	waitErr := cmd.Wait()
	if ctx.Err() != nil {
		killGroup(cmd)
		return nil, ctx.Err()
	}
	if scanErr != nil {
		return nil, scanErr
	}
	result := s.result(wanted)
	result.Elapsed = time.Since(begun)
	var exit *exec.ExitError
	switch {
	case len(s.packages) > 0:
		return result, nil
	case errors.As(waitErr, &exit) || waitErr == nil:
		text := strings.TrimSpace(stderr.String() + strings.Join(s.stray, "\n"))
		return nil, fmt.Errorf("go test ran nothing: %s", text)
	}
	return nil, waitErr
}
