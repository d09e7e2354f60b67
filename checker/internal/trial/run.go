// Package trial lays wrong programs over the reference and says what the tests make of
// them.
//
// It leaves out what a wrong program is, which is checker/wrong's, and which ones there
// have to be, which the gate counts.
//
// Read this file first, then bundle.go, prune.go and red.go.
package trial

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
	"barewire/checker/wrong"
)

// timeout ends a program that hangs. It is shorter in this package's own tests.
var timeout = "60s"

// A Result is what became of a program: the text with which the test has caught it, as
// a learner would read it, or an error that says what happened instead.
type Result struct {
	Red string
	Err error
}

// Run runs the tests that have to catch the programs, each on its program laid
// over the reference. It returns what became of each, in their order. Env is for the
// go command.
//
// The programs of a step are first built together and tried in that bundle. What
// is not caught so is run by itself, and only that says what is wrong.
func Run(ctx context.Context, root string, programs []wrong.Program, env ...string) []Result {
	steps := map[string][]wrong.Program{}
	for _, p := range programs {
		steps[p.Step] = append(steps[p.Step], p)
	}
	results := map[string]Result{} // by the file of the program
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		maps.Copy(results, runStep(ctx, root, step, steps[step], env))
	}
	inOrder := make([]Result, len(programs))
	for i, p := range programs {
		inOrder[i] = results[p.File]
	}
	return inOrder
}

// runStep runs the programs of one step, two at a time.
func runStep(ctx context.Context, root, step string, programs []wrong.Program, env []string) map[string]Result {
	results := map[string]Result{}
	b, err := newBundle(ctx, root, step, programs, env)
	if err != nil {
		b = new(bundle) // each program says by itself what is wrong
	} else {
		defer b.remove()
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	places := make(chan struct{}, 2)
	for _, p := range programs {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			red, caught := b.catches(ctx, p)
			var err error
			if !caught {
				red, err = alone(ctx, root, p, env)
			}
			mu.Lock()
			defer mu.Unlock()
			// Where the workshop lies is nobody's business but of who runs this.
			results[p.File] = Result{strings.ReplaceAll(red, filepath.ToSlash(root)+"/", ""), err}
		})
	}
	wg.Wait()
	return results
}

// alone runs a program by itself. It returns what the test said.
func alone(ctx context.Context, root string, p wrong.Program, env []string) (string, error) {
	plan, err := overlay.Reference(root)
	if err != nil {
		return "", err
	}
	sources, err := p.Sources(root)
	if err != nil {
		return "", err
	}
	for file, src := range sources {
		plan.Replace(path.Join("steps", p.Step, file), starter.ToSteps(src))
	}
	file, remove, err := plan.Write()
	if err != nil {
		return "", err
	}
	defer remove()
	result, err := gotest.Run{
		Dir: root, Packages: []string{"./steps/" + p.Step}, Overlay: file, Env: env,
		Args: []string{"-vet=off", "-count=1", "-timeout=" + timeout, "-run=" + pattern(p.CaughtBy)},
	}.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.File, err)
	}
	pkg := result.Packages[0]
	i := slices.IndexFunc(pkg.Tests, func(t *gotest.Test) bool { return t.Name == p.CaughtBy })
	if err := verdict(p, pkg); err != nil || i < 0 {
		return "", err
	}
	return said(pkg.Tests[i]), nil
}

// said is what a test said, without what the program printed meanwhile.
func said(t *gotest.Test) string {
	messages, _ := t.Messages()
	var all []string
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return strings.Join(all, "\n\n")
}

// verdict says whether the test has caught the program.
func verdict(p wrong.Program, pkg *gotest.Package) error {
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
