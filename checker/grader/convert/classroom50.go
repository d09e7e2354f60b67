package convert

import (
	"fmt"
	"math"
	"strings"

	"barewire/checker/grader/result"
)

// A Classroom50 is what Classroom 50 knows of a submission: its runner hands it over in
// the environment, and checks that the result says the same.
type Classroom50 struct {
	Classroom  string
	Assignment string
	Type       string // "individual" or "group"
	Owner      string
	Submission string // a tag: "submit/…"
	Commit     string // a link
	Release    string // a link
	Review     string // a link; that of the commit if it is ""
}

// Result returns its result.json, with a test for each task. It has whole points alone,
// so marks are rounded. For a fault there is none: the runner takes an exit status that
// is not 0 for what it is.
func (c Classroom50) Result(d *result.Document, s *result.Submission) ([]byte, error) {
	if s.Score == nil {
		return nil, fault(s)
	}
	for _, f := range [][2]string{{"classroom", c.Classroom}, {"assignment", c.Assignment}, {"owner", c.Owner}, {"commit", c.Commit}, {"release", c.Release}} {
		if f[1] == "" {
			return nil, fmt.Errorf("classroom 50: there is no %s: write -%[1]s, and so on", f[0])
		}
	}
	if !strings.HasPrefix(c.Submission, "submit/") {
		return nil, fmt.Errorf("classroom 50: the tag %q does not begin with submit/", c.Submission)
	}
	type test struct {
		Name     string `json:"test-name"`
		Passed   bool   `json:"passed"`
		Score    int    `json:"score"`
		MaxScore int    `json:"max-score"`
		Output   string `json:"output,omitempty"`
	}
	out := struct {
		Schema     string `json:"schema"`
		Classroom  string `json:"classroom"`
		Assignment string `json:"assignment"`
		Type       string `json:"assignment_type"`
		Owner      string `json:"owner"`
		Submission string `json:"submission"`
		Commit     string `json:"commit"`
		Release    string `json:"release"`
		Review     string `json:"review"`
		Datetime   string `json:"datetime"`
		GradedAt   string `json:"graded_at"`
		Score      int    `json:"score"`
		MaxScore   int    `json:"max-score"`
		Tests      []test `json:"tests"`
	}{
		Schema: "classroom50/result/v1", Classroom: c.Classroom, Assignment: c.Assignment, Type: c.Type, Owner: c.Owner,
		Submission: c.Submission, Commit: c.Commit, Release: c.Release, Review: c.Review,
		Datetime: stamp(s.Graded), GradedAt: stamp(s.Graded), MaxScore: whole(s.MaxScore), Tests: []test{},
	}
	out.Score = min(whole(*s.Score), out.MaxScore)
	if s.Submitted != nil {
		out.Datetime = stamp(*s.Submitted)
	}
	if c.Review == "" {
		out.Review = c.Commit
	}
	if c.Type == "" {
		out.Type = "individual"
	}
	v := look(d, s, Student)
	if v.Reason != "" {
		out.Tests = append(out.Tests, test{Name: "the submission can be graded", Output: text(v.Reason)})
	}
	for _, step := range v.Steps {
		for _, t := range step.Tasks {
			entry := test{Name: line(strings.TrimSpace(t.ID + " " + t.Title)), Passed: true, Score: whole(t.Points), MaxScore: whole(t.MaxPoints)}
			for _, c := range t.Checks {
				if c.Outcome != result.Passed {
					entry.Passed = false
					entry.Output += text(string(c.Outcome) + ": " + c.Title + "\n" + c.Text + "\n")
				}
			}
			if entry.Score = min(entry.Score, entry.MaxScore); len(t.Checks) > 0 {
				out.Tests = append(out.Tests, entry)
			}
		}
	}
	return indented(out)
}

func whole(x float64) int { return int(math.Round(x)) }
