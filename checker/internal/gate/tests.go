package gate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/trial"
	"barewire/checker/wrong"
)

// quickExit keeps the race detector from sleeping for a second at the end of each
// program, which it does so that races at exit are seen.
const quickExit = "GORACE=atexit_sleep_ms=0"

// withPlan lays the trees that lay says, and calls do with the overlay.
func (g *gate) withPlan(lay func(*overlay.Plan) error, do func(file string) error) error {
	plan := overlay.New(g.root)
	if err := lay(plan); err != nil {
		return err
	}
	file, remove, err := plan.Write()
	if err != nil {
		return err
	}
	defer remove()
	return do(file)
}

// names returns the names of the tests that ran, sorted.
func names(p *gotest.Package) []string {
	var all []string
	for _, t := range p.Tests {
		all = append(all, t.Name)
	}
	slices.Sort(all)
	return all
}

// problems says what kept a package's tests from being counted: it was not built,
// it panicked, it hung, or tests that should have run did not.
func problems(step string, p *gotest.Package) (all []string) {
	for _, b := range p.Build {
		all = append(all, fmt.Sprintf("%s: %s:%d: %s", step, b.File, b.Line, b.Msg))
	}
	if p.Panic != nil {
		all = append(all, fmt.Sprintf("%s: a panic: %s", step, p.Panic.Value))
	}
	if p.Timeout != nil {
		all = append(all, fmt.Sprintf("%s: a test hangs: %s", step, strings.Join(p.Timeout.Tests, ", ")))
	}
	for _, race := range p.Races {
		all = append(all, fmt.Sprintf("%s: a data race in %s: %s", step, race.Test, accesses(race)))
	}
	if len(p.Missing) > 0 {
		all = append(all, fmt.Sprintf("%s: these tests did not run: %s", step, strings.Join(p.Missing, ", ")))
	}
	if len(p.Tests) == 0 {
		all = append(all, fmt.Sprintf("%s: no test ran at all", step))
	}
	return all
}

// accesses names the two sides of a race, each with the calls that led to it.
func accesses(race gotest.Race) string {
	var sides []string
	for _, a := range race.Accesses {
		side := strings.ToLower(a.What)
		for _, f := range a.Stack[:min(len(a.Stack), 6)] {
			side += fmt.Sprintf(" < %s:%d", f.File, f.Line)
		}
		sides = append(sides, side)
	}
	return strings.Join(sides, " and ")
}

// checkGreen runs the steps' tests on the solutions. Each of them must pass by its
// own event: what the program prints at its end is not asked.
func checkGreen(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	steps, err := starter.Steps(g.root)
	if err != nil {
		v.failf("%v", err)
		return v
	}
	steps = slices.DeleteFunc(steps, func(step string) bool { return !strings.HasPrefix(step, g.step) })
	race, missing := g.raceDetector(ctx)
	if missing != "" {
		v.notRun = append(v.notRun, missing)
	}
	run := gotest.Run{Dir: g.root, Args: append(race, "-vet=off", "-count=1", "-shuffle=on", "-timeout=300s"), Env: []string{quickExit}}
	for _, step := range steps {
		run.Packages = append(run.Packages, "./solutions/"+step)
	}
	programs := g.testedPrograms(steps)
	for _, program := range programs {
		run.Packages = append(run.Packages, "./solutions/"+program)
	}
	err = g.withPlan(func(p *overlay.Plan) error {
		for _, step := range steps {
			if err := p.TestsOverSolution(step); err != nil {
				return err
			}
		}
		return nil
	}, func(file string) error {
		run.Overlay = file
		result, err := run.Do(ctx)
		if err != nil {
			return err
		}
		g.green = map[string][]string{}
		for i, p := range result.Packages {
			if i >= len(steps) {
				v.green(programs[i-len(steps)], p)
				continue
			}
			v.green(steps[i], p)
			g.green[steps[i]] = slices.DeleteFunc(names(p), g.ownTests(steps[i]))
		}
		return nil
	})
	if err != nil {
		v.failf("%v", err)
	}
	v.sentences(g)
	return v
}

// testedPrograms returns the folders in those of the solutions that have tests, such
// as "10-production-server/barewire".
func (g *gate) testedPrograms(steps []string) []string {
	var programs []string
	for _, step := range steps {
		files, _ := filepath.Glob(filepath.Join(g.root, "solutions", step, "*", "*_test.go"))
		for _, file := range files {
			program := step + "/" + filepath.Base(filepath.Dir(file))
			if !slices.Contains(programs, program) {
				programs = append(programs, program)
			}
		}
	}
	return programs
}

// testFunc is the line that declares a test.
var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// ownTests returns a function that says whether a test is one of the solution's
// own, which a starter does not have: what the reference promises beyond the task.
func (g *gate) ownTests(step string) func(name string) bool {
	own := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(g.root, "solutions", step, "*_test.go"))
	for _, file := range files {
		src, _ := os.ReadFile(file) // a file that is gone has no tests
		for _, m := range testFunc.FindAllSubmatch(src, -1) {
			own[string(m[1])] = true
		}
	}
	return func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return own[top]
	}
}

// green judges the tests of one solution.
func (v *verdict) green(step string, p *gotest.Package) {
	found := problems("solutions/"+step, p)
	for _, t := range p.Tests {
		switch {
		case t.Outcome == gotest.Pass:
			v.passed++
		case t.Outcome == gotest.Skip:
			v.notRun = append(v.notRun, fmt.Sprintf("solutions/%s: %s skipped itself: %s", step, t.Name, strings.Join(t.Output, " ")))
		default:
			found = append(found, fmt.Sprintf("solutions/%s: %s: %s\n%s", step, t.Name, t.Outcome, strings.Join(t.Output, "\n")))
		}
	}
	if len(found) == 0 && !p.OK() {
		found = append(found, fmt.Sprintf("solutions/%s: %s\n%s", step, p.Exit, strings.Join(p.Output, "\n")))
	}
	v.failures = append(v.failures, found...)
}

// checkRed runs the steps' tests on the starters, each on the reference of the
// steps before it so that it is red for its own reason. The starters are generated
// anew: what a learner wrote does not count.
func checkRed(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	steps, err := starter.Steps(g.root)
	if err != nil {
		v.failf("%v", err)
		return v
	}
	for i, step := range steps {
		if !strings.HasPrefix(step, g.step) {
			continue
		}
		err := g.withPlan(func(p *overlay.Plan) error {
			for _, earlier := range steps[:i] {
				if err := p.ReferenceUnder(earlier); err != nil {
					return err
				}
			}
			return p.StarterUnder(step)
		}, func(file string) error {
			result, err := gotest.Run{Dir: g.root, Packages: []string{"./steps/" + step}, Overlay: file,
				Args: []string{"-vet=off", "-count=1", "-timeout=60s"}}.Do(ctx)
			if err == nil {
				v.red(step, result.Packages[0], g.green[step])
			}
			return err
		})
		if err != nil {
			v.failf("steps/%s: %v", step, err)
		}
	}
	return v
}

// red judges the tests of one starter. Green is the tests of its solution, or nil
// where those have not been run.
func (v *verdict) red(step string, p *gotest.Package, green []string) {
	v.failures = append(v.failures, problems("steps/"+step, p)...)
	for _, t := range p.Tests {
		if t.Outcome == gotest.Fail {
			v.passed++
		} else {
			v.failf("steps/%s: %s: %s on the starter, and must fail", step, t.Name, t.Outcome)
		}
	}
	if green == nil {
		return
	}
	ran := names(p)
	for _, name := range green {
		if _, ok := slices.BinarySearch(ran, name); !ok {
			v.failf("steps/%s: %s runs on the solution only", step, name)
		}
	}
	for _, name := range ran {
		if _, ok := slices.BinarySearch(green, name); !ok {
			v.failf("steps/%s: %s runs on the starter only", step, name)
		}
	}
}

// checkWrong runs every wrong program.
func checkWrong(ctx context.Context, g *gate) *verdict {
	v := new(verdict)
	programs, err := wrong.Load(g.root)
	if err != nil {
		v.failf("%v", err)
	}
	programs = slices.DeleteFunc(programs, func(p wrong.Program) bool { return !strings.HasPrefix(p.Step, g.step) })
	results := trial.Run(ctx, g.root, programs)
	for _, r := range results {
		if r.Err != nil {
			v.failf("%v", r.Err)
		} else {
			v.passed++
		}
	}
	for _, problem := range trial.CheckReds(g.root, programs, results, os.Getenv("UPDATE") != "") {
		v.failf("%s", problem)
	}
	slices.Sort(v.failures)
	return v
}
