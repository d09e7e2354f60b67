package run

import (
	"context"
	"errors"
	"slices"
	"sync"

	"barewire/checker/grader/build"
	"barewire/checker/grader/exam"
	"barewire/checker/grader/result"
)

// A running is a program that is examined. A package that ends or holds it before main
// takes all others with it; so it is greeted once before it is asked anything, and the
// steps that let it not get that far are left out.
type running struct {
	*build.Program // of all steps
	x              *examining
	silent         map[int]*exam.Silent // the steps that are left out
	answers        *build.Program       // of those that are not

	mu    sync.Mutex
	ready exam.Process // has been greeted, and is the first that the exam gets
}

func (x *examining) running(p *build.Program) *running {
	return &running{Program: p, x: x, silent: map[int]*exam.Silent{}}
}

// begin greets the program, and finds out which steps are to be left out.
func (r *running) begin(ctx context.Context) error {
	var left []int
	for n, s := range r.Steps {
		if s.Built {
			left = append(left, n)
		}
	}
	slices.Sort(left)
	for p := r.Program; len(left) > 0; {
		ready, silent, err := r.x.greet(ctx, p)
		if err != nil {
			return err
		}
		if silent == nil {
			r.answers, r.ready = p, ready
			return nil
		}
		guilty, err := r.first(ctx, left)
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(n int) bool {
			with := n == guilty || r.Base == result.Own && slices.Contains(r.x.given.Linked(n, r.built()), guilty)
			if with {
				r.silent[n] = silent
			}
			return with
		})
		if len(left) > 0 {
			if p, err = r.x.build(ctx, build.Request{Base: r.Base, Steps: left}); err != nil {
				return err
			}
		}
	}
	return nil
}

// first returns the first step with which a program does not answer, of several that do
// not together. A step imports earlier ones only.
func (r *running) first(ctx context.Context, steps []int) (int, error) {
	low, high := 0, len(steps)-1
	for low < high {
		middle := (low + high) / 2
		p, err := r.x.build(ctx, build.Request{Base: r.Base, Steps: slices.Clone(steps[:middle+1])})
		if err != nil {
			return 0, err
		}
		process, silent, err := r.x.greet(ctx, p)
		switch {
		case err != nil:
			return 0, err
		case silent != nil:
			high = middle
		default:
			process.Stop()
			low = middle + 1
		}
	}
	return steps[low], nil
}

// built are the sources that are in the program.
func (r *running) built() build.Sources {
	in := build.Sources{}
	for n, files := range r.x.sources {
		if s := r.Steps[n]; s.Built || s.Message == "" {
			in[n] = files
		}
	}
	return in
}

// start starts the program for a step.
func (r *running) start(ctx context.Context, step int) (exam.Process, error) {
	if silent := r.silent[step]; silent != nil {
		return nil, silent
	}
	r.mu.Lock()
	ready := r.ready
	r.ready = nil
	r.mu.Unlock()
	if ready != nil {
		return ready, nil
	}
	return r.x.start(ctx, r.answers, nil)
}

// Close stops what nobody has asked anything.
func (r *running) Close() {
	if r.ready != nil {
		r.ready.Stop()
	}
}

// greet starts a program and waits for its answer: twice, where it takes long, for the
// machine may be busy.
func (x *examining) greet(ctx context.Context, p *build.Program) (exam.Process, *exam.Silent, error) {
	for again := true; ; again = false {
		process, err := x.start(ctx, p, nil)
		if err != nil {
			return nil, nil, err
		}
		err = x.answers(process)
		silent, ok := errors.AsType[*exam.Silent](err)
		switch {
		case ok && silent.Slow && again:
		case ok:
			return nil, silent, nil
		default:
			return process, nil, err
		}
	}
}
