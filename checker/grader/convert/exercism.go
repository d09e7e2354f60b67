package convert

import (
	"encoding/json"
	"fmt"
	"strings"

	"barewire/checker/grader/result"
)

// Limits of exercism's, in bytes.
const (
	maxExercism = 450 << 10
	maxMessage  = 60000
	maxTest     = 2000
)

// Exercism returns results.json of version 2. There are no marks in it; a fault is an
// error that says so.
func Exercism(d *result.Document, s *result.Submission) ([]byte, error) {
	type test struct {
		Name    string `json:"name"`
		Status  string `json:"status"`
		Message string `json:"message,omitempty"`
	}
	out := struct {
		Version int    `json:"version"`
		Status  string `json:"status"`
		Message string `json:"message,omitempty"`
		Tests   []test `json:"tests"`
	}{Version: 2, Status: "pass", Tests: []test{}}
	v := look(d, s, Student)
	size := 0
	for _, step := range v.Steps {
		for _, t := range step.Tasks {
			for _, c := range t.Checks {
				entry := test{Name: line(t.ID + " " + c.Title), Status: "pass"}
				if c.Outcome != result.Passed {
					out.Status, entry.Status, entry.Message = "fail", "fail", cut(text(c.Text), maxTest)
				}
				if c.Outcome == result.NotReached {
					entry.Message = cut("not reached\n"+entry.Message, maxTest)
				}
				data, err := json.Marshal(entry)
				if err != nil {
					return nil, err
				}
				if size += len(data) + 20; size > maxExercism {
					entry.Message = ""
				}
				out.Tests = append(out.Tests, entry)
			}
		}
	}
	if s.Status != result.Graded || len(out.Tests) == 0 {
		out.Status, out.Message, out.Tests = "error", cut(outline(v), maxMessage), []test{}
	}
	return indented(out)
}

// PrairieLearn returns the results.json of an external grader. A fault cannot be
// graded, which costs the student no attempt.
func PrairieLearn(d *result.Document, s *result.Submission) ([]byte, error) {
	type test struct {
		Name      string  `json:"name"`
		Points    float64 `json:"points"`
		MaxPoints float64 `json:"max_points"`
		Message   string  `json:"message,omitempty"`
	}
	v := look(d, s, Student)
	out := struct {
		Gradable bool     `json:"gradable"`
		Score    *float64 `json:"score,omitempty"`
		Message  string   `json:"message"`
		Errors   []string `json:"format_errors,omitempty"`
		Tests    []test   `json:"tests,omitempty"`
	}{Gradable: s.Score != nil, Message: outline(v)}
	if s.Score == nil {
		out.Errors = []string{text(v.Reason)}
		return indented(out)
	}
	share := 0.0
	if s.MaxScore > 0 {
		share = min(*s.Score/s.MaxScore, 1)
	}
	out.Score = &share
	for _, step := range v.Steps {
		for _, t := range step.Tasks {
			entry := test{Name: line(strings.TrimSpace(t.ID + " " + t.Title)), Points: t.Points, MaxPoints: t.MaxPoints}
			for _, c := range t.Checks {
				if c.Outcome != result.Passed {
					entry.Message += text(fmt.Sprintf("%s: %s\n%s\n", c.Outcome, c.Title, c.Text))
				}
			}
			entry.Message = cut(entry.Message, maxTest)
			if len(t.Checks) > 0 {
				out.Tests = append(out.Tests, entry)
			}
		}
	}
	return indented(out)
}
