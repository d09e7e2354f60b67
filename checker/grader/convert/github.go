package convert

import (
	"fmt"

	"barewire/checker/grader/result"
)

// annotations is how many of a kind GitHub shows for a step of a job.
const annotations = 10

// GitHub returns workflow commands, to be printed to standard output: annotations for
// what was found and what failed, and the notices from which GitHub Classroom takes the
// points. A fault has no such notice, and the step must fail. The job summary, which
// goes to the file $GITHUB_STEP_SUMMARY names, is [Markdown].
func GitHub(d *result.Document, s *result.Submission, who Audience) string {
	v := look(d, s, who)
	out := ""
	counts := make(map[string]int)
	add := func(level, message string, properties ...[2]string) {
		switch counts[level]++; {
		case counts[level] < annotations:
			out += command(level, message, properties...)
		case counts[level] == annotations:
			out += command(level, "There is more; the summary of this job has all of it.")
		}
	}
	if s.Status != result.Graded || s.Score == nil {
		add("error", v.Reason, [2]string{"title", upper(v.Headline)})
	}
	for _, f := range v.Findings {
		level := "warning"
		if f.Kind == result.Policy || f.Kind == result.Build {
			level = "error"
		}
		properties := [][2]string{{"file", f.File}}
		if f.File != "" && f.Line > 0 {
			properties = append(properties, [2]string{"line", fmt.Sprint(f.Line)})
			if f.Column > 0 {
				properties = append(properties, [2]string{"col", fmt.Sprint(f.Column)})
			}
		}
		add(level, f.Text, append(properties, [2]string{"title", f.Kind})...)
	}
	for _, step := range v.Steps {
		for _, t := range step.Tasks {
			for _, c := range t.Checks {
				if c.Outcome == result.Failed {
					add("error", cut(c.Text, maxReason), [2]string{"title", c.ID + " " + c.Title})
				}
			}
		}
	}
	if s.Score != nil {
		score, most := result.Number(*s.Score), result.Number(s.MaxScore)
		out += command("notice", "Points "+score+"/"+most, [2]string{"title", "Autograding complete"})
		out += command("notice", fmt.Sprintf(`{"totalPoints":%s,"maxPoints":%s}`, score, most), [2]string{"title", "Autograding report"})
	}
	return out
}
