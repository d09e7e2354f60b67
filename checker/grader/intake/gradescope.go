package intake

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// gradescopeMetadata is beside the folders of an export of Gradescope.
const gradescopeMetadata = "submission_metadata.yml"

// A submitter is one of those who handed something in together.
type submitter struct{ name, sid, email string }

// An exported submission is what the metadata say of one folder.
type exported struct {
	submitters []submitter
	created    time.Time
}

// gradescope finds the submissions of an export: a folder for each, which the metadata
// give names and times. Those who handed in together each get a submission.
func (o *opener) gradescope(path string, entries []entry) error {
	all := make(map[string]exported)
	for _, e := range entries {
		if e.name != gradescopeMetadata || e.open == nil {
			continue
		}
		r, err := e.open()
		if err != nil {
			return err
		}
		data, err := readLimited(r, maxMetadata)
		r.Close()
		if err != nil {
			return fmt.Errorf("%s in %s: %w", e.name, path, err)
		}
		all = parseMetadata(string(data))
	}
	for _, e := range entries {
		if e.name == gradescopeMetadata {
			continue
		}
		if !e.handable() {
			o.report("left out, neither a folder nor an archive: %s in %s", printable(e.name), path)
			continue
		}
		people := all[e.name].submitters
		if len(people) == 0 {
			o.report("%s says nothing about %s in %s, so the folder's name stands for the student's", gradescopeMetadata, printable(e.name), path)
			people = []submitter{{sid: e.name}}
		}
		o.together(path+string(filepath.Separator)+printable(e.name), e, people, all[e.name].created)
	}
	return nil
}

// together adds a submission for each of several submitters.
func (o *opener) together(where string, e entry, people []submitter, created time.Time) {
	var ids []string
	for _, p := range people {
		ids = append(ids, cleanID(first(p.sid, first(p.email, e.name))))
	}
	for _, p := range people {
		h := handed{raw: first(p.sid, first(p.email, e.name)), file: e.name, changed: e.changed, archive: true}
		h.Name, h.Email, h.Submitted = printable(p.name), printable(p.email), created
		h.src, h.Source = e.src, where
		if len(people) > 1 {
			h.Group = ids
			h.Notes = append(h.Notes, "handed in together by "+strings.Join(ids, ", "))
		}
		o.found = append(o.found, h)
	}
}

// parseMetadata reads the parts of the YAML that Gradescope writes which matter here.
// What a test of a student's printed is in the same file, always further to the right
// than a key that counts, so a line that counts cannot be made by a student.
func parseMetadata(text string) map[string]exported {
	all := make(map[string]exported)
	var folder, section string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		item := false
		if rest, ok := strings.CutPrefix(body, "- "); ok && indent == 2 {
			body, item, indent = rest, true, 4
		}
		key, value, ok := strings.Cut(body, ":")
		if strings.HasPrefix(body, ":") { // a symbol of Ruby, ":name: Jane"
			key, value, ok = strings.Cut(body[1:], ":")
		}
		value = scalar(value)
		switch {
		case !ok || body == "" || body[0] == '#':
		case indent == 0:
			folder, section = scalar(key), ""
			all[folder] = exported{}
		case indent == 2 && !item:
			section = key
			if e := all[folder]; key == "created_at" {
				e.created, _ = parseTime(value) // unknown otherwise
				all[folder] = e
			}
		case indent == 4 && section == "submitters":
			e := all[folder]
			if item {
				e.submitters = append(e.submitters, submitter{})
			}
			if n := len(e.submitters); n > 0 {
				s := &e.submitters[n-1]
				switch key {
				case "name":
					s.name = value
				case "sid":
					s.sid = value
				case "email":
					s.email = value
				}
			}
			all[folder] = e
		}
	}
	return all
}

// scalar returns the value of a plain or quoted scalar on one line; of one that goes on
// over several lines, nothing that matters here is made.
func scalar(s string) string {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'':
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	case len(s) > 1 && s[0] == '"':
		if t, err := strconv.Unquote(s); err == nil {
			return t
		}
	case s == "~" || s == "null" || s == "''":
		return ""
	}
	return s
}

// gradescopeAutograder reads the folder that Gradescope gives to an autograder: the
// submission, with submission_metadata.json beside it.
func (o *opener) gradescopeAutograder(path string) (done bool, err error) {
	abs, err := filepath.Abs(path)
	if err != nil || filepath.Base(abs) != "submission" {
		return false, err
	}
	f, err := os.Open(filepath.Join(filepath.Dir(abs), "submission_metadata.json"))
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var meta struct {
		ID        json.Number `json:"id"`
		CreatedAt string      `json:"created_at"`
		Users     []struct {
			Name  string `json:"name"`
			Email string `json:"email"`
		} `json:"users"`
		Assignment struct {
			DueDate string `json:"due_date"`
		} `json:"assignment"`
	}
	if err := json.NewDecoder(io.LimitReader(f, maxMetadata)).Decode(&meta); err != nil {
		return false, fmt.Errorf("%s: %w", f.Name(), err)
	}
	var names, emails []string
	for _, u := range meta.Users {
		names, emails = append(names, printable(u.Name)), append(emails, printable(u.Email))
	}
	h := handed{raw: first(strings.Join(emails, "+"), first(meta.ID.String(), "submission")), archive: true}
	h.Name, h.Email = strings.Join(names, ", "), strings.Join(emails, ", ")
	h.Source, h.src = path, dir{path, "."}
	h.Submitted, _ = parseTime(meta.CreatedAt) // unknown otherwise
	if due, err := parseTime(meta.Assignment.DueDate); err == nil && !h.Submitted.IsZero() {
		h.Late = h.Submitted.After(due)
	}
	o.found = append(o.found, h)
	return true, nil
}
