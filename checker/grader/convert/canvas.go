package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/grader/result"
)

// studentColumns are Canvas's own, before the assignments.
var studentColumns = []string{"Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section"}

// assignmentID ends the header of an assignment: "Grader (12345)".
var assignmentID = regexp.MustCompile(`^(.*\S) \((\d+)\)$`)

// Canvas returns a CSV that Canvas's gradebook imports, made of the instructor's own
// export of it. It has the students' columns and that of the assignment, which is named
// by its title or its number, and only the rows that have a mark: an import changes
// nothing else. Notes say who is left out and why; a fault always is.
func Canvas(d *result.Document, export []byte, assignment string, scale bool) (csv []byte, notes []string, err error) {
	s, err := parseSheet(export)
	if err != nil {
		return nil, nil, fmt.Errorf("canvas: %w", err)
	}
	c := canvas{sheet: s, scale: scale}
	if err := c.columns(assignment); err != nil {
		return nil, nil, fmt.Errorf("canvas: %w", err)
	}
	left := make(map[string]*result.Submission)
	for i := range d.Submissions {
		left[d.Submissions[i].ID] = &d.Submissions[i]
	}
	found, by, err := c.match(d)
	if err != nil {
		return nil, nil, fmt.Errorf("canvas: %w", err)
	}
	if by != "" && by != "ID" {
		notes = append(notes, "students are found by the column "+by)
	}
	out := sheet{bom: s.bom, comma: s.comma, rows: []row{c.keep(s.rows[0])}}
	for n, r := range s.rows[1:] {
		sub := found[n+1]
		switch {
		case sub == nil && (strings.HasPrefix(r.cell(0), "Points Possible") || n < 2 && r.cell(c.id) == ""):
			c.most, _ = strconv.ParseFloat(strings.ReplaceAll(r.cell(c.mark), ",", "."), 64)
			if err := otherMaximum("Points Possible", c.most, d.MaxScore, scale); err != nil {
				return nil, nil, fmt.Errorf("canvas: %w", err)
			}
			out.rows = append(out.rows, c.keep(r))
			continue
		case sub == nil:
			notes = append(notes, fmt.Sprintf("%s (%s) has no submission and is left out", line(r.cell(0)), line(r.cell(c.id))))
			continue
		case sub.Score == nil:
			notes = append(notes, fmt.Sprintf("%s has no mark, by a fault of the checker, and is left out: this is not a 0", name(sub)))
		default:
			s.set(&r, c.mark, pointed(sub, c.most, scale))
			out.rows = append(out.rows, c.keep(r))
		}
		delete(left, sub.ID)
	}
	for i := range d.Submissions {
		if sub := &d.Submissions[i]; left[sub.ID] != nil {
			notes = append(notes, name(sub)+" is not in the gradebook")
		}
	}
	return []byte(out.String()), notes, nil
}

// A canvas is an export with the places of its columns.
type canvas struct {
	*sheet
	kept          []int // columns
	id, sis, user int
	mark          int
	most          float64
	scale         bool
}

// columns finds the columns.
func (c *canvas) columns(assignment string) error {
	at := func(name string) int { return c.column(func(h string) bool { return h == name }) }
	c.id, c.sis, c.user = at("ID"), at("SIS User ID"), at("SIS Login ID")
	if section := at("Section"); c.id < 0 || section < c.id {
		return fmt.Errorf("this is not an export of the gradebook, which has the columns Student, ID and Section; it has %s", c.headers())
	}
	c.mark = -1
	for i := range c.rows[0].cells {
		header := c.rows[0].cell(i)
		if slices.Contains(studentColumns, header) {
			c.kept = append(c.kept, i)
			continue
		}
		if m := assignmentID.FindStringSubmatch(header); header == assignment || m != nil && (m[1] == assignment || m[2] == assignment) {
			if c.mark >= 0 {
				return fmt.Errorf("two columns are %q; name it by its number", assignment)
			}
			c.mark = i
		}
	}
	switch {
	case c.mark < 0 && assignment == "":
		return fmt.Errorf("say with -assignment which column is to be filled in; there are %s", c.headers())
	case c.mark < 0:
		return fmt.Errorf("no column is %q; there are %s", assignment, c.headers())
	}
	c.kept = append(c.kept, c.mark)
	return nil
}

// keep returns a row with the columns that are imported.
func (c *canvas) keep(r row) row {
	k := row{end: r.end}
	for _, i := range c.kept {
		cell := ""
		if i < len(r.cells) {
			cell = r.cells[i]
		}
		k.cells = append(k.cells, cell)
	}
	return k
}

// A key is a column by which students can be found, and what it means.
type key struct {
	name string
	at   int
	of   func(*result.Submission) []string
}

// match finds the submission of each row by one column for all: by that which finds
// most. Numbers of different kinds are not mixed, as one student's may be another's.
func (c *canvas) match(d *result.Document) (found map[int]*result.Submission, by string, err error) {
	id := func(s *result.Submission) []string { return []string{s.ID} }
	for _, k := range []key{
		{"ID", c.id, id},
		{"SIS User ID", c.sis, id},
		{"SIS Login ID", c.user, func(s *result.Submission) []string { return []string{s.ID, s.Email} }},
	} {
		rows, again := make(map[int]*result.Submission), error(nil)
		index := make(map[string]*result.Submission)
		for i := range d.Submissions {
			for _, value := range k.of(&d.Submissions[i]) {
				index[strings.ToLower(value)] = &d.Submissions[i]
			}
		}
		seen := make(map[string]int)
		for n, r := range c.rows[1:] {
			value := strings.ToLower(r.cell(k.at))
			s := index[value]
			if value == "" || s == nil {
				continue
			}
			if first, ok := seen[s.ID]; ok && again == nil {
				again = fmt.Errorf("rows %d and %d are both of %s", first, n+2, line(s.ID))
			}
			rows[n+1], seen[s.ID] = s, n+2
		}
		if len(rows) > len(found) {
			found, by, err = rows, k.name, again
		}
	}
	return found, by, err
}
