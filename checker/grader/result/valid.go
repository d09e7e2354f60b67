package result

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Validate returns what is wrong in the document, all of it.
func (d *Document) Validate() error {
	var errs []error
	if d.Schema != Schema {
		return fmt.Errorf("its schema is %q, and this checker reads %q", d.Schema, Schema)
	}
	if !mark(d.MaxScore) {
		errs = append(errs, fmt.Errorf("max_score is %v", d.MaxScore))
	}
	for i, t := range d.Tasks {
		if t.ID == "" || t.Step < 1 || !mark(t.MaxPoints) {
			errs = append(errs, fmt.Errorf("tasks[%d] needs an id, a step and max_points: it is %+v", i, t))
		}
	}
	seen := make(map[string]int)
	for i := range d.Submissions {
		s := &d.Submissions[i]
		if first, ok := seen[s.ID]; ok {
			errs = append(errs, fmt.Errorf("submissions[%d] and submissions[%d] have the same id %q", first, i, s.ID))
		}
		seen[s.ID] = i
		if err := s.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("submissions[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// Validate returns the first thing that is wrong in the submission.
func (s *Submission) Validate() error {
	err := s.checkMark()
	for i := 0; i < len(s.Steps) && err == nil; i++ {
		err = s.Steps[i].validate()
	}
	type key struct{ id, base string }
	seen := make(map[key]bool)
	for i := 0; i < len(s.Checks) && err == nil; i++ {
		c := &s.Checks[i]
		err = c.validate()
		if k := (key{c.ID, c.Base}); err == nil && seen[k] {
			err = fmt.Errorf("check %q is there twice on the base %q", c.ID, c.Base)
		} else {
			seen[k] = true
		}
	}
	for i := 0; i < len(s.Findings) && err == nil; i++ {
		if f := s.Findings[i]; !slices.Contains(kinds, f.Kind) {
			err = fmt.Errorf("a finding is of the kind %q; it is one of %s", f.Kind, strings.Join(kinds, ", "))
		}
	}
	if err != nil {
		return fmt.Errorf("%q: %w", s.ID, err)
	}
	return nil
}

// checkMark checks that there is a mark exactly where there must be one. A fault that
// had one would be a student's zero.
func (s *Submission) checkMark() error {
	switch {
	case s.ID == "":
		return errors.New("it has no id")
	case !mark(s.MaxScore):
		return fmt.Errorf("max_score is %v", s.MaxScore)
	case s.Status == Fault && (s.Score != nil || s.Raw != nil):
		return errors.New("a fault has no score and no raw score, not even 0")
	case s.Status == Fault && s.Message == "":
		return errors.New("a fault says in its message what it was")
	case s.Status == Fault:
		return nil
	case s.Status != Graded && s.Status != Refused:
		return fmt.Errorf("its status is %q; it is one of graded, refused and fault", s.Status)
	case s.Score == nil || s.Raw == nil:
		return fmt.Errorf("it is %s, and has no score or no raw score", s.Status)
	case !mark(*s.Score) || !mark(*s.Raw):
		return fmt.Errorf("its score is %v and its raw score %v", *s.Score, *s.Raw)
	case s.Status == Refused && *s.Score != 0:
		return fmt.Errorf("it is refused, and its score is %v", *s.Score)
	case s.Status == Refused && s.Message == "":
		return errors.New("it is refused, and its message does not say why")
	}
	return nil
}

func (s *Step) validate() error {
	switch {
	case s.Number < 1:
		return fmt.Errorf("a step has the number %d", s.Number)
	case !mark(s.Own) || !mark(s.Reference) || !mark(s.Score) || !mark(s.MaxScore):
		return fmt.Errorf("step %d has a score that is none", s.Number)
	case !slices.Contains([]string{Own, Reference, Weighted}, s.Base):
		return fmt.Errorf("the base of step %d is %q; it is one of own, reference and weighted", s.Number, s.Base)
	}
	return nil
}

func (c *Check) validate() error {
	switch {
	case c.ID == "" || c.Task == "" || c.Step < 1:
		return fmt.Errorf("a check needs an id, a task and a step; one has %q, %q and %d", c.ID, c.Task, c.Step)
	case c.Base != Own && c.Base != Reference:
		return fmt.Errorf("the base of check %q is %q; it is own or reference", c.ID, c.Base)
	case c.Outcome != Passed && c.Outcome != Failed && c.Outcome != NotReached:
		return fmt.Errorf("the outcome of check %q is %q; it is one of passed, failed and not reached", c.ID, c.Outcome)
	case !mark(c.Points) || !mark(c.MaxPoints) || c.Points > c.MaxPoints:
		return fmt.Errorf("check %q has %v of %v points", c.ID, c.Points, c.MaxPoints)
	case c.Outcome != Passed && c.Points > 0:
		return fmt.Errorf("check %q is %s, and has %v points", c.ID, c.Outcome, c.Points)
	}
	return nil
}

var kinds = []string{Policy, Build, Race, Review, Intake}

// mark reports whether x can be a mark.
func mark(x float64) bool { return x >= 0 && !math.IsInf(x, 0) }

// Sort puts the submissions in the order of their ids, in which every document is
// written: so one that was graded in shards is the same as one that was not.
func (d *Document) Sort() {
	slices.SortStableFunc(d.Submissions, func(a, b Submission) int { return cmp.Compare(a.ID, b.ID) })
}
