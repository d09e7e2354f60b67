package run

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
)

// An Examination is all that was found out about a submission, before there are marks.
// It depends on the submission's files, the checker and the seed alone.
type Examination struct {
	Status   result.Status // graded or refused
	Message  string
	Steps    []result.Step  // without marks
	Checks   []result.Check // without marks; no reason has the input, and every detail does
	Findings []result.Finding
	Notes    []string
	Seconds  float64
}

// examine builds and examines a submission. An error is a fault of this machine.
func (g *Grader) examine(ctx context.Context, steps map[int][]intake.File) (*Examination, error) {
	begun := time.Now()
	x := &examining{Grader: g, Examination: &Examination{Status: result.Graded}, messages: map[int]string{}, copies: map[int]bool{}}
	defer func() { x.Seconds = time.Since(begun).Seconds() }()
	if err := x.choose(steps); err != nil || x.Status == result.Refused {
		return x.Examination, err
	}
	x.untouched()
	x.copied(ctx)
	if len(x.todo) > 0 {
		var err error
		if x.builds, err = g.open(x.sources); err != nil {
			return nil, err
		}
		defer x.builds.Close()
		if err := x.bases(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(x.Checks, func(a, b result.Check) int {
		return cmp.Or(cmp.Compare(a.Base, b.Base), a.Step-b.Step)
	})
	for _, n := range g.steps {
		step := result.Step{Number: n, Message: x.messages[n], Built: x.messages[n] == nothingYet || x.copies[n]}
		for _, p := range x.programs {
			step.Built = step.Built || p.Steps[n].Built
		}
		x.Steps = append(x.Steps, step)
	}
	if g.Corpus != nil {
		x.Findings = append(x.Findings, g.Corpus.Review(policy.NewPrint(steps))...)
	}
	if g.Race && len(x.todo) > 0 {
		if err := x.race(ctx); err != nil {
			x.Notes = append(x.Notes, "data races were not looked for to the end: "+err.Error())
		}
	}
	return x.Examination, nil
}

// examining is a submission that is being examined.
type examining struct {
	*Grader
	*Examination
	todo     []int // the steps that are examined
	sources  build.Sources
	builds   builds
	programs []*build.Program
	messages map[int]string // about steps
	copies   map[int]bool   // steps that are the reference's, and have what that gets
}

// choose takes the steps that policy allows.
func (x *examining) choose(steps map[int][]intake.File) error {
	found, err := x.check(steps)
	if err != nil {
		return err
	}
	x.sources = make(build.Sources)
	allowed := len(steps) == 0
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		x.Findings = append(x.Findings, found[n]...)
		commands := false // a command that is no Go is left out, and the step stays
		wrong := slices.DeleteFunc(slices.Clone(found[n]), func(f result.Finding) bool {
			command := f.Kind == result.Build && build.IsCommand(f.File)
			commands = commands || command
			return command || f.Kind == result.Review
		})
		if len(wrong) > 0 {
			x.messages[n] = "not built: " + said(wrong[0])
			allowed = allowed || !slices.ContainsFunc(wrong, func(f result.Finding) bool { return f.Kind == result.Policy })
			continue
		}
		allowed = true
		x.sources[n] = make(map[string][]byte)
		for _, f := range steps[n] {
			if commands && build.IsCommand(f.Path) {
				continue
			}
			x.sources[n][f.Name] = f.Content
		}
	}
	if !allowed {
		i := slices.IndexFunc(x.Findings, func(f result.Finding) bool { return f.Kind != result.Review })
		x.Status, x.Message = result.Refused, "no step may be built: "+said(x.Findings[i])
	}
	return nil
}

// nothingYet is said of a step that is as it was handed out.
const nothingYet = "nothing is written yet: all files are as they were handed out"

// untouched finds the steps in which nothing is written. They need not be examined:
// nothing in them does what is asked, on whatever base.
func (x *examining) untouched() {
	for _, n := range x.steps {
		if !x.given.Untouched(n, x.sources[n]) {
			x.todo = append(x.todo, n)
			continue
		}
		x.messages[n] = nothingYet
		for _, c := range exam.Checks(n) {
			if x.only != nil && !slices.Contains(x.only, c.ID) {
				continue
			}
			x.Checks = append(x.Checks, result.Check{
				ID: c.ID, Task: c.Task(), Step: n, Base: result.Own, Title: c.Title, Seed: x.Seed,
				Outcome: result.NotReached, Reason: nothingYet, Detail: nothingYet,
			})
		}
	}
}

// said is a finding in a line.
func said(f result.Finding) string { return build.Place(f) + f.Text }

// bases examines every step on the student's earlier steps, and then those on the
// reference's that may do better there: the checks that have not passed, and what these
// need. One that has passed shows that the step does what it should, so it has passed on
// both.
func (x *examining) bases(ctx context.Context) error {
	own, err := x.base(ctx, result.Own, x.todo, x.only)
	if err != nil {
		return err
	}
	var again []int
	var only []string
	for _, n := range x.todo {
		if len(x.sources[n]) == 0 || !x.standsOnOwn(n, own) {
			continue
		}
		before := len(only)
		for _, c := range x.Checks {
			if c.Step == n && c.Outcome != result.Passed {
				only = append(only, c.ID)
			}
		}
		if len(only) > before {
			again = append(again, n)
		}
	}
	if len(again) == 0 {
		return nil
	}
	had := len(x.Checks)
	if _, err = x.base(ctx, result.Reference, again, only); err != nil {
		return err
	}
	asked := slices.Clone(x.Checks[had:])
	x.Checks = x.Checks[:had]
	for _, c := range x.Checks {
		if !slices.Contains(again, c.Step) {
			continue
		}
		if i := slices.IndexFunc(asked, func(a result.Check) bool { return a.ID == c.ID }); i >= 0 {
			x.Checks = append(x.Checks, asked[i])
		} else {
			x.Checks = append(x.Checks, takenOver(c, result.Reference))
		}
	}
	return nil
}

// standsOnOwn reports whether a step stands on code of the student's in the program. What
// could not be built is not in it, and has a message.
func (x *examining) standsOnOwn(n int, own *build.Program) bool {
	return slices.ContainsFunc(x.given.Below(n, x.sources), func(d int) bool {
		return len(x.sources[d]) > 0 && own.Steps[d].Message == "" && !x.given.Same(d, x.sources[d])
	})
}

// base builds the program on a base and runs checks of some of its steps; nil is all.
func (x *examining) base(ctx context.Context, base string, steps []int, only []string) (*build.Program, error) {
	p, err := x.build(ctx, build.Request{Base: base, Steps: steps, Commands: base == result.Own})
	if err != nil {
		return nil, err
	}
	x.programs = append(x.programs, p)
	for _, f := range p.Findings {
		if !slices.Contains(x.Findings, f) {
			x.Findings = append(x.Findings, f)
		}
	}
	for n, step := range p.Steps {
		if x.messages[n] == "" && !step.Built {
			x.messages[n] = step.Message
		}
	}
	r := x.running(p)
	defer r.Close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	for n, silent := range r.silent {
		if x.messages[n] == "" {
			x.messages[n] = silent.Message
		}
	}
	return p, x.ask(ctx, base, steps, only, r)
}

// build builds a program. The compiler leaves no processor alone, so there are no more
// builds at a time than processors, however many exams wait for their clients.
func (x *examining) build(ctx context.Context, r build.Request) (*build.Program, error) {
	select {
	case x.building <- struct{}{}:
		defer func() { <-x.building }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return x.builds.Build(ctx, r)
}

// ask runs the exam of some steps.
func (x *examining) ask(ctx context.Context, base string, steps []int, only []string, r *running) error {
	results, err := x.exam(ctx, exam.Config{
		Seed: x.Seed, Steps: steps, Base: base, Only: only, Whole: x.only != nil, Memory: x.memory,
		Hidden: func(string) bool { return true }, // see [Grader.mark]
		Start: func(ctx context.Context, step int, _ string) (exam.Process, error) {
			if s := r.Steps[step]; !s.Built {
				message := s.Message
				if m := x.messages[step]; m != "" {
					message = m // what policy says, rather than that there is nothing
				}
				return nil, &exam.Unbuilt{Message: message}
			}
			return r.start(ctx, step)
		},
	})
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return errors.New("run: the exam has no checks")
	}
	for _, r := range results {
		c := r.Check
		c.Detail = r.Detail
		x.Checks = append(x.Checks, c)
	}
	return nil
}
