package gate

import (
	"context"

	"barewire/checker/internal/right"
)

// wantedRight is how many right programs each step has at least.
const wantedRight = 3

// checkRight runs the tests on the right programs: each author's course on its own.
func checkRight(ctx context.Context, g *gate) *verdict {
	return g.right(ctx, right.Own)
}

// right tries the right programs in some ways.
func (g *gate) right(ctx context.Context, ways ...right.Way) *verdict {
	v := new(verdict)
	c, err := right.Load(g.root)
	if err != nil {
		v.failf("%v", err)
		return v
	}
	for _, step := range c.Steps {
		if n := len(c.Of(step)); n < wantedRight {
			v.failf("%s has %d right program(s) in %s; at least %d are wanted", step, n, right.Dir, wantedRight)
		}
	}
	_, err = c.Survey(ctx, ways, g.step, g.seed, func(way right.Way, found right.Verdict) {
		v.passed += found.Tests
		if !found.OK() {
			v.failf("%s: %s", way, found)
		}
	})
	if err != nil {
		v.failf("%v", err)
	}
	return v
}
