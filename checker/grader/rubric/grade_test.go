package rubric_test

import (
	"strings"
	"testing"
	"time"

	"barewire/checker/grader/result"
)

// submission is examined on both bases: 1.1 has two checks, 1.2 and 2.1 one each.
// outcome says what becomes of each, as in "own 1.1/a".
func submission(outcome func(string) result.Outcome) *result.Submission {
	s := &result.Submission{ID: "ana", Status: result.Graded}
	for _, base := range []string{result.Own, result.Reference} {
		for _, id := range []string{"1.1/a", "1.1/b", "1.2/c", "2.1/d"} {
			task, _, _ := strings.Cut(id, "/")
			step := 1
			if task == "2.1" {
				step = 2
			}
			s.Checks = append(s.Checks, result.Check{ID: id, Task: task, Step: step, Base: base, Outcome: outcome(base + " " + id)})
		}
	}
	return s
}

// failing is a submission that fails the checks in the list.
func failing(list string) *result.Submission {
	return submission(func(id string) result.Outcome {
		if strings.Contains(list, id) {
			return result.Failed
		}
		return result.Passed
	})
}

func TestGrade(t *testing.T) {
	const rest = "own 1.1/b, own 1.2/c"
	for _, test := range []struct {
		name, rubric, fails string
		score, raw          float64
		base                string // of step 1
		why                 string
	}{
		{"everything passes", `{}`, "", 20, 20, "own", ""},
		{"one check of two", `{}`, "own 1.1/a, reference 1.1/a", 18.75, 18.75, "own", "task 1.1 has 2.5 points for two checks"},
		{"a heavier check", `{"weights": {"1.1/a": 4}}`, "own 1.1/a, reference 1.1/a", 18, 18, "own", "four fifths of 2.5 are lost"},
		{"better of both", `{}`, rest, 20, 20, "reference", "on the reference steps nothing fails"},
		{"own only", `{"base": "own"}`, rest, 11.25, 11.25, "own", "1.25 of 10 in step 1"},
		{"reference only", `{"base": "reference"}`, "reference 1.2/c", 12.5, 12.5, "reference", "what it does on its own steps does not count"},
		{"a part of each", `{"base": {"own": 80, "reference": 20}}`, "own 1.2/c, own 1.1/a, own 1.1/b", 12, 12, "weighted", "0 × 80 % + 10 × 20 % + 10"},
		{"capped step", `{"caps": {"1": 4}}`, "", 14, 20, "own", "the raw mark knows no caps"},
		{"capped total", `{"caps": {"total": 15}}`, "", 15, 20, "own", ""},
		{"bonus", `{"points": {"1": 10, "2": 3}, "bonus": ["2.1"]}`, "", 13, 13, "own", "more than the maximum of 10"},
		{"bonus under a cap", `{"points": {"1": 10, "2": 3}, "bonus": ["2.1"], "caps": {"total": 10}}`, "", 10, 13, "own", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := failing(test.fails)
			if err := read(t, test.rubric).Grade(s); err != nil {
				t.Fatal(err)
			}
			if *s.Score != test.score || *s.Raw != test.raw || s.Steps[0].Base != test.base {
				t.Errorf("score %v, raw %v, base %s; want %v, %v, %s (%s)", *s.Score, *s.Raw, s.Steps[0].Base, test.score, test.raw, test.base, test.why)
			}
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGrade_Late(t *testing.T) {
	const policy = `"late": {"percent_per_day": 10, "at_most": 25, "grace": "15m"}`
	const withDeadline = `{"deadline": "2026-11-30T23:59:00+01:00", ` + policy + `}`
	deadline := time.Date(2026, 11, 30, 22, 59, 0, 0, time.UTC)
	after := func(d time.Duration) *time.Time { at := deadline.Add(d); return &at }
	for _, test := range []struct {
		name, rubric string
		at           *time.Time
		flag         bool
		score        float64
		late         bool
		note         string
	}{
		{"long before", withDeadline, after(-48 * time.Hour), false, 20, false, ""},
		{"at the deadline", withDeadline, after(0), false, 20, false, ""},
		{"within the grace", withDeadline, after(15 * time.Minute), true, 20, false, ""},
		{"after the grace the day counts from the deadline", withDeadline, after(16 * time.Minute), false, 18, true, "one day late: 10% are taken off, 20 become 18"},
		{"24 hours", withDeadline, after(24 * time.Hour), false, 18, true, "one day late"},
		{"a second more", withDeadline, after(24*time.Hour + time.Second), false, 16, true, "2 days late: 20% are taken off, 20 become 16"},
		{"no more than 25 percent", withDeadline, after(900 * time.Hour), false, 15, true, "38 days late: 25% are taken off"},
		{"no time, not late", withDeadline, nil, false, 20, false, ""},
		{"no time, but late", withDeadline, nil, true, 18, true, "late by the word of the course system, which counts as one day"},
		{"no deadline, but late", `{` + policy + `}`, after(0), true, 18, true, "by the word of the course system"},
		{"lateness that costs nothing", `{"deadline": "2026-11-30T23:59:00+01:00"}`, after(time.Hour), false, 20, true, "one day late"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := failing("")
			s.Submitted, s.Late = test.at, test.flag
			if err := read(t, test.rubric).Grade(s); err != nil {
				t.Fatal(err)
			}
			note := strings.Join(s.Notes, "; ")
			if *s.Score != test.score || *s.Raw != 20 || s.Late != test.late || !strings.Contains(note, test.note) || (test.note == "") != (note == "") {
				t.Errorf("score %v, raw %v, late %v, notes %q; want %v, 20, %v, %q", *s.Score, *s.Raw, s.Late, note, test.score, test.late, test.note)
			}
		})
	}
}

func TestGrade_Hidden(t *testing.T) {
	for _, test := range []struct{ name, rubric, want string }{
		{"nothing", `{}`, ""},
		{"a step", `{"hidden": ["1"]}`, "1.1/a 1.1/b 1.2/c"},
		{"a task", `{"hidden": ["1.1"]}`, "1.1/a 1.1/b"},
		{"a check", `{"hidden": ["1.1/a"]}`, "1.1/a"},
		{"brief is not hidden", `{"brief": ["1"]}`, ""},
		{"the narrower wins", `{"hidden": ["1", "1.1/b"], "shown": ["1.1", "2"]}`, "1.1/b 1.2/c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := failing("")
			for i := range s.Checks {
				s.Checks[i].Hidden = s.Checks[i].ID == "2.1/d" // as an earlier rubric had it
			}
			if err := read(t, test.rubric).Grade(s); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range s.Checks[:4] {
				if c.Hidden {
					got = append(got, c.ID)
				}
			}
			if text := strings.Join(got, " "); text != test.want || *s.Score != 20 {
				t.Errorf("hidden are %q, the score is %v; want %q and 20", text, *s.Score, test.want)
			}
		})
	}
}

// TestGrade_Status: a fault has no mark, and what was not examined must not become a
// mark of 0.
func TestGrade_Status(t *testing.T) {
	r := read(t, `{}`)
	fault := &result.Submission{ID: "a", Status: result.Fault, Message: "no sandbox"}
	if err := r.Grade(fault); err != nil || fault.Score != nil || fault.Raw != nil || fault.MaxScore != 20 {
		t.Errorf("a fault: %v, %+v", err, fault)
	}
	refused := &result.Submission{ID: "a", Status: result.Refused, Message: "no Go file"}
	if err := r.Grade(refused); err != nil || refused.Score == nil || *refused.Score != 0 {
		t.Errorf("a refusal: %v, %+v", err, refused)
	}
	s := failing("")
	s.Checks = s.Checks[:3]
	if err := r.Grade(s); err == nil || !strings.Contains(err.Error(), "step 2 has points, and was not examined") || s.Score != nil {
		t.Errorf("a step that was not examined: %v, %v", err, s.Score)
	}
	s = failing("")
	s.Checks = append(s.Checks[1:2], s.Checks[3:4]...)
	if err := r.Grade(s); err == nil || !strings.Contains(err.Error(), "task 1.2 has 7.5 points, and no check of it was made") || s.Score != nil {
		t.Errorf("a task that was not examined: %v, %v", err, s.Score)
	}
}

// TestGrade_OneBase: a base that was not tried counts like the other.
func TestGrade_OneBase(t *testing.T) {
	for _, text := range []string{`{}`, `{"base": "own"}`, `{"base": "reference"}`, `{"base": {"own": 10, "reference": 90}}`} {
		for _, base := range []string{result.Own, result.Reference} {
			s := failing("own 1.2/c, reference 1.2/c")
			kept := s.Checks[:0]
			for _, c := range s.Checks {
				if c.Base == base {
					kept = append(kept, c)
				}
			}
			s.Checks = kept
			if err := read(t, text).Grade(s); err != nil || *s.Score != 12.5 {
				t.Errorf("%s with %s checks alone: %v, %v; want 12.5", text, base, s.Mark(), err)
			}
		}
	}
}

func TestHidesInput(t *testing.T) {
	r := read(t, `{"brief": ["1"], "hidden": ["2.1"], "shown": ["1.1/a"]}`)
	for _, id := range []string{"1.1/a", "1.2/c", "2.1/d"} {
		if !r.HidesInput(id) {
			t.Errorf("the input of %s is not hidden", id)
		}
	}
	if read(t, `{"brief": ["1.1"]}`).HidesInput("1.2/c") {
		t.Error("the input of 1.2/c is hidden, and only 1.1 is brief")
	}
}
