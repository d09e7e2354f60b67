package rubric

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/result"
)

// most is the most points that anything can have.
const most = 1e6

// ReadFile reads a rubric. See [Read].
func ReadFile(path string, c *course.Course, checks []string) (*Rubric, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(path, data, c, checks)
}

// Read reads a rubric from the bytes of a file of that name. checks are the ids of all
// checks that there are; nil if they are not known. The error has a line for everything
// that is wrong, with its place.
func Read(name string, data []byte, c *course.Course, checks []string) (*Rubric, error) {
	r := &reader{source: source{name: name, data: data}, course: c, checks: checks, Rubric: Default(c)}
	root, err := r.parse()
	if err != nil {
		return nil, err
	}
	r.points, r.bonus, r.place = make(map[string]float64), make(map[string]int), make(map[string]int)
	r.object(root, "a rubric", map[string]func(node){
		"name":     func(n node) { r.Name = r.text(n, "a name") },
		"points":   r.readPoints,
		"bonus":    func(n node) { r.each(n, r.readBonus) },
		"weights":  r.readWeights,
		"caps":     r.readCaps,
		"base":     r.readBase,
		"deadline": r.readDeadline,
		"late":     r.readLate,
		"hidden":   func(n node) { r.each(n, func(n node) { r.Hidden = append(r.Hidden, r.selector(n)) }) },
		"brief":    func(n node) { r.each(n, func(n node) { r.Brief = append(r.Brief, r.selector(n)) }) },
		"shown":    func(n node) { r.each(n, func(n node) { r.Shown = append(r.Shown, r.selector(n)) }) },
	})
	r.whole(root)
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return r.Rubric, nil
}

// A reader is a rubric that is being read.
type reader struct {
	source
	*Rubric
	course *course.Course
	checks []string
	points map[string]float64
	bonus  map[string]int // where each task stands
	place  map[string]int // where each selector stands
}

// whole checks what only all lines together can tell, and gives the bonus.
func (r *reader) whole(root node) {
	for i, t := range r.Tasks {
		if _, ok := r.bonus[t.ID]; ok {
			r.Tasks[i].Bonus = true
			delete(r.bonus, t.ID)
		}
	}
	for task, at := range r.bonus {
		r.errorf(at, "task %s has no points that could be a bonus", task)
	}
	for _, s := range r.Hidden {
		if slices.Contains(r.Shown, s) {
			r.errorf(r.place[s], "%q is both hidden and shown", s)
		}
	}
	if r.MaxScore() == 0 && len(r.errs) == 0 {
		r.errorf(root.at, "nothing in it has points, bonus apart")
	}
}

// object reads the members of an object, each by its own function.
func (r *reader) object(n node, what string, fields map[string]func(node)) {
	if n.value != json.Delim('{') {
		r.errorf(n.at, "%s is written { … }; this is %s", what, n.kind())
		return
	}
	seen := make(map[string]bool)
	for _, m := range n.members {
		read, ok := fields[m.name]
		switch {
		case !ok:
			var known []string
			for name := range fields {
				known = append(known, name)
			}
			slices.Sort(known)
			r.errorf(m.at, "%q is unknown here; known are %s", m.name, strings.Join(known, ", "))
		case seen[m.name]:
			r.errorf(m.at, "%q is here a second time", m.name)
		default:
			read(m.node)
		}
		seen[m.name] = true
	}
}

// table reads an object whose names are not known beforehand.
func (r *reader) table(n node, what string, read func(m member)) {
	fields := make(map[string]func(node))
	for _, m := range n.members {
		fields[m.name] = func(node) { read(m) }
	}
	r.object(n, what, fields)
}

func (r *reader) each(n node, read func(node)) {
	if n.value != json.Delim('[') {
		r.errorf(n.at, "a list is written [ … ]; this is %s", n.kind())
	}
	for _, item := range n.items {
		read(item)
	}
}

func (r *reader) text(n node, what string) string {
	text, ok := n.value.(string)
	if !ok || strings.TrimSpace(text) == "" {
		r.errorf(n.at, "%s was expected; this is %s", what, n.kind())
	}
	return text
}

// number reads a number from 0 to limit.
func (r *reader) number(n node, what string, limit float64) float64 {
	digits, ok := n.value.(json.Number)
	x, err := strconv.ParseFloat(digits.String(), 64)
	if !ok || err != nil || !(x >= 0 && x <= limit) {
		r.errorf(n.at, "%s are a number from 0 to %s; this is %s", what, result.Number(limit), n.kind())
		return 0
	}
	return x
}

// known reports whether there is such a step or task, and complains if not.
func (r *reader) known(at int, id string, taskOnly bool) bool {
	for _, s := range r.course.Steps {
		if !taskOnly && id == strconv.Itoa(s.Number) {
			return true
		}
		for _, t := range s.Tasks {
			if id == t.ID {
				return true
			}
		}
	}
	number, _, dotted := strings.Cut(id, ".")
	switch step, err := r.course.Step(number); {
	case dotted && err == nil && len(step.Tasks) > 0:
		r.errorf(at, "there is no task %q; step %d has %s to %s", id, step.Number, step.Tasks[0].ID, step.Tasks[len(step.Tasks)-1].ID)
	case taskOnly:
		r.errorf(at, "%q is not a task; a task is written like 3.2", id)
	default:
		r.errorf(at, "%q is neither a step, such as 3, nor a task, such as 3.2", id)
	}
	return false
}

func (r *reader) readPoints(n node) {
	place := make(map[string]int)
	r.table(n, "a table of points", func(m member) {
		if r.known(m.at, m.name, false) {
			r.points[m.name] = r.number(m.node, "points", most)
			place[m.name] = m.at
		}
	})
	for _, s := range r.course.Steps {
		id := strconv.Itoa(s.Number)
		whole, ok := r.points[id]
		named, sum := 0, 0.0
		for _, t := range s.Tasks {
			if own, ok := r.points[t.ID]; ok {
				named, sum = named+1, sum+own
			}
		}
		switch {
		case !ok:
		case sum > whole:
			r.errorf(place[id], "step %s has %s points, and its tasks have %s", id, result.Number(whole), result.Number(sum))
		case named == len(s.Tasks) && sum < whole:
			r.errorf(place[id], "step %s has %s points, and all of its tasks together %s: nothing gets the rest", id, result.Number(whole), result.Number(sum))
		}
	}
	r.share(r.course, r.points)
}

func (r *reader) readBonus(n node) {
	id := r.text(n, "a task")
	if id != "" && r.known(n.at, id, true) {
		r.bonus[id] = n.at
	}
}

func (r *reader) readWeights(n node) {
	r.Weights = make(map[string]float64)
	r.table(n, "a table of weights", func(m member) {
		r.check(m.at, m.name)
		before := len(r.errs)
		w := r.number(m.node, "weights", 1000)
		if w == 0 && len(r.errs) == before {
			r.errorf(m.node.at, "a weight of 0 would take the check out of its task; it is 1 where nothing is said")
		}
		r.Weights[m.name] = w
	})
}

// check complains if there is no such check.
func (r *reader) check(at int, id string) {
	task, name, _ := strings.Cut(id, "/")
	if name == "" {
		r.errorf(at, "%q is not a check; a check is written like 3.2/two-host-fields", id)
	} else if r.known(at, task, true) && r.checks != nil && !slices.Contains(r.checks, id) {
		var some []string
		for _, c := range r.checks {
			if strings.HasPrefix(c, task+"/") {
				some = append(some, c)
			}
		}
		r.errorf(at, "there is no check %q; task %s has %s", id, task, strings.Join(some, ", "))
	}
}

// selector reads a step, a task or a check.
func (r *reader) selector(n node) string {
	id := r.text(n, "a step, a task or a check")
	r.place[id] = n.at
	if strings.Contains(id, "/") {
		r.check(n.at, id)
	} else if id != "" {
		r.known(n.at, id, false)
	}
	return id
}

func (r *reader) readCaps(n node) {
	r.StepCaps = make(map[int]float64)
	r.table(n, "a table of caps", func(m member) {
		limit := r.number(m.node, "caps", most)
		step, err := strconv.Atoi(m.name)
		switch {
		case m.name == "total":
			r.Cap = &limit
		case err == nil && step >= 1 && step <= len(r.course.Steps):
			r.StepCaps[step] = limit
		default:
			r.errorf(m.at, "%q cannot have a cap; a step, such as 3, can, and \"total\"", m.name)
		}
	})
}

func (r *reader) readBase(n node) {
	switch n.value {
	case result.Own, result.Reference, Better:
		r.Base = n.value.(string)
		return
	case json.Delim('{'):
	default:
		r.errorf(n.at, `the base is "own", "reference", "better" or {"own": 70, "reference": 30}; this is %s`, n.kind())
		return
	}
	r.Base = result.Weighted
	reference := 0.0
	r.object(n, "a weighted base", map[string]func(node){
		"own":       func(n node) { r.OwnPart = r.number(n, "percents", 100) },
		"reference": func(n node) { reference = r.number(n, "percents", 100) },
	})
	if r.OwnPart+reference != 100 {
		r.errorf(n.at, "the parts of own and reference make %s percent, not 100", result.Number(r.OwnPart+reference))
	}
}

func (r *reader) readDeadline(n node) {
	text := r.text(n, "a time")
	t, err := time.Parse(time.RFC3339, text)
	if err != nil && text != "" {
		r.errorf(n.at, "a deadline is written like 2026-11-30T23:59:00+01:00, with the time zone; this is %q", text)
	}
	r.Deadline = t.UTC()
}

func (r *reader) readLate(n node) {
	r.object(n, "lateness", map[string]func(node){
		"percent_per_day": func(n node) { r.Late.PerDay = r.number(n, "percents", 100) },
		"at_most":         func(n node) { r.Late.AtMost = r.number(n, "percents", 100) },
		"grace": func(n node) {
			text := r.text(n, "a duration")
			d, err := time.ParseDuration(text)
			if text != "" && (err != nil || d < 0) {
				r.errorf(n.at, "a grace is written like 15m or 2h; this is %q", text)
			}
			r.Late.Grace = d
		},
	})
	if r.Late.PerDay == 0 {
		r.errorf(n.at, "lateness without percent_per_day costs nothing; leave the line out or say how much")
	}
}
