// Package fuzz runs fuzz targets: those of the steps on the reference, and those that
// the solutions have for themselves. "make fuzz" runs them for a time, the gate for a
// number of runs.
//
// What makes a target go further is kept below .barewire/fuzz, and the next run begins
// with it. An input that fails is written below the package's testdata, as go test does it.
//
// It leaves out how the reference comes under a step; that is
// barewire/checker/internal/overlay. Read this file first, then program.go; command.go
// is what a maintainer types.
package fuzz

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
)

// A Target is one function that can be fuzzed.
type Target struct {
	Dir  string // the package's folder below the root, such as "steps/03-headers-bodies"
	Name string // such as "FuzzTask1_Field"
}

// A Result is what came of fuzzing one target.
type Result struct {
	Target
	Runs    int64 // how many inputs were tried
	New     int   // how many of them went where none had been before
	Elapsed time.Duration
	Finding string // what the target or the compiler said of a failure, or ""
	File    string // the input that failed, slash-separated and below the root, or ""
}

// declaration is the line that declares a target.
var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// Targets returns the targets of the steps whose folders start with step, and after
// them those of the solutions.
func Targets(root, step string) ([]Target, error) {
	steps, err := starter.Steps(root)
	if err != nil {
		return nil, err
	}
	var all []Target
	for _, tree := range []string{"steps", "solutions"} {
		for _, name := range steps {
			if !strings.HasPrefix(name, step) {
				continue
			}
			dir := tree + "/" + name
			files, err := filepath.Glob(filepath.Join(root, tree, name, "*_test.go"))
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				src, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				for _, m := range declaration.FindAllSubmatch(src, -1) {
					all = append(all, Target{dir, string(m[1])})
				}
			}
		}
	}
	return all, nil
}

// Run fuzzes the targets one after another, each for as long as each says, which go
// test understands: "22s" or "30000x". It calls done with the result of each. What
// cannot be compiled is a finding; an error says that there is no answer.
func Run(ctx context.Context, root string, targets []Target, each string, done func(Result)) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	file, remove, err := layReference(root)
	if err != nil {
		return err
	}
	defer remove()
	dir, err := os.MkdirTemp("", "barewire-fuzz-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for len(targets) > 0 {
		// Those of one package share a program.
		n := slices.IndexFunc(targets, func(t Target) bool { return t.Dir != targets[0].Dir })
		if n < 0 {
			n = len(targets)
		}
		p := &program{root: root, dir: targets[0].Dir, file: filepath.Join(dir, "fuzz.test.exe")}
		complaint := p.build(ctx, file)
		for _, t := range targets[:n] {
			r := Result{Target: t, Finding: complaint}
			if complaint == "" {
				r = p.fuzz(ctx, t, each)
			}
			if ctx.Err() != nil && r.Runs == 0 {
				return context.Cause(ctx)
			}
			done(r)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		targets = targets[n:]
	}
	return nil
}

// layReference lays the reference under every step and returns the overlay.
func layReference(root string) (file string, remove func() error, err error) {
	plan, err := overlay.Reference(root)
	if err != nil {
		return "", nil, err
	}
	return plan.Write()
}
