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
		c.Retried, c.Seconds, c.Reason, c.Detail = 0, 0, "", ""
		got[c.Step] = append(got[c.Step], c)
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
	for _, n := range slices.Clone(x.todo) {
		if !same(n) || slices.ContainsFunc(x.given.Linked(n, x.sources), differs) {
			continue
		}
		known := make(chan map[int][]result.Check, 1)
		go func() { known <- x.reference() }()
		var checks []result.Check
		select {
		case all := <-known:
			checks = all[n]
		case <-ctx.Done():
			return
		}
		if len(checks) > 0 {
			x.Checks = append(x.Checks, checks...)
			x.copies[n] = true
			x.todo = slices.DeleteFunc(x.todo, func(o int) bool { return o == n })
		}
	}
}
