package run

import (
	"context"
	"slices"

	"barewire/checker/grader/result"
)

// The reference is in the repository, so that whoever is stuck in a step finds a way to go
// on: many in a class may have handed in the same files. A step that is the reference's file
// for file, and stands on nothing else, is not run for each submission: it gets what the
// reference gets, which is run once for all, in a program that has nothing of a submission's
// in it. So no submission can reach another one by this way.

// examineReference examines the reference, and returns the checks of the steps that get
// everything. If one does not, the machine is to blame, and nobody shares that.
func (g *Grader) examineReference() map[int][]result.Check {
	ctx := context.Background() // a submission that is over must not end what is for all
	x := &examining{Grader: g, Examination: &Examination{}, messages: map[int]string{}, sources: g.given.Reference()}
	var err error
	if x.builds, err = g.open(x.sources); err != nil {
		return nil
	}
	defer x.builds.Close()
	if _, err = x.base(ctx, result.Own, g.steps, nil); err != nil {
		return nil
	}
	got := make(map[int][]result.Check)
	for _, c := range x.Checks {
		got[c.Step] = append(got[c.Step], takenOver(c, c.Base))
	}
	for _, c := range x.Checks {
		if c.Outcome != result.Passed {
			delete(got, c.Step)
		}
	}
	return got
}

// copied finds the steps that are the reference's, and gives them what that gets.
func (x *examining) copied(ctx context.Context) {
	if !x.Share || x.only != nil {
		return
	}
	same := func(n int) bool { return x.given.Same(n, x.sources[n]) }
	differs := func(n int) bool { return len(x.sources[n]) > 0 && !same(n) }
	own := func(n int) bool { return !same(n) || slices.ContainsFunc(x.given.Linked(n, x.sources), differs) }
	copies := slices.DeleteFunc(slices.Clone(x.todo), own)
	if len(copies) == 0 {
		return
	}
	known := make(chan map[int][]result.Check, 1)
	go func() { known <- x.reference() }()
	select {
	case checks := <-known:
		for _, n := range copies {
			x.Checks = append(x.Checks, checks[n]...)
			x.copies[n] = len(checks[n]) > 0
		}
		x.todo = slices.DeleteFunc(x.todo, func(n int) bool { return x.copies[n] })
	case <-ctx.Done():
	}
}

// takenOver is a check that has passed, where it was not run itself: what that run has
// taken and said is not of this one.
func takenOver(c result.Check, base string) result.Check {
	c.Base, c.Detail, c.Reason, c.Retried, c.Seconds = base, "", "", 0, 0
	return c
}
