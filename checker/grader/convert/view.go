package convert

import (
	"fmt"
	"slices"

	"barewire/checker/grader/result"
)

// The most bytes of a text that are shown. What is longer is not read.
const (
	maxTitle = 300
	maxText  = 4000
)

// A view is what one reader may see of a submission. Every converter takes it from
// here, so that none shows more. Its texts are not escaped yet.
type view struct {
	*result.Submission
	Title    string // the name, or the id
	Headline string // the mark in words
	Reason   string // of a refusal or a fault
	Remarks  []string
	Notes    []string
	Steps    []stepView
	Findings []result.Finding
	Hidden   int    // how many checks are not shown
	Seed     string // "" where it would tell inputs that are not shown
	Replay   string // a command with which an instructor sees all of a check that failed
}

// A stepView is a step with its tasks.
type stepView struct {
	result.Step
	Note  string // on the other base
	Tasks []taskView
}

// A taskView is a task with the checks that are shown. Its points are theirs.
type taskView struct {
	result.Task
	Points float64
	Checks []checkView
	Hidden int
}

// A checkView is a check on the base that counts.
type checkView struct {
	result.Check
	Text string // why it failed
	Note string // what became of it on the other base, if it is worse
}

const notZero = "There is no mark. This is not a mark of 0."

// look makes the view of a submission.
func look(d *result.Document, s *result.Submission, who Audience) *view {
	v := &view{Submission: s, Title: cut(s.Name, maxTitle), Reason: cut(s.Message, maxText)}
	if v.Title == "" {
		v.Title = cut(s.ID, maxTitle)
	}
	for _, note := range s.Notes {
		v.Notes = append(v.Notes, cut(note, maxText))
	}
	v.Headline = s.Mark() + " of " + points(s.MaxScore)
	switch {
	case s.Status == result.Fault || s.Score == nil:
		v.Headline = "no mark: a fault of the checker, not a 0"
		if who == Student {
			v.Reason = "The checker failed, not your submission. " + notZero + " It will be graded again."
		} else {
			v.Reason += "\n" + notZero + " Grade it again."
		}
	case s.Status == result.Refused:
		v.Headline = "0 of " + points(s.MaxScore) + ": refused, nothing in it could be graded"
	case s.Raw != nil && result.Number(*s.Raw) != result.Number(*s.Score):
		v.Remarks = append(v.Remarks, "Before lateness and caps it has "+points(*s.Raw)+".")
	}
	if d.Trusted {
		v.Remarks = append(v.Remarks, "It was graded without a sandbox, as trusted code: it could have forged its mark.")
	}
	for _, f := range s.Findings {
		if who == Instructor || f.Kind != result.Review {
			f.File, f.Text = cut(f.File, maxTitle), cut(f.Text, maxText)
			v.Findings = append(v.Findings, f)
		}
	}
	v.Seed = fmt.Sprint(s.Seed)
	secret := func(c result.Check) bool { return c.Hidden || c.Detail != "" }
	if who == Student && slices.ContainsFunc(s.Checks, secret) {
		v.Seed = ""
	}
	failed := func(c result.Check) bool { return c.Outcome == result.Failed }
	if who == Instructor && s.Score != nil && slices.ContainsFunc(s.Checks, failed) {
		v.Replay = fmt.Sprintf("go tool checker grade -check ID -seed %d PATH", s.Seed)
	}
	for _, step := range s.Steps {
		if s.Score == nil {
			break // what was examined before a fault would look like marks
		}
		sv := lookStep(d, s, step, who)
		for _, t := range sv.Tasks {
			v.Hidden += t.Hidden
		}
		v.Steps = append(v.Steps, sv)
	}
	return v
}

// lookStep makes the view of a step.
func lookStep(d *result.Document, s *result.Submission, step result.Step, who Audience) stepView {
	sv := stepView{Step: step, Note: baseNote(step)}
	sv.Title, sv.Message = cut(step.Title, maxTitle), cut(step.Message, maxText)
	base, other := counted(s, step)
	index := make(map[string]int)
	for _, t := range d.Tasks {
		if t.Step == step.Number {
			index[t.ID] = len(sv.Tasks)
			sv.Tasks = append(sv.Tasks, taskView{Task: t})
		}
	}
	beside := make(map[string]result.Check)
	for _, c := range s.Checks {
		if c.Step == step.Number && c.Base == other {
			beside[c.ID] = c
		}
	}
	for _, c := range s.Checks {
		if c.Step != step.Number || c.Base != base {
			continue
		}
		i, ok := index[c.Task]
		if !ok {
			i = len(sv.Tasks)
			index[c.Task] = i
			sv.Tasks = append(sv.Tasks, taskView{Task: result.Task{ID: c.Task, Step: step.Number}})
		}
		sv.Tasks[i].add(c, beside[c.ID], who)
	}
	sv.Tasks = slices.DeleteFunc(sv.Tasks, func(t taskView) bool { return len(t.Checks) == 0 && t.Hidden == 0 })
	return sv
}

// counted returns the base whose checks are shown, and the other one.
func counted(s *result.Submission, step result.Step) (base, other string) {
	base, other = result.Own, result.Reference
	has := func(base string) bool {
		return slices.ContainsFunc(s.Checks, func(c result.Check) bool { return c.Step == step.Number && c.Base == base })
	}
	if step.Base == result.Reference && has(result.Reference) || !has(result.Own) {
		base, other = other, base
	}
	return base, other
}

// add puts a check into the task, or counts it as hidden.
func (t *taskView) add(c, beside result.Check, who Audience) {
	if c.Hidden && who == Student {
		t.Hidden++
		t.MaxPoints = max(t.MaxPoints-c.MaxPoints, 0)
		return
	}
	c.ID, c.Title, c.Reason = cut(c.ID, maxTitle), cut(c.Title, maxTitle), cut(c.Reason, maxText)
	cv := checkView{Check: c, Text: c.Reason}
	if who == Instructor && c.Detail != "" {
		cv.Text = cut(c.Detail, maxText)
	}
	if beside.ID != "" && c.Outcome == result.Passed && beside.Outcome != result.Passed {
		cv.Note = onBase(beside.Base) + ": " + string(beside.Outcome)
	}
	t.Points += c.Points
	t.Checks = append(t.Checks, cv)
}

// onBase says what a step stood on.
func onBase(base string) string {
	if base == result.Reference {
		return "on the reference's earlier steps"
	}
	return "on your own earlier steps"
}

// baseNote says what the step has on each base, where that differs.
func baseNote(s result.Step) string {
	own, reference := result.Number(s.Own), result.Number(s.Reference)
	if own == reference {
		return ""
	}
	note := fmt.Sprintf("%s on your own earlier steps, %s on the reference's; ", own, reference)
	switch s.Base {
	case result.Weighted:
		return note + "a part of each counts"
	case result.Reference:
		return note + "the latter counts"
	}
	return note + "the former counts"
}

// count returns how many of the shown checks of a step have an outcome.
func (s stepView) count(o result.Outcome) (n int) {
	for _, t := range s.Tasks {
		for _, c := range t.Checks {
			if c.Outcome == o {
				n++
			}
		}
	}
	return n
}

// shown is how many checks of the step are shown.
func (s stepView) shown() int {
	return s.count(result.Passed) + s.count(result.Failed) + s.count(result.NotReached)
}

// place says where a finding is: "steps/03-headers-bodies/host.go:3:8".
func place(f result.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line > 0 && f.Column > 0:
		return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	case f.Line > 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return f.File
}
