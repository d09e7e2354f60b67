package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
)

// A Class is submissions that are graded one after another, several at a time. What is
// graded is in the log at once, so the work can end at any moment and go on later.
type Class struct {
	Grade       func(context.Context, intake.Submission) (result.Submission, error) // [Grader.One]
	Submissions []intake.Submission
	Log         *result.Log
	Done        []result.Submission // what the log has already
	Jobs        int                 // how many at a time; 0 is [Jobs]
	Report      func(Event)         // called by one goroutine at a time; may be nil
}

// An Event is something that happened to a submission.
type Event struct {
	ID     string
	Result *result.Submission // nil at its begin
}

// Jobs is how many submissions at a time keep this machine busy. An exam has a thousand
// small waits in it, for slow clients and deadlines, so one leaves most of a processor
// idle; with more than twice as many, checks begin to wait for a processor.
func Jobs() int { return 2 * runtime.GOMAXPROCS(0) }

// ErrChanged is returned where a submission is not what was graded before.
var ErrChanged = errors.New("changed since it was graded")

// Left returns the submissions that the log does not have, or has as faults. An error
// says that one of the others is not what was graded; to find that out they are read.
func (c *Class) Left(ctx context.Context) ([]intake.Submission, error) {
	done := make(map[string]*result.Submission)
	for i := range c.Done {
		if c.Done[i].Status != result.Fault {
			done[c.Done[i].ID] = &c.Done[i]
		}
	}
	var left []intake.Submission
	for _, s := range c.Submissions {
		was := done[result.Visible(s.ID)]
		if was == nil {
			left = append(left, s)
			continue
		}
		s, err := s.Load(ctx)
		if err != nil {
			return nil, err
		}
		if s.Digest != was.Digest {
			return nil, fmt.Errorf("run: %s has %w: regrade the class", was.ID, ErrChanged)
		}
	}
	return left, nil
}

// Run grades those that are left. When ctx ends, so does all that is under way, and
// nothing of it is in the log.
func (c *Class) Run(ctx context.Context, left []intake.Submission) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	jobs := c.Jobs
	if jobs == 0 {
		jobs = Jobs()
	}
	work := make(chan intake.Submission)
	var all sync.WaitGroup
	var mu sync.Mutex
	report := func(e Event) error {
		mu.Lock()
		defer mu.Unlock()
		if e.Result != nil {
			if err := c.Log.Append(*e.Result); err != nil {
				return fmt.Errorf("run: %s cannot be noted: %w", e.ID, err)
			}
			c.Done = append(slices.DeleteFunc(c.Done, func(s result.Submission) bool { return s.ID == e.ID }), *e.Result)
		}
		if c.Report != nil {
			c.Report(e)
		}
		return nil
	}
	for range min(jobs, len(left)) {
		all.Go(func() {
			for s := range work {
				err := report(Event{ID: s.ID})
				var r result.Submission
				if err == nil {
					r, err = c.Grade(ctx, s)
				}
				if err == nil {
					err = report(Event{ID: r.ID, Result: &r})
				}
				if err != nil {
					stop(err)
				}
			}
		})
	}
	func() {
		defer close(work)
		for _, s := range left {
			select {
			case work <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	all.Wait()
	return context.Cause(ctx)
}
