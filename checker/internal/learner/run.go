// Package learner holds the commands that run the tests: test, progress, hint
// and bisect.
//
// It leaves out how a result is printed, which is barewire/checker/internal/report.
// Read run.go first, which all of them use, then test.go.
package learner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/report"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

// Time limits for the tests of one step. What hangs is stopped then, and the
// report says where. The race detector makes programs up to ten times slower.
const (
	timeLimit     = 30 * time.Second
	raceTimeLimit = 90 * time.Second
)

// Options say how the tests of a step are run.
type Options struct {
	Task string // only this task's tests, such as "3.2", or ""
	Base string // "reference" lays the reference under the earlier steps
	Race bool   // with the race detector
	All  bool   // every red test is shown in full
}

// Run runs the tests of steps in one go, and returns what became of them in the
// same order.
func Run(ctx context.Context, w *workshop.Workshop, o Options, steps ...course.Step) (_ []*gotest.Package, err error) {
	r := gotest.Run{Dir: w.Root}
	limit := timeLimit
	if o.Race {
		limit = raceTimeLimit
		r.Args = append(r.Args, "-race")
	}
	r.Args = append(r.Args, "-timeout="+limit.String())
	if _, m, ok := strings.Cut(o.Task, "."); ok {
		r.Args = append(r.Args, fmt.Sprintf("-run=^(Test|Fuzz)Task%s_", m))
	}
	for _, s := range steps {
		r.Packages = append(r.Packages, "./steps/"+s.Dir)
	}
	if o.Base == "reference" {
		plan, err := OnReference(w, steps[0])
		if err != nil {
			return nil, err
		}
		return runWith(ctx, plan, r)
	}
	return do(ctx, r)
}

// OnReference returns a plan with the reference under the steps before s.
func OnReference(w *workshop.Workshop, s course.Step) (*overlay.Plan, error) {
	if err := hasReference(w, dependencies(w, s)); err != nil {
		return nil, err
	}
	plan := overlay.New(w.Root)
	for _, e := range earlier(w, s) {
		if err := plan.ReferenceUnder(e.Dir); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// hasReference complains about the first of the steps that has no reference.
func hasReference(w *workshop.Workshop, steps []course.Step) error {
	for _, s := range steps {
		if !w.HasReference(s) {
			return fmt.Errorf("the reference cannot take the place of your step %d: its folder solutions/%s is not here", s.Number, s.Dir)
		}
	}
	return nil
}

// runWith runs r under an overlay.
func runWith(ctx context.Context, plan *overlay.Plan, r gotest.Run) (_ []*gotest.Package, err error) {
	path, end, err := plan.Write()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	r.Overlay = path
	return do(ctx, r)
}

func do(ctx context.Context, r gotest.Run) ([]*gotest.Package, error) {
	result, err := r.Do(ctx)
	switch {
	case err == nil:
		return result.Packages, nil
	case errors.Is(err, context.Canceled):
		return nil, errors.New("stopped")
	case strings.Contains(err.Error(), "requires cgo") || strings.Contains(err.Error(), "C compiler"):
		return nil, fmt.Errorf("the race detector needs a C compiler, such as gcc, which is not here; everything else works without it\n%w", err)
	}
	return nil, err
}

// earlier returns the steps before s of which there is a reference.
func earlier(w *workshop.Workshop, s course.Step) []course.Step {
	var steps []course.Step
	for _, e := range w.Course.Steps {
		if w.HasReference(e) && e.Number < s.Number {
			steps = append(steps, e)
		}
	}
	return steps
}

// Untouched reports whether a step is as it was in the beginning. Then all of
// its tests are red, and nobody has to run them to know.
func Untouched(w *workshop.Workshop, s course.Step) bool {
	return starter.Untouched(w.Root, s.Dir)
}

// A Place is where the learner is: a step and what became of its tests.
type Place struct {
	Step    course.Step
	Package *gotest.Package
	Green   bool // every step that is here is green, and Step is the last of them
}

// Current finds the step that the learner is on: the first one that is not
// green. It runs no more than it has to: the steps up to the one of the last
// run in one go, where those that were green are remembered by the go command,
// then one after another.
func Current(ctx context.Context, w *workshop.Workshop) (Place, error) {
	steps := w.StepsHere()
	if len(steps) == 0 {
		return Place{}, errors.New("no step is here yet: the folder steps is empty")
	}
	known := 1
	last := w.State().Step
	for known < len(steps) && steps[known].Number <= last {
		known++
	}
	for {
		at := Place{}
		packages, err := Run(ctx, w, Options{}, steps[:known]...)
		if err != nil {
			return at, err
		}
		for i, p := range packages {
			at = Place{steps[i], p, false}
			if !p.OK() {
				return at, nil
			}
		}
		if known == len(steps) {
			at.Green = true
			return at, nil
		}
		steps, known = steps[known:], 1
	}
}

// Remember keeps which step was run, and what was red in it, for the next
// command. It is a convenience: that it fails is no reason to complain.
func Remember(w *workshop.Workshop, r *report.Report) {
	s := w.State()
	if r.Base == "" {
		s.Step = r.Step.Number
	}
	s.Raced = 0
	if r.Race && !r.Package.OK() {
		s.Raced = r.Step.Number
	}
	for _, t := range r.Tasks() {
		switch {
		case len(t.Red) > 0:
			s.Failures[t.ID] = workshop.Failure{Test: t.Red[0].Test.Name, Said: r.Said(t.Red[0])}
		case t.Done():
			delete(s.Failures, t.ID)
		}
	}
	_ = w.Save(s)
}
