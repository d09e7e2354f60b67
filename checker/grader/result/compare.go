package result

import (
	"fmt"
	"strings"
)

// A Change is how a submission's result differs between two gradings.
type Change struct {
	ID       string
	Old, New *Submission // nil where the grading does not have it
	Checks   []string    // the ids of checks with another outcome, each with both
}

// String says it in one line: "ana: 71.5 → 74".
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s → %s", Visible(c.ID), c.Old.Mark(), c.New.Mark())
	if len(c.Checks) > 0 {
		text += " (" + few(c.Checks) + ")"
	}
	return text
}

// Mark says the mark in a few characters: "71.5", or why there is none.
func (s *Submission) Mark() string {
	switch {
	case s == nil:
		return "not there"
	case s.Status == Fault || s.Score == nil:
		return "no mark (fault)"
	case s.Status == Refused:
		return "0 (refused)"
	}
	return Number(*s.Score)
}

// Number writes points with at most two decimals.
func Number(x float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.2f", x), "0")
	return strings.TrimSuffix(text, ".")
}

// Compare returns what changed from one grading to another: marks, and outcomes of
// checks. Times do not count.
func Compare(old, new *Document) []Change {
	olds := make(map[string]*Submission)
	for i := range old.Submissions {
		olds[old.Submissions[i].ID] = &old.Submissions[i]
	}
	var all []Change
	for i := range new.Submissions {
		s := &new.Submissions[i]
		c := Change{ID: s.ID, Old: olds[s.ID], New: s}
		delete(olds, s.ID)
		if c.Old != nil {
			c.Checks = outcomes(c.Old, s)
		}
		if c.Old == nil || c.Old.Mark() != s.Mark() || len(c.Checks) > 0 {
			all = append(all, c)
		}
	}
	for i := range old.Submissions {
		if s := &old.Submissions[i]; olds[s.ID] != nil {
			all = append(all, Change{ID: s.ID, Old: s})
		}
	}
	return all
}

// outcomes lists the checks that ended otherwise.
func outcomes(old, new *Submission) []string {
	type key struct{ id, base string }
	before := make(map[key]Outcome)
	for _, c := range old.Checks {
		before[key{c.ID, c.Base}] = c.Outcome
	}
	var all []string
	for _, c := range new.Checks {
		if was, ok := before[key{c.ID, c.Base}]; ok && was != c.Outcome {
			all = append(all, fmt.Sprintf("%s on %s: %s → %s", Visible(c.ID), c.Base, was, c.Outcome))
		}
	}
	return all
}
