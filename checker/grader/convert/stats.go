package convert

import (
	"cmp"
	"fmt"
	"slices"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

// maxRetried is how many checks are listed that were tried again.
const maxRetried = 15

// A summary is what a class looks like. Submissions without a mark are counted, and
// are in none of the figures.
type summary struct {
	All, Graded, Refused, Faults, Late, Review int
	Mean, Median, Low, High                    float64 // of those with a mark; Low and High are quartiles
	Max                                        float64
	Bins                                       [10]int // marks by tenths of the maximum
	Tasks                                      []taskStats
	Retried                                    []retried
}

// A taskStats is how a class did in a task, on the base that counted for each.
type taskStats struct {
	result.Task
	Share                      float64 // of the points of those that came to it, 0 to 1
	Whole, Failed, NotReached  int     // submissions
	graded                     int     // that came to it
	points                     float64
	failed, notReached, passed bool // of the submission that is being counted
}

// A retried is a check that did not always end the same way.
type retried struct {
	Check string
	Count int
}

// summarize counts. Refused submissions have a mark of 0 and are in the marks; in the
// tasks are those alone that were examined.
func summarize(d *result.Document) *summary {
	s := &summary{All: len(d.Submissions), Max: d.MaxScore}
	index := make(map[string]int)
	for _, t := range d.Tasks {
		index[t.ID] = len(s.Tasks)
		s.Tasks = append(s.Tasks, taskStats{Task: t})
	}
	var marks []float64
	again := make(map[string]int)
	for i := range d.Submissions {
		sub := &d.Submissions[i]
		if sub.Late {
			s.Late++
		}
		if slices.ContainsFunc(sub.Findings, func(f result.Finding) bool { return f.Kind == result.Review }) {
			s.Review++
		}
		for _, c := range sub.Checks {
			if c.Retried > 0 {
				again[c.ID]++
			}
		}
		switch {
		case sub.Status == result.Fault || sub.Score == nil:
			s.Faults++
			continue
		case sub.Status == result.Refused:
			s.Refused++
		default:
			s.Graded++
			s.countTasks(sub, index)
		}
		marks = append(marks, *sub.Score)
		if d.MaxScore > 0 {
			s.Bins[min(max(int(*sub.Score/d.MaxScore*10), 0), 9)]++
		}
	}
	slices.Sort(marks)
	s.Median, s.Low, s.High = quantile(marks, 0.5), quantile(marks, 0.25), quantile(marks, 0.75)
	for _, m := range marks {
		s.Mean += m / float64(len(marks))
	}
	for i := range s.Tasks {
		if t := &s.Tasks[i]; t.graded > 0 && t.MaxPoints > 0 {
			t.Share = t.points / (t.MaxPoints * float64(t.graded))
		}
	}
	for id, n := range again {
		s.Retried = append(s.Retried, retried{id, n})
	}
	slices.SortFunc(s.Retried, func(a, b retried) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Check, b.Check))
	})
	s.Retried = s.Retried[:min(len(s.Retried), maxRetried)]
	return s
}

// countTasks adds one submission to the tasks.
func (s *summary) countTasks(sub *result.Submission, index map[string]int) {
	base := make(map[int]string)
	for _, step := range sub.Steps {
		base[step.Number], _ = counted(sub, step)
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		t.passed, t.failed, t.notReached = false, false, false
	}
	for _, c := range sub.Checks {
		i, ok := index[c.Task]
		if !ok || base[c.Step] != c.Base {
			continue
		}
		t := &s.Tasks[i]
		t.points += c.Points
		switch c.Outcome {
		case result.Passed:
			t.passed = true
		case result.Failed:
			t.failed = true
		default:
			t.notReached = true
		}
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		switch {
		case t.failed:
			t.Failed++
		case t.notReached:
			t.NotReached++
			continue
		case t.passed:
			t.Whole++
		default:
			continue
		}
		t.graded++
	}
}

// hardest are the tasks that anybody came to, with the least points first.
func (s *summary) hardest() []taskStats {
	all := slices.DeleteFunc(slices.Clone(s.Tasks), func(t taskStats) bool { return t.graded == 0 })
	slices.SortStableFunc(all, func(a, b taskStats) int { return cmp.Compare(a.Share, b.Share) })
	return all
}

// quantile returns the mark below which a part of the sorted marks lies.
func quantile(marks []float64, part float64) float64 {
	if len(marks) == 0 {
		return 0
	}
	at := part * float64(len(marks)-1)
	low := int(at)
	high := min(low+1, len(marks)-1)
	return marks[low] + (at-float64(low))*(marks[high]-marks[low])
}

// Marks is how many submissions have a mark.
func (s *summary) Marks() int { return s.Graded + s.Refused }

// sentence is the class in a line.
func (s *summary) sentence() string {
	text := show.Count(s.All, "submission")
	if s.Marks() > 0 {
		text += fmt.Sprintf(": median %s of %s, mean %s", result.Number(s.Median), result.Number(s.Max), result.Number(s.Mean))
	}
	for _, part := range []struct {
		n    int
		what string
	}{{s.Refused, "refused"}, {s.Late, "late"}, {s.Review, "to review"}, {s.Faults, "without a mark"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}
