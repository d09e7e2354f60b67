package wrong

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
)

// Run runs the test that has to catch the program, on the program laid over the
// reference, and returns nil if the test fails as it should. The error says what
// happened instead. Env is for the go command.
func (p Program) Run(ctx context.Context, root string, env ...string) error {
	plan := overlay.New(root)
	steps, err := starter.Steps(root)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := plan.ReferenceUnder(step); err != nil {
			return err
		}
	}
	sources, err := p.Sources(root)
	if err != nil {
		return err
	}
	for file, src := range sources {
		plan.Replace(path.Join("steps", p.Step, file), starter.ToSteps(src))
	}
	file, remove, err := plan.Write()
	if err != nil {
		return err
	}
	defer remove()
	result, err := gotest.Run{
		Dir: root, Packages: []string{"./steps/" + p.Step}, Overlay: file, Env: env,
		Args: []string{"-vet=off", "-count=1", "-timeout=60s", "-run=" + pattern(p.CaughtBy)},
	}.Do(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	return p.verdict(result.Packages[0])
}

// verdict says whether the test has caught the program.
func (p Program) verdict(pkg *gotest.Package) error {
	end := ""
	switch {
	case len(pkg.Build) > 0:
		return fmt.Errorf("%s: it does not compile: %s:%d: %s", p.File, pkg.Build[0].File, pkg.Build[0].Line, pkg.Build[0].Msg)
	case pkg.Timeout != nil:
		end = "hang"
	case pkg.Panic != nil:
		end = "panic"
	}
	if end != p.EndsWith {
		return fmt.Errorf("%s: it ends with %q, and should with %q; the test is %s", p.File, end, p.EndsWith, p.CaughtBy)
	}
	for _, t := range pkg.Tests {
		if t.Name == p.CaughtBy && (t.Outcome == gotest.Fail || end != "" && t.Outcome == gotest.Unfinished) {
			return nil
		}
	}
	for _, t := range pkg.Tests {
		if t.Name == p.CaughtBy {
			return fmt.Errorf("%s: not caught: %s says %s", p.File, p.CaughtBy, t.Outcome)
		}
	}
	return fmt.Errorf("%s: there is no test %s in %s", p.File, p.CaughtBy, p.Step)
}

// pattern returns the argument of -run that selects one test or subtest.
func pattern(test string) string {
	levels := strings.Split(test, "/")
	for i, level := range levels {
		levels[i] = "^" + regexp.QuoteMeta(level) + "$"
	}
	return strings.Join(levels, "/")
}
