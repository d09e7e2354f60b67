package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"barewire/checker/grader/result"
	"barewire/checker/grader/run"
	"barewire/checker/internal/show"
)

// replay runs one check again, for an instructor who wants to see what was sent, wanted
// and got. Nothing is graded and nothing is kept.
func (g *grading) replay(ctx context.Context, paths []string) error {
	if g.seed == "" || g.out != "" || g.shard != "" {
		return usageError{errors.New("grade: --check takes --seed N, which the results name, and neither -o nor --shard: nothing is graded")}
	}
	if _, err := run.StepOf(g.check); err != nil {
		return usageError{fmt.Errorf("grade: %w", err)}
	}
	g.part = run.Whole
	if _, err := g.ready(ctx, paths, logFile); err != nil {
		return err
	}
	for _, s := range g.all {
		e, err := g.grader.Replay(ctx, s, g.check)
		if err != nil {
			return fmt.Errorf("%s: %w", result.Visible(s.ID), err)
		}
		g.w.Lines("", g.w.Style.Bold(result.Visible(s.ID)))
		if e.Message != "" {
			g.w.Lines("  " + result.Visible(e.Message))
		}
		for _, c := range e.Checks {
			if c.ID != g.check && c.Outcome == result.Passed {
				continue // it was needed
			}
			on := "on the student's own steps"
			if c.Base == result.Reference {
				on = "on the reference's steps"
			}
			again := ""
			if c.Retried > 0 {
				again = ", tried " + show.Count(c.Retried+1, "time")
			}
			g.w.Lines(fmt.Sprintf("  %s %s %s%s", c.ID, c.Outcome, on, again))
			g.w.Lines(show.Hang("    ", c.Title)...)
			for line := range strings.Lines(c.Detail) {
				g.w.Lines("    " + strings.TrimRight(line, "\n"))
			}
		}
	}
	return nil
}
