package right

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"barewire/checker/internal/gotest"
)

// A Verdict is what the tests of a step said to a program.
type Verdict struct {
	Program
	Chain  Chain
	Tests  int      // that passed
	Faults []string // why the program was refused; none if it was not
}

// OK reports whether the program was not refused.
func (v Verdict) OK() bool { return len(v.Faults) == 0 }

// Run runs the tests of some steps on a chain, with more
// arguments of go test. It returns a verdict for each step.
func (c *Collection) Run(ctx context.Context, chain Chain, steps []string, args ...string) ([]Verdict, error) {
	plan, err := c.plan(chain)
	if err != nil {
		return nil, err
	}
	file, remove, err := plan.Write()
	if err != nil {
		return nil, err
	}
	defer remove()
	run := gotest.Run{Dir: c.root, Overlay: file, Env: []string{"GORACE=atexit_sleep_ms=0"},
		// What debuggers want is a sixth of the compiler's time, and most of the linker's.
		Args: append([]string{"-vet=off", "-count=1", "-timeout=120s", "-gcflags=barewire/steps/...=-dwarf=false", "-ldflags=-s -w"}, args...)}
	for _, step := range steps {
		run.Packages = append(run.Packages, "./steps/"+step)
	}
	result, err := run.Do(ctx)
	if err != nil {
		return nil, err
	}
	var all []Verdict
	for i, p := range result.Packages {
		v := Verdict{Program: Program{chain[steps[i]], steps[i]}, Chain: chain}
		v.judge(p)
		all = append(all, v)
	}
	return all, nil
}

// judge counts the tests that passed and says what is wrong with the others.
func (v *Verdict) judge(p *gotest.Package) {
	fault := func(format string, args ...any) { v.Faults = append(v.Faults, fmt.Sprintf(format, args...)) }
	for _, b := range p.Build {
		fault("%s:%d: %s", b.File, b.Line, b.Msg)
	}
	if p.Panic != nil {
		fault("a panic: %s", p.Panic.Value)
	}
	if p.Timeout != nil {
		fault("a test hangs: %s", strings.Join(p.Timeout.Tests, ", "))
	}
	for _, race := range p.Races {
		fault("a data race in %s", race.Test)
	}
	if len(p.Missing) > 0 && len(v.Faults) == 0 {
		fault("these tests did not run: %s", strings.Join(p.Missing, ", "))
	}
	for _, t := range p.Tests {
		switch t.Outcome {
		case gotest.Pass, gotest.Skip:
			v.Tests++
		case gotest.Fail:
			// A test with subtests fails with them, and they say why.
			if !slices.ContainsFunc(p.Tests, func(sub *gotest.Test) bool {
				return sub.Outcome == gotest.Fail && strings.HasPrefix(sub.Name, t.Name+"/")
			}) {
				fault("%s\n%s", t.Name, strings.Join(t.Output, "\n"))
			}
		}
	}
	if len(v.Faults) == 0 && !p.OK() {
		fault("%s\n%s", p.Exit, strings.Join(p.Output, "\n"))
	}
}

// String says who was refused by what.
func (v Verdict) String() string {
	return fmt.Sprintf("%s/%s/%s is refused%s\n%s", Dir, v.Author, v.Step, v.below(), strings.Join(v.Faults, "\n"))
}

// below says on whose earlier steps a program stood, unless all are its author's or
// the reference's.
func (v Verdict) below() string {
	var whose []string
	for step, author := range v.Chain {
		if step < v.Step {
			whose = append(whose, step[:2]+" of "+author)
		}
	}
	slices.Sort(whose)
	authors := map[string]bool{}
	for _, w := range whose {
		authors[w[len("00 of "):]] = true
	}
	switch {
	case len(authors) == 0:
		return ""
	case len(authors) > 1:
		return " on " + strings.Join(whose, ", ")
	case authors[v.Author]:
		return " on its author's earlier steps"
	}
	for author := range authors {
		return " on the earlier steps of " + author
	}
	return ""
}
