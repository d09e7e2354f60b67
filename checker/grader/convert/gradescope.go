package convert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"barewire/checker/grader/result"
)

var visibilities = []string{"visible", "after_due_date", "after_published", "hidden"}

// Gradescope returns results.json for a single submission. Hidden checks are in it as
// tests of the given visibility, such as "hidden" or "after_published"; while a student
// has hidden tests, Gradescope shows no total. What only instructors may see of the rest
// belongs on the autograder's standard output, which is hidden here: print [Terminal].
//
// A fault has no score and no tests: Gradescope then shows that the autograder failed.
func Gradescope(d *result.Document, s *result.Submission, visibility string) ([]byte, error) {
	if !slices.Contains(visibilities, visibility) {
		return nil, fmt.Errorf("gradescope: the visibility %q is none of %s", visibility, strings.Join(visibilities, ", "))
	}
	type test struct {
		Score        float64 `json:"score"`
		MaxScore     float64 `json:"max_score"`
		Status       string  `json:"status"`
		Name         string  `json:"name"`
		NameFormat   string  `json:"name_format"`
		Number       string  `json:"number"`
		Output       string  `json:"output"`
		OutputFormat string  `json:"output_format"`
		Visibility   string  `json:"visibility"`
	}
	out := struct {
		Score            *float64       `json:"score,omitempty"`
		ExecutionTime    float64        `json:"execution_time"`
		Output           string         `json:"output"`
		OutputFormat     string         `json:"output_format"`
		TestOutputFormat string         `json:"test_output_format"`
		TestNameFormat   string         `json:"test_name_format"`
		Visibility       string         `json:"visibility"`
		StdoutVisibility string         `json:"stdout_visibility"`
		ExtraData        map[string]any `json:"extra_data"`
		Tests            []test         `json:"tests,omitempty"`
	}{
		Score: s.Score, ExecutionTime: s.Seconds, Output: outline(look(d, s, Student)),
		OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text",
		Visibility: "visible", StdoutVisibility: "hidden",
		ExtraData: map[string]any{"status": s.Status, "seed": look(d, s, Student).Seed, "rubric": line(d.Rubric.Name + " " + d.Rubric.Hash), "checker": line(d.Checker), "digest": line(s.Digest)},
	}
	for _, step := range look(d, s, Instructor).Steps {
		for _, t := range step.Tasks {
			for i, c := range t.Checks {
				entry := test{
					Score: c.Points, MaxScore: c.MaxPoints, Status: "failed", Name: line(t.ID + " " + c.Title), NameFormat: "text",
					Number: fmt.Sprintf("%s.%d", line(t.ID), i+1), Output: text(c.Reason), OutputFormat: "text", Visibility: "visible",
				}
				if c.Hidden {
					entry.Visibility = visibility
				}
				if c.Hidden && visibility == "hidden" {
					entry.Output = text(c.Text) // instructors alone will ever see it
				}
				switch c.Outcome {
				case result.Passed:
					entry.Status = "passed"
				case result.NotReached:
					entry.Output = "not reached\n" + entry.Output
				}
				out.Tests = append(out.Tests, entry)
			}
		}
	}
	return indented(out)
}

// outline is a submission in plain text, without its checks.
func outline(v *view) string {
	s := upper(v.Headline) + ".\n"
	if v.Reason != "" {
		s += v.Reason + "\n"
	}
	for _, note := range append(v.Remarks, v.Notes...) {
		s += upper(note) + "\n"
	}
	for _, f := range v.Findings {
		s += f.Kind + ": "
		if p := place(f); p != "" {
			s += p + ": "
		}
		s += f.Text + "\n"
	}
	for _, step := range v.Steps {
		if step.Note != "" {
			s += fmt.Sprintf("Step %d: %s.\n", step.Number, step.Note)
		}
		if step.Message != "" {
			s += fmt.Sprintf("Step %d: %s\n", step.Number, step.Message)
		}
	}
	return text(s)
}

// indented writes JSON for humans too. It escapes <, > and &.
func indented(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}
