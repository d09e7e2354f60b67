// Package convert turns the result document into what course systems and humans read:
// text for a terminal, Markdown, HTML, and the formats of Gradescope, JUnit, GitHub,
// Classroom 50, exercism, PrairieLearn, Canvas and Moodle.
//
// Two things hold for each of them. What a student may have chosen does nothing in it
// but be read (escape.go). And a fault of the checker is no mark: it is never written
// as a 0, and a format that cannot say so gets no file at all ([ErrFault]).
//
// All are functions of their arguments alone; they read and write no files.
//
// Read view.go first: it decides what of a submission is shown, and to whom.
package convert

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"barewire/checker/grader/result"
)

// An Audience says who reads: students do not see the outcomes of hidden checks, what
// is to be reviewed, or what went wrong inside the checker.
type Audience int

const (
	Student Audience = iota
	Instructor
)

// ErrFault is returned for a submission without a mark by formats that have no way to
// say so. Whoever called must then fail, for the course system to notice.
var ErrFault = errors.New("the checker failed on this submission, so there is no mark")

func fault(s *result.Submission) error {
	return fmt.Errorf("%s: %w: %s", line(s.ID), ErrFault, line(s.Message))
}

// stamp writes a time as most formats want it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// points writes "1 point" or "2.5 points".
func points(x float64) string {
	if text := result.Number(x); text != "1" {
		return text + " points"
	}
	return "1 point"
}

// cut shortens text to about limit bytes, between two characters.
func cut(text string, limit int) string {
	const end = " …"
	if len(text) <= limit {
		return text
	}
	return head(text, max(limit-len(end), 0)) + end
}

// head returns what of text fits into n bytes, up to a whole character.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
