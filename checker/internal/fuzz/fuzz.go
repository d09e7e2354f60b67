// Package fuzz runs fuzz targets: those of the steps on the reference, those that the
// solutions have for themselves, and those of the checker. "make fuzz" runs them for a
// time, the gate for a number of runs.
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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/internal/overlay"
)

// A Target is one function that can be fuzzed.
type Target struct {
	Dir  string // the package's folder below the root, such as "steps/03-headers-bodies"
	Name string // such as "FuzzTask1_Field"
	Most int    // how many runs are enough for one whose runs take long, or 0
}

// share is how long the target is to run where each runs for as long as each says.
func (t Target) share(each string) string {
	count, ok := strings.CutSuffix(each, "x")
	if n, err := strconv.Atoi(count); ok && err == nil && t.Most > 0 && t.Most < n {
		return fmt.Sprintf("%dx", t.Most)
	}
	return each
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

// declaration is the line that declares a target. A target whose runs take long says
// on the line above how many are enough where runs are counted: //fuzz:runs 3000
var declaration = regexp.MustCompile(`(?m)^(?://fuzz:runs (\d+)\r?\n)?func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// Targets returns the targets of the steps, then those of the solutions, then the
// checker's: those in folders that start with part, which may leave out the tree, as
// "03" and "checker/grader/rubric" do.
func Targets(root, part string) ([]Target, error) {
	var all []Target
	for _, tree := range []string{"steps", "solutions", "checker"} {
		dirs, err := folders(root, tree)
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			if !strings.HasPrefix(dir, part) && !strings.HasPrefix(dir, tree+"/"+part) {
				continue
			}
			files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				src, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				for _, m := range declaration.FindAllSubmatch(src, -1) {
					most, _ := strconv.Atoi(string(m[1])) // "" is 0
					all = append(all, Target{dir, string(m[2]), most})
				}
			}
		}
	}
	return all, nil
}

// folders returns the folders of a tree that have packages of this module which go
// looks at.
func folders(root, tree string) ([]string, error) {
	var all []string
	top := filepath.Join(root, tree)
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == top {
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		if base := d.Name(); base == "testdata" || base[0] == '.' || base[0] == '_' {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
			return fs.SkipDir // another module
		}
		rel, err := filepath.Rel(root, name)
		all = append(all, filepath.ToSlash(rel))
		return err
	})
	return all, err
}

// Run fuzzes the targets one after another, each for as long as each says, which go
// test understands: "22s" or "30000x", or for fewer runs if it says that these are
// enough. It calls done with the result of each. What
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
				r = p.fuzz(ctx, t, t.share(each))
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
