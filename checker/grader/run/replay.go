package run

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
)

// Replay runs one check of a submission, and those that it needs, with the inputs that
// the seed draws. What a check says of itself is as long as it is, or nearly.
func (g *Grader) Replay(ctx context.Context, s intake.Submission, id string) (*Examination, error) {
	step, err := StepOf(id)
	if err != nil {
		return nil, err
	}
	one := *g
	one.steps, one.only, one.Corpus, one.Race = []int{step}, []string{id}, nil, false
	if s, err = one.load(ctx, s); err != nil {
		return nil, err
	}
	if s.Err != nil {
		return &Examination{Status: result.Refused, Message: s.Err.Error(), Notes: s.Notes}, nil
	}
	return one.limited(ctx, s.Steps)
}

// StepOf is the step of a check, such as "3.2/two-host-fields".
func StepOf(id string) (int, error) {
	number, _, _ := strings.Cut(id, ".")
	if n, err := strconv.Atoi(number); err == nil && slices.ContainsFunc(exam.Checks(n), func(c exam.Check) bool { return c.ID == id }) {
		return n, nil
	}
	return 0, fmt.Errorf("there is no check %q: reports name them, such as %s", id, exam.Checks(3)[0].ID)
}
