package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/grader/result"
)

// A Moodle says which columns of the worksheet are which, and what else is wished.
// Their names depend on Moodle's language; those that are empty are guessed.
type Moodle struct {
	Identifier string
	Grade      string
	Maximum    string
	Feedback   string
	NoFeedback bool // the marks alone are filled in
	Scale      bool // marks are scaled to the worksheet's maximum
}

// The columns in some languages: the identifier, the grade, its maximum, feedback.
var moodleColumns = [4][]string{
	{"Identifier", "Identificador", "Identifiant", "ID", "Identificativo", "Identifikator", "Nummer"},
	{"Grade", "Calificación", "Note", "Bewertung", "Valutazione", "Nota", "Cijfer"},
	{"Maximum Grade", "Calificación máxima", "Note maximale", "Bestwertung", "Valutazione massima", "Nota máxima", "Hoogste cijfer"},
	{"Feedback comments", "Comentarios de retroalimentación", "Feedback par commentaires", "Feedback als Kommentar", "Commenti di feedback", "Comentários", "Feedback als opmerking"},
}

// participant is the number in an identifier: "Participant 123", in any language.
var participant = regexp.MustCompile(`^\D*(\d+)$`)

// Fill returns the instructor's own worksheet ("download grading worksheet") with marks
// and feedback filled in; every other byte is as it was, the times by which Moodle
// notices that a mark was changed meanwhile among them. Notes say who got none and why.
// A fault never gets one.
func (m Moodle) Fill(d *result.Document, worksheet []byte) (csv []byte, notes []string, err error) {
	s, err := parseSheet(worksheet)
	if err != nil {
		return nil, nil, fmt.Errorf("moodle: %w", err)
	}
	columns, err := m.columns(s)
	if err != nil {
		return nil, nil, fmt.Errorf("moodle: %w", err)
	}
	id, mark, most, feedback := columns[0], columns[1], columns[2], columns[3]
	left := make(map[string]*result.Submission)
	for i := range d.Submissions {
		left[d.Submissions[i].ID] = &d.Submissions[i]
	}
	for n := range s.rows[1:] {
		r := &s.rows[n+1]
		if len(r.cells) == 1 && r.cell(0) == "" {
			continue // an empty line at the end
		}
		who := r.cell(id)
		number := participant.FindStringSubmatch(who)
		if number == nil {
			return nil, nil, fmt.Errorf("moodle: row %d: %q does not end in a participant's number", n+2, line(who))
		}
		sub := left[number[1]]
		if sub == nil {
			sub = left[who]
		}
		if sub == nil {
			notes = append(notes, line(who)+" has no submission; the row is as it was")
			continue
		}
		delete(left, sub.ID)
		if sub.Score == nil {
			notes = append(notes, name(sub)+" has no mark, by a fault of the checker; the row is as it was: this is not a 0")
			continue
		}
		limit, _ := strconv.ParseFloat(strings.ReplaceAll(r.cell(most), ",", "."), 64)
		if err := otherMaximum(fmt.Sprintf("row %d", n+2), limit, sub.MaxScore, m.Scale); err != nil {
			return nil, nil, fmt.Errorf("moodle: %w", err)
		}
		if limit == 0 {
			limit = sub.MaxScore
		}
		s.set(r, mark, pointed(sub, limit, m.Scale))
		if feedback >= 0 && !m.NoFeedback {
			s.set(r, feedback, formula(strings.TrimSpace(brief(look(d, sub, Student)))))
		}
	}
	for i := range d.Submissions {
		if sub := &d.Submissions[i]; left[sub.ID] != nil {
			notes = append(notes, name(sub)+" is not in the worksheet")
		}
	}
	return []byte(s.String()), notes, nil
}

// columns finds the columns. The last two need not be there.
func (m Moodle) columns(s *sheet) (at [4]int, err error) {
	for i, wanted := range []string{m.Identifier, m.Grade, m.Maximum, m.Feedback} {
		known := moodleColumns[i]
		if wanted != "" {
			known = []string{wanted}
		}
		at[i] = s.column(func(header string) bool {
			return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, header) })
		})
		if at[i] < 0 && (i < 2 || wanted != "") {
			return at, fmt.Errorf("no column is the %s; say which of these is: %s", []string{"identifier", "grade", "maximum", "feedback"}[i], s.headers())
		}
	}
	return at, nil
}

// brief is a submission in a few lines: Moodle shows feedback as HTML, in which the
// marks that would mean something are written otherwise.
func brief(v *view) string {
	out := outline(v)
	for _, step := range v.Steps {
		out += fmt.Sprintf("Step %d %s: %s of %s\n", step.Number, step.Title, result.Number(step.Score), result.Number(step.MaxScore))
		for _, t := range step.Tasks {
			for _, c := range t.Checks {
				if c.Outcome == result.Failed {
					out += fmt.Sprintf("  %s %s: failed\n", t.ID, c.Title)
				}
			}
		}
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text(cut(out, 8000)))
	return strings.ReplaceAll(strings.TrimSpace(escaped), "\n", "<br>\n")
}
