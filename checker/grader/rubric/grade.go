package rubric

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"barewire/checker/grader/result"
)

const day = 24 * time.Hour

// Grade fills in everything of a submission that depends on the rubric: points, what
// is hidden, scores of steps, the raw and the adjusted mark, and whether it is late.
// It is given a submission as the exam left it, with a status and outcomes, and not one
// that was graded before. The checks of a step are complete on each base that was
// tried, and one that was not counts like the other.
//
// An error is a mistake of the caller, who must make a fault of it: a task that has
// points was not examined.
func (r *Rubric) Grade(s *result.Submission) error {
	s.MaxScore, s.Score, s.Raw = r.MaxScore(), nil, nil
	days, lateness := r.lateness(s)
	s.Late = days > 0
	switch s.Status {
	case result.Fault:
		return nil
	case result.Refused:
		s.Score, s.Raw = new(float64), new(float64)
		return nil
	}
	for i := range s.Checks {
		c := &s.Checks[i]
		c.Hidden = r.Hides(c.ID)
		c.Points, c.MaxPoints = 0, 0
	}
	raw, sum := 0.0, 0.0
	for _, number := range r.Steps() {
		step := stepOf(s, number)
		uncapped, capped, err := r.gradeStep(s, step)
		if err != nil {
			return err
		}
		raw, sum = raw+uncapped, sum+capped
	}
	for i := range s.Steps {
		if step := &s.Steps[i]; step.Title == "" {
			step.Title = r.titles[step.Number]
		}
		if step := &s.Steps[i]; step.Base == "" {
			step.Base = result.Own // it has no points
		}
	}
	slices.SortFunc(s.Steps, func(a, b result.Step) int { return cmp.Compare(a.Number, b.Number) })
	if r.Cap != nil {
		sum = min(sum, *r.Cap)
	}
	raw, sum = round(raw), round(sum)
	score := sum
	if off := min(float64(days)*r.Late.PerDay, r.Late.AtMost); off > 0 {
		score = round(sum * (100 - off) / 100)
		lateness += fmt.Sprintf(": %s%% are taken off, %s become %s", result.Number(off), result.Number(sum), result.Number(score))
	}
	if lateness != "" {
		s.Notes = append(s.Notes, lateness)
	}
	s.Raw, s.Score = &raw, &score
	return nil
}

// stepOf returns the step of the submission, which is added if it is not there.
func stepOf(s *result.Submission, number int) *result.Step {
	i := slices.IndexFunc(s.Steps, func(step result.Step) bool { return step.Number == number })
	if i < 0 {
		s.Steps = append(s.Steps, result.Step{Number: number})
		i = len(s.Steps) - 1
		for _, c := range s.Checks {
			if c.Step == number && c.Outcome != result.NotReached {
				s.Steps[i].Built = true
			}
		}
	}
	return &s.Steps[i]
}

// gradeStep gives points to the checks of a step and fills in the step. It returns
// what the step has before its cap and after it, not rounded.
func (r *Rubric) gradeStep(s *result.Submission, step *result.Step) (score, capped float64, err error) {
	points := make(map[string]float64)
	tried := make(map[string]bool)
	for _, base := range []string{result.Own, result.Reference} {
		tried[base] = slices.ContainsFunc(s.Checks, func(c result.Check) bool { return c.Step == step.Number && c.Base == base })
		for _, task := range r.Tasks {
			if task.Step != step.Number || !tried[base] {
				continue
			}
			got, err := r.gradeTask(s, task, base)
			if err != nil {
				return 0, 0, err
			}
			points[base] += got
		}
	}
	switch {
	case !tried[result.Own] && !tried[result.Reference]:
		return 0, 0, fmt.Errorf("step %d has points, and was not examined", step.Number)
	case !tried[result.Own]:
		points[result.Own] = points[result.Reference]
	case !tried[result.Reference]:
		points[result.Reference] = points[result.Own]
	}
	own, reference := points[result.Own], points[result.Reference]
	score = own
	step.Base = result.Own
	switch {
	case r.Base == result.Weighted:
		step.Base, score = result.Weighted, (own*r.OwnPart+reference*(100-r.OwnPart))/100
	case r.Base == result.Reference, r.Base == Better && reference > own, !tried[result.Own]:
		step.Base, score = result.Reference, reference
	}
	capped = score
	if most, ok := r.StepCaps[step.Number]; ok {
		capped = min(score, most)
	}
	step.Own, step.Reference, step.Score, step.MaxScore = round(own), round(reference), round(capped), round(r.stepMax(step.Number))
	return score, capped, nil
}

// gradeTask shares the points of a task between its checks on one base, and returns
// what it has.
func (r *Rubric) gradeTask(s *result.Submission, task result.Task, base string) (float64, error) {
	whole, got := 0.0, 0.0
	mine := func(c *result.Check) bool { return c.Task == task.ID && c.Base == base }
	for i := range s.Checks {
		if c := &s.Checks[i]; mine(c) {
			whole += r.weight(c.ID)
		}
	}
	if whole == 0 {
		return 0, fmt.Errorf("task %s has %s points, and no check of it was made on the base %q", task.ID, result.Number(task.MaxPoints), base)
	}
	for i := range s.Checks {
		c := &s.Checks[i]
		if !mine(c) {
			continue
		}
		c.MaxPoints = task.MaxPoints * r.weight(c.ID) / whole
		if c.Outcome == result.Passed {
			c.Points = c.MaxPoints
			got += c.Points
		}
	}
	return got, nil
}

func (r *Rubric) weight(check string) float64 {
	if w, ok := r.Weights[check]; ok {
		return w
	}
	return 1
}

// Hides reports whether a student may not see the outcome of a check.
func (r *Rubric) Hides(check string) bool {
	hidden, narrowest := false, -1
	look := func(selectors []string, value bool) {
		for _, s := range selectors {
			if width := len(s); width > narrowest && covers(s, check) {
				hidden, narrowest = value, width
			}
		}
	}
	look(r.Hidden, true)
	look(r.Shown, false)
	return hidden
}

// HidesInput reports whether a student may not see the input of a check, if perhaps
// its outcome.
func (r *Rubric) HidesInput(check string) bool {
	return r.Hides(check) || slices.ContainsFunc(r.Brief, func(s string) bool { return covers(s, check) })
}

// covers reports whether a selector such as "3", "3.2" or "3.2/limits" means the check.
func covers(selector, check string) bool {
	task, _, _ := strings.Cut(check, "/")
	step, _, _ := strings.Cut(task, ".")
	return selector == check || selector == task || selector == step
}

// lateness returns how many days late a submission is, and says so. Where the time is
// not known, the word of the course system counts as one day.
func (r *Rubric) lateness(s *result.Submission) (days int, text string) {
	switch {
	case s.Submitted != nil && !r.Deadline.IsZero():
		over := s.Submitted.Sub(r.Deadline)
		if over <= r.Late.Grace {
			return 0, ""
		}
		days = int(math.Ceil(float64(over) / float64(day)))
	case s.Late:
		days = 1
	default:
		return 0, ""
	}
	text = fmt.Sprintf("%d days late", days)
	if days == 1 {
		text = "one day late"
	}
	if s.Submitted == nil || r.Deadline.IsZero() {
		text = "late by the word of the course system, which counts as one day"
	}
	return days, text
}
