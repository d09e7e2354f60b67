package exam

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"barewire/checker/grader/result"
)

// What a Config without numbers stands for.
const (
	// DefaultPatience is how long something may take that takes no time: long,
	// because a machine that grades is busy.
	DefaultPatience = 5 * time.Second

	// DefaultStepTime is for all checks of a step. Those that have not begun by
	// then are not reached, if the step has let others wait in vain; if it has not, the
	// machine is slow, and that is nobody's fault.
	DefaultStepTime = time.Minute

	// DefaultParallel is how many checks run at once, most of which wait.
	DefaultParallel = 12
)

// A Config says what is examined.
type Config struct {
	Seed  uint64 // of which the inputs are drawn
	Steps []int  // all if it is empty
	Base  string // "own" or "reference"; it is handed to Start and put into the results
	Start Driver

	// Hidden says which checks' inputs a student does not see; nil for none.
	Hidden func(id string) bool

	// Only are the IDs of the checks that run, together with what they need; nil
	// for all.
	Only []string

	Whole    bool // texts of results are as long as they are, or nearly
	NoRetry  bool // a check that fails is not run again
	Patience time.Duration
	StepTime time.Duration
	Parallel int

	// Memory is what is known from other submissions that got the same inputs; nil for
	// nothing.
	Memory *Memory

	// Done is told of each result, if it is not nil; by one goroutine at a time.
	Done func(r Result)
}

// A Result is the result of a check, and what is for the instructor only.
type Result struct {
	result.Check
	Detail string // the Reason with the input, also where that is hidden
}

// Run runs the checks and returns their results, in order. An error is a fault of
// the infrastructure: then there are no results, and the submission is not to blame.
func Run(ctx context.Context, cfg Config) ([]Result, error) {
	cfg = cfg.orDefaults()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	e := &run{Config: cfg, ctx: ctx, stop: stop, slots: make(chan struct{}, cfg.Parallel)}
	results := make([][]Result, len(cfg.Steps))
	var all sync.WaitGroup
	for i, step := range cfg.Steps {
		all.Go(func() { results[i] = e.step(step) })
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return slices.Concat(results...), nil
}

func (cfg Config) orDefaults() Config {
	if len(cfg.Steps) == 0 {
		cfg.Steps = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	}
	if cfg.Patience == 0 {
		cfg.Patience = DefaultPatience
	}
	if cfg.StepTime == 0 {
		cfg.StepTime = DefaultStepTime
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = DefaultParallel
	}
	return cfg
}

// A run is one call of Run.
type run struct {
	Config
	ctx   context.Context
	stop  context.CancelCauseFunc // with a fault
	slots chan struct{}           // one for each check that runs

	mu sync.Mutex // for Done
}

// A stepRun is the checks of one step. Those that share a driver do so until one of
// them ends it or hangs in it.
type stepRun struct {
	*run
	number int
	ctx    context.Context // ends with the time of the step
	done   map[string]chan struct{}

	mu      sync.Mutex
	passed  map[string]bool
	shared  *driver
	slow    bool       // a check has waited in vain
	dead    error      // why no driver can be started: *Unbuilt or a *Failure
	calling sync.Mutex // one check at a time that only calls functions
}

// step runs the checks of a step.
func (e *run) step(number int) []Result {
	checks := e.chosen(Checks(number))
	results := make([]Result, len(checks))
	if len(checks) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(e.ctx, e.StepTime)
	defer cancel()
	s := &stepRun{run: e, number: number, ctx: ctx, done: map[string]chan struct{}{}, passed: map[string]bool{}}
	for _, c := range checks {
		s.done[c.ID] = make(chan struct{})
	}
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			defer close(s.done[c.ID])
			r := s.check(c)
			r.Seed, r.Base = e.Seed, e.Base
			r.ID, r.Task, r.Step, r.Title = c.ID, c.Task(), number, c.Title
			if results[i] = r; e.Done != nil {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.Done(r)
			}
		})
	}
	all.Wait()
	if s.shared != nil {
		s.shared.Stop()
	}
	return results
}

// most is how much of an input is shown.
func (e *run) most() int {
	if e.Whole {
		return mostWhole
	}
	return mostShown
}

// chosen returns the checks that Only names, and what they need.
func (e *run) chosen(checks []Check) []Check {
	if e.Only == nil {
		return checks
	}
	wanted := map[string]bool{}
	for _, id := range e.Only {
		wanted[id] = true
	}
	for _, c := range slices.Backward(checks) { // what is needed stands before
		if wanted[c.ID] {
			for _, id := range c.Needs {
				wanted[id] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool { return !wanted[c.ID] })
}

// check runs one check, once more if it has to be.
func (s *stepRun) check(c Check) Result {
	for _, id := range c.Needs {
		done := s.done[id]
		if done == nil {
			s.stop(fmt.Errorf("exam: %s needs %s, which is no check before it", c.ID, id))
			return Result{}
		}
		<-done
		s.mu.Lock()
		ok := s.passed[id]
		s.mu.Unlock()
		if !ok {
			return notReached("it needs " + id + ", which has not passed")
		}
	}
	if (!c.Live || c.Story) && !c.Alone {
		s.calling.Lock()
		defer s.calling.Unlock()
	}
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	if s.run.ctx.Err() != nil {
		return Result{}
	}
	if s.ctx.Err() != nil && s.waited() {
		return notReached(fmt.Sprintf("the %v for this step were used up by other checks", s.StepTime))
	}
	began := time.Now()
	f, shared := s.once(c, c.Alone)
	retried, flake := 0, ""
	// Another check may have ended the driver, or kept its processor busy; and what
	// is live fails now and then on a machine that is.
	again := f != nil && shared && (f.gone || f.slow && !s.NoRetry)
	flaky := f != nil && !f.unreached && !s.NoRetry && (c.Live || f.slow)
	if (again || flaky) && (s.ctx.Err() == nil || !s.waited()) {
		if !again || f.slow {
			retried = 1
		}
		first := f
		if f, _ = s.once(c, true); f == nil && retried > 0 {
			flake = "it passed at the second try, with the same inputs; at the first:\n" + first.text(c, false, s.most())
		}
	}
	r := Result{Detail: flake}
	r.Seconds, r.Retried = time.Since(began).Seconds(), retried
	switch {
	case f == nil:
		r.Outcome = result.Passed
		s.mu.Lock()
		s.passed[c.ID] = true
		s.mu.Unlock()
	case f.unreached:
		r.Outcome = result.NotReached
	default:
		r.Outcome = result.Failed
	}
	if f != nil {
		r.Hidden = s.Hidden != nil && s.Hidden(c.ID)
		r.Reason, r.Detail = f.text(c, r.Hidden, s.most()), f.text(c, false, s.most())
	}
	return r
}

// waited reports whether a check has waited in vain.
func (s *stepRun) waited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slow
}

func notReached(reason string) Result {
	return Result{Check: result.Check{Outcome: result.NotReached, Reason: reason}, Detail: reason}
}

// once runs a check on the shared driver, or on one of its own.
func (s *stepRun) once(c Check, alone bool) (f *Failure, shared bool) {
	d, err := s.get(alone)
	if err != nil {
		if f, ok := errors.AsType[*Failure](err); ok {
			return f, false
		}
		s.stop(err)
		return nil, false
	}
	f = s.try(c, d)
	if f != nil && f.slow {
		s.mu.Lock()
		s.slow = true
		s.mu.Unlock()
	}
	switch {
	case alone:
		if exit := d.Stop(); exit.Fault != nil {
			s.stop(exit.Fault)
		}
	case f != nil && (f.gone || f.slow || c.Story):
		s.drop(d)
	}
	return f, !alone
}

// get returns the shared driver, or a new one.
func (s *stepRun) get(alone bool) (*driver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead != nil {
		return nil, s.dead
	}
	if !alone && s.shared != nil {
		return s.shared, nil
	}
	p, err := s.Start(s.run.ctx, s.number, s.Base)
	if err == nil {
		err = Greet(p, s.Patience)
	}
	if silent, ok := errors.AsType[*Silent](err); ok && silent.Slow { // the machine may be busy
		if p, err = s.Start(s.run.ctx, s.number, s.Base); err == nil {
			err = Greet(p, s.Patience)
		}
	}
	if unbuilt, ok := errors.AsType[*Unbuilt](err); ok {
		s.dead = &Failure{Brief: "the step does not compile: " + unbuilt.Message, unreached: true}
		return nil, s.dead
	}
	if silent, ok := errors.AsType[*Silent](err); ok {
		s.dead = &Failure{Brief: silent.Message, unreached: true}
		return nil, s.dead
	}
	if err != nil {
		return nil, fmt.Errorf("exam: starting a driver: %w", err)
	}
	d := &driver{p}
	if !alone {
		s.shared = d
	}
	return d, nil
}

// drop ends the shared driver, if it is still d; the next check gets another one.
func (s *stepRun) drop(d *driver) {
	s.mu.Lock()
	if s.shared == d {
		s.shared = nil
	}
	s.mu.Unlock()
	if exit := d.Stop(); exit.Fault != nil {
		s.stop(exit.Fault)
	}
}

// try runs a check on a driver. What it panics with is why it has failed; what
// else panics is a mistake of the exam.
func (s *stepRun) try(c Check, d *driver) (failure *Failure) {
	x := &X{Rand: &Rand{draw(s.Seed, c.ID)}, check: c, driver: d, patience: s.Patience, memory: s.Memory}
	defer x.cleanup()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Failure:
			failure = p
			p.Brief = x.doing + p.Brief
		case error:
			s.stop(fmt.Errorf("exam: %s: %w\n%s", c.ID, p, debug.Stack()))
		default:
			s.stop(fmt.Errorf("exam: %s: %v\n%s", c.ID, p, debug.Stack()))
		}
	}()
	c.run(x)
	return nil
}
