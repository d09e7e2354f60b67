package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"barewire/checker/internal/right"
)

// nightly are the stages that take too long to be waited for.
var nightly = []stage{
	{"right", "every right program passes: alone, with -race and -shuffle, and on other authors' steps", checkRightAll},
	{"marks", "the grader gives every right program all of its points", checkMarks},
	{"mutants", "the tests notice small changes of the reference", checkMutants},
	{"bisect", "bisect finds a mistake that is planted in an earlier step", checkBisect},
	{"selftest", "hostile submissions of every kind are stopped", checkSelftest},
	{"fuzz", "each fuzz target for a long time", checkFuzz},
}

// checkRightAll tries the right programs in every way.
func checkRightAll(ctx context.Context, g *gate) *verdict {
	ways := right.Ways
	_, missing := g.raceDetector(ctx)
	if missing != "" {
		ways = []right.Way{right.Own, right.Alone, right.Mixed}
	}
	v := g.right(ctx, ways...)
	if missing != "" {
		v.notRun = append(v.notRun, missing)
	}
	return v
}

// A graded is what is read here of the grader's results.
type graded struct {
	Submissions []struct {
		ID, Status, Message string
		Steps               []struct {
			Number int
			Score  float64
			Max    float64 `json:"max_score"`
		}
		Checks []struct {
			ID, Base, Outcome, Reason, Detail string
			Step                              int
		}
	}
}

// checkMarks has the grader grade a class of all authors. A right program that loses a
// point is one, or the check that fails it asks too much.
func checkMarks(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	dir, err := os.MkdirTemp("", "barewire-right-")
	if err != nil {
		v.failf("%v", err)
		return v
	}
	defer os.RemoveAll(dir)
	c, err := right.Load(g.root)
	if err != nil {
		v.failf("%v", err)
		return v
	}
	for _, author := range c.Authors {
		if err := c.Submit(author, filepath.Join(dir, "class", author)); err != nil {
			v.failf("%v", err)
			return v
		}
	}
	out := filepath.Join(dir, "out")
	said, err := g.command(ctx, ".", nil, "tool", "checker", "grade", "-seed", fmt.Sprint(g.seed), "-o", out, filepath.Join(dir, "class"))
	if noSandbox(err) {
		v.notRun = append(v.notRun, "the grader: "+bubblewrap)
		return v
	}
	text, readErr := os.ReadFile(filepath.Join(out, "results.json"))
	var all graded
	if err := errors.Join(err, readErr, json.Unmarshal(text, &all)); err != nil {
		v.failf("the grader: %v\n%s", err, said)
		return v
	}
	for _, s := range all.Submissions {
		if s.Status != "graded" {
			v.failf("%s: %s: %s", s.ID, s.Status, s.Message)
		}
		for _, step := range s.Steps {
			if c.Has(s.ID, c.Steps[step.Number-1]) && step.Score == step.Max {
				v.passed++
			}
		}
		told := map[int]bool{} // steps with a check that failed: what needs it is not reached
		for _, check := range s.Checks {
			if step := c.Steps[check.Step-1]; c.Has(s.ID, step) && (check.Outcome == "failed" || check.Outcome != "passed" && !told[check.Step]) {
				told[check.Step] = true
				v.failf("%s/%s/%s: %s (%s): %s: %s\n%s", right.Dir, s.ID, step, check.ID, check.Base, check.Outcome, check.Reason, check.Detail)
			}
		}
	}
	return v
}

// tableRow is a line of the table that "mutants" ends with, and what it caught.
var tableRow = regexp.MustCompile(`(?m)^\| \d\d-\S+ \| \d+ \| \d+ \| (\d+) \|`)

// checkMutants runs the mutants of every step.
func checkMutants(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	args := []string{"tool", "checker", "mutants"}
	if g.step != "" {
		args = append(args, "-step", g.step)
	}
	said, err := g.command(ctx, ".", nil, args...)
	for _, row := range tableRow.FindAllStringSubmatch(said, -1) {
		v.passed += number(row[1])
	}
	if err != nil {
		v.failf("mutants: %v\n%s", err, said)
	}
	return v
}

// checkSelftest grades the whole collection of hostile submissions.
func checkSelftest(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	said, err := g.command(ctx, ".", nil, "tool", "checker", "selftest")
	switch {
	case noSandbox(err):
		v.notRun = append(v.notRun, "the selftest: "+bubblewrap)
	case err != nil:
		v.failf("selftest: %v\n%s", err, said)
	default:
		v.passed++
	}
	return v
}

const bubblewrap = "there is no sandbox here: apt-get install bubblewrap"

// noSandbox reports whether the grader ended because there is no sandbox.
func noSandbox(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 3
}
