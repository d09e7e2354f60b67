package intake

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What course systems call the files that they hand out. A student chooses a part of
// it: the name at the end, and often that at the beginning. So the number is looked
// for where the course system puts it, the earliest place that fits, and where two
// names claim one number nobody gets it; see [opener.submissions].
var (
	// doejane_LATE_4711_99_homework.zip; what is typed in ends in _text.html or _link.html.
	canvasName = regexp.MustCompile(`^([\p{L}\p{M}\p{N}_]*?)(_LATE)?_([0-9]+)_(?:([0-9]+)_(.+)|(text|link)\.html)$`)
	// anon_aB3x9_99_homework.zip, and with LATE_ in front.
	canvasAnonymous = regexp.MustCompile(`^(LATE_)?(anon_[0-9A-Za-z]+)_(?:([0-9]+)_(.+)|(text|link)\.html)$`)
	// Jane Doe_4711_assignsubmission_file_, a folder, or with the name of a file behind it.
	moodleName = regexp.MustCompile(`^(.*?)_([0-9]+)_assignsubmission_(file|onlinetext)(?:_(.*))?$`)
)

// canvasNamer returns what reads the names of a download from Canvas. It is anonymous
// only if all of it is: a student could be called "anon_x".
func canvasNamer(entries []entry) func(entry) (handed, string) {
	anonymous := !slices.ContainsFunc(entries, func(e entry) bool {
		return canvasName.MatchString(e.name) && !canvasAnonymous.MatchString(e.name)
	})
	return func(e entry) (handed, string) {
		h := handed{changed: e.changed}
		h.src = e.src
		if m := canvasAnonymous.FindStringSubmatch(e.name); m != nil && anonymous {
			h.Late, h.raw, h.file = m[1] != "", m[2], m[4]
			h.number, _ = strconv.ParseInt(m[3], 10, 64) // 0 if there is none
		} else if m := canvasName.FindStringSubmatch(e.name); m != nil {
			h.Name, h.Late, h.raw, h.file = m[1], m[2] != "", m[3], m[5]
			h.number, _ = strconv.ParseInt(m[4], 10, 64)
		} else {
			return h, "not named as Canvas does"
		}
		if h.file == "" {
			h.file = e.name
		}
		h.archive = e.kind == folder || archiveName(h.file)
		return h, ""
	}
}

// moodle reads a name of a download from Moodle.
func moodle(e entry) (handed, string) {
	m := moodleName.FindStringSubmatch(e.name)
	if m == nil {
		return handed{}, "not named as Moodle does"
	}
	h := handed{raw: m[2], file: m[4], changed: e.changed, archive: m[3] == "file" && (e.kind == folder || archiveName(e.name))}
	h.Name, h.src = printable(m[1]), e.src
	if h.file == "" {
		h.file = e.name
	}
	return h, ""
}

// byRegexp sets what the groups of a pattern find in a name, or says why it cannot.
func byRegexp(h *handed, pattern *regexp.Regexp, name string) string {
	m := pattern.FindStringSubmatch(name)
	if m == nil {
		return "its name does not match --id-regexp"
	}
	get := func(names ...string) string {
		if i := group(pattern, names...); i >= 0 {
			return m[i]
		}
		return ""
	}
	h.raw = get("student", "student_id", "id")
	if h.raw == "" {
		return "--id-regexp finds nobody in its name"
	}
	h.Name, h.Email = printable(get("name")), printable(get("email"))
	h.Late = get("late") != ""
	if text := get("timestamp"); text != "" {
		t, err := parseTime(text)
		if err != nil {
			return err.Error()
		}
		h.Submitted = t
	}
	return ""
}

// group returns the number of the first group of these names, or -1.
func group(pattern *regexp.Regexp, names ...string) int {
	for _, name := range names {
		if i := pattern.SubexpIndex(name); i >= 0 {
			return i
		}
	}
	return -1
}

var layouts = []string{
	time.RFC3339, "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05",
	"2006-01-02T15:04:05", "2006-01-02-15-04-05 MST", "2006-01-02-15-04-05", "2006-01-02_15-04-05", "2006-01-02T15-04-05",
	"20060102T150405Z", "20060102T150405", "20060102150405", "2006-01-02 15:04", "2006-01-02",
}

// parseTime reads a time as course systems write it. Without a zone it is UTC.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("the time %q is not understood; write 2026-11-21T14:00:00Z", printable(text))
}

// submissions takes the latest submission of each student, and names them.
func (o *opener) submissions() []Submission {
	var ids []string
	by := make(map[string][]handed)
	for _, h := range o.found {
		if by[h.raw] == nil {
			ids = append(ids, h.raw)
		}
		by[h.raw] = append(by[h.raw], h)
	}
	var all []Submission
	taken := make(map[string]bool)
	for _, raw := range ids {
		people := byPerson(by[raw])
		for _, mine := range people {
			s := latest(mine)
			s.ID = cleanID(raw)
			if len(people) > 1 {
				// Whoever may choose a name could otherwise take another's place.
				s.ID = cleanID(raw + "-" + mine[0].Name)
				s.Notes = append(s.Notes, fmt.Sprintf("the download has %d people with the number %s: %s. Find out whose this is",
					len(people), printable(raw), strings.Join(namesOf(people), ", ")))
			}
			if taken[strings.ToLower(s.ID)] { // on some systems files of both names are one
				s.ID += "-" + short(raw+"\x00"+s.Name)
			}
			taken[strings.ToLower(s.ID)] = true
			if p, ok := o.opt.Roster.Find(raw, s.Email); ok {
				s.Name, s.Email = first(p.Name, s.Name), first(p.Email, s.Email)
			} else if o.opt.Roster != nil {
				s.Notes = append(s.Notes, "not in the roster")
			}
			all = append(all, s)
		}
	}
	return all
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// byPerson parts what has one number by the name beside the number.
func byPerson(all []handed) [][]handed {
	var people [][]handed
	for _, h := range all {
		i := slices.IndexFunc(people, func(p []handed) bool { return strings.EqualFold(p[0].Name, h.Name) })
		if i < 0 {
			people = append(people, []handed{h})
		} else {
			people[i] = append(people[i], h)
		}
	}
	return people
}

func namesOf(people [][]handed) []string {
	var names []string
	for _, p := range people {
		names = append(names, first(printable(p[0].Name), "without a name"))
	}
	return names
}

// latest returns the submission that counts: an archive rather than another file, then
// by time, by the course system's count, and by when the file was changed.
func latest(all []handed) Submission {
	slices.SortStableFunc(all, func(a, b handed) int {
		switch {
		case a.archive != b.archive:
			if a.archive {
				return 1
			}
			return -1
		case !a.Submitted.Equal(b.Submitted):
			return a.Submitted.Compare(b.Submitted)
		case a.number != b.number:
			return int(max(-1, min(1, a.number-b.number)))
		case !a.changed.Equal(b.changed):
			return a.changed.Compare(b.changed)
		}
		return strings.Compare(a.file, b.file)
	})
	last := all[len(all)-1]
	var n notes
	for _, h := range all[:len(all)-1] {
		if h.archive {
			n.add("left out, handed in before the one that counts", h.file)
		} else {
			n.add("left out, handed in beside the archive that counts", h.file)
		}
	}
	last.Notes = append(last.Notes, n.lines()...)
	if last.archive && len(all) > 1 {
		last.Notes = append(last.Notes, "counts, as the latest: "+printable(last.file))
	}
	return last.Submission
}

// cleanID returns an id that can be printed and can be a part of a file's name. Two that
// differ stay different.
func cleanID(raw string) string {
	id := strings.Trim(strings.NewReplacer("/", "-", `\`, "-").Replace(printable(raw)), ". ")
	if id != raw || len(id) > 100 {
		if len(id) > 100 {
			id = strings.ToValidUTF8(id[:100], "")
		}
		id += "-" + short(raw)
	}
	return id
}

// short returns a few digits that are others for another text.
func short(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:8] }
