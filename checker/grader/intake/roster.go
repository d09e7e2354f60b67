package intake

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Roster says who is in a class.
type Roster struct {
	People []Person
	by     map[string]int // every name that a course system has for one, in lower case
}

// A Person is one line of a roster.
type Person struct {
	ID    string // of the first column that identifies people
	Name  string
	Email string
	keys  []string
}

// Columns of rosters and of lists, in lower case. Those of Canvas' gradebook and
// Moodle's grading worksheet are among them, so these can be a roster as they are.
var (
	idColumns        = []string{"id", "student id", "student_id", "user id", "identifier", "sid", "username", "login", "login id", "sis login id", "sis user id", "id number", "github", "github_username"}
	nameColumns      = []string{"name", "full name", "student", "student name", "student_name"}
	emailColumns     = []string{"email", "e-mail", "email address", "mail"}
	pathColumns      = []string{"path", "folder", "dir", "directory", "repository", "repo", "clone"}
	submittedColumns = []string{"submitted", "submitted at", "submitted_at", "timestamp", "date"}
	lateColumns      = []string{"late"}
)

// OpenRoster reads a roster from a file; see [ReadRoster].
func OpenRoster(path string) (*Roster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	defer f.Close()
	r, err := ReadRoster(f)
	if err != nil {
		return nil, fmt.Errorf("intake: %s: %w", path, err)
	}
	return r, nil
}

// ReadRoster reads a roster: a CSV file whose first line names the columns, in any
// order. One that identifies students is required: id, username, sid, email and so
// on; name (or first name and last name) and email are what it is for.
func ReadRoster(r io.Reader) (*Roster, error) {
	t, err := readTable(r)
	if err != nil {
		return nil, err
	}
	if len(t.columns(slices.Concat(idColumns, emailColumns))) == 0 {
		return nil, fmt.Errorf("no column says who a student is; the columns are %s, and one must be called id, username or email", strings.Join(t.header, ", "))
	}
	roster := &Roster{by: make(map[string]int)}
	lines := make(map[string]int)
	for n, row := range t.rows {
		p := t.person(row)
		for _, key := range p.keys {
			if other, taken := lines[key]; taken && other != n {
				return nil, fmt.Errorf("line %d: %q is on line %d too", t.lines[n], printable(key), t.lines[other])
			}
			lines[key] = n
			roster.by[key] = len(roster.People)
		}
		if len(p.keys) > 0 { // Canvas has a line of points without a student
			roster.People = append(roster.People, p)
		}
	}
	return roster, nil
}

// Find returns the person whom one of these names means. There is nobody in a nil
// roster.
func (r *Roster) Find(keys ...string) (Person, bool) {
	if r == nil {
		return Person{}, false
	}
	for _, key := range keys {
		if i, ok := r.by[strings.ToLower(key)]; ok && key != "" {
			return r.People[i], true
		}
	}
	return Person{}, false
}

// Missing returns those of whom there is no submission.
func (r *Roster) Missing(all []Submission) []Person {
	if r == nil {
		return nil
	}
	here := make(map[int]bool)
	for _, s := range all {
		for _, key := range []string{s.ID, s.Email} {
			if i, ok := r.by[strings.ToLower(key)]; ok && key != "" {
				here[i] = true
			}
		}
	}
	var missing []Person
	for i, p := range r.People {
		if !here[i] {
			missing = append(missing, p)
		}
	}
	return missing
}

// A table is a CSV file.
type table struct {
	header []string // in lower case
	rows   [][]string
	lines  []int
}

// readTable reads a CSV file with a header, whose fields are parted by commas,
// semicolons or tabs.
func readTable(r io.Reader) (*table, error) {
	data, err := readLimited(r, maxMetadata)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	head, _, _ := bytes.Cut(data, []byte("\n"))
	c := csv.NewReader(bytes.NewReader(data))
	for _, comma := range []rune{';', '\t'} {
		if bytes.Count(head, []byte(string(comma))) > bytes.Count(head, []byte(string(c.Comma))) {
			c.Comma = comma
		}
	}
	c.FieldsPerRecord = -1
	t := new(table)
	for {
		row, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if t.header == nil {
			for _, name := range row {
				t.header = append(t.header, strings.ToLower(strings.TrimSpace(name)))
			}
			continue
		}
		line, _ := c.FieldPos(0)
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
	if t.header == nil {
		return nil, fmt.Errorf("the file is empty; its first line names the columns")
	}
	return t, nil
}

// columns returns where the columns of these names are, in the order of the names.
func (t *table) columns(names []string) []int {
	var all []int
	for _, name := range names {
		if i := slices.Index(t.header, name); i >= 0 {
			all = append(all, i)
		}
	}
	return all
}

// get returns the first field of a row that is not empty among these columns.
func (t *table) get(row []string, names []string) string {
	for _, i := range t.columns(names) {
		if i < len(row) && strings.TrimSpace(row[i]) != "" {
			return strings.TrimSpace(row[i])
		}
	}
	return ""
}

// person reads a row of a roster.
func (t *table) person(row []string) Person {
	p := Person{Name: t.get(row, nameColumns), Email: t.get(row, emailColumns)}
	if p.Name == "" {
		p.Name = strings.TrimSpace(t.get(row, []string{"first name", "first_name", "firstname"}) + " " +
			t.get(row, []string{"last name", "last_name", "lastname", "surname"}))
	}
	for _, i := range t.columns(slices.Concat(idColumns, emailColumns)) {
		if i < len(row) && strings.TrimSpace(row[i]) != "" {
			key := strings.TrimSpace(row[i])
			if word := strings.TrimRight(key, "0123456789"); t.header[i] == "identifier" && word != key {
				key = key[len(word):] // Moodle writes "Participant 4711", in the instructor's language
			}
			p.ID = first(p.ID, printable(key))
			p.keys = append(p.keys, strings.ToLower(key), strings.ToLower(printable(key)))
		}
	}
	p.Name, p.Email = printable(p.Name), printable(p.Email)
	return p
}

// gitList finds the submissions in a list of repositories already cloned: a CSV file with
// a column path (or folder, repository, …), relative to the file, and what a roster has.
func (o *opener) gitList(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := readTable(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(t.columns(pathColumns)) == 0 {
		return fmt.Errorf("%s: no column says where the repositories are; the columns are %s, and one must be called path", path, strings.Join(t.header, ", "))
	}
	for n, row := range t.rows {
		where := t.get(row, pathColumns)
		if where == "" {
			o.report("left out, no path: %s, line %d", path, t.lines[n])
			continue
		}
		if !filepath.IsAbs(where) {
			where = filepath.Join(filepath.Dir(path), where)
		}
		e := entry{name: filepath.Base(where), kind: folder, src: dir{where, "."}}
		p := t.person(row)
		h := handed{raw: p.ID, file: e.name, archive: true}
		if p.ID == "" {
			if why := ""; o.opt.ID != nil {
				if why = byRegexp(&h, o.opt.ID, e.name); why != "" {
					o.report("left out, %s: %s", why, printable(where))
					continue
				}
			}
			h.raw = first(h.raw, e.name)
		}
		h.src, h.Source = e.src, where
		h.Name, h.Email = first(p.Name, h.Name), first(p.Email, h.Email)
		h.Late = slices.Contains([]string{"1", "true", "yes", "late", "x"}, strings.ToLower(t.get(row, lateColumns)))
		if text := t.get(row, submittedColumns); text != "" {
			if h.Submitted, err = parseTime(text); err != nil {
				return fmt.Errorf("%s: line %d: %w", path, t.lines[n], err)
			}
		}
		o.found = append(o.found, h)
	}
	return nil
}
