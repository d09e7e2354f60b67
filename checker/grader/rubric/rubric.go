// Package rubric turns the outcomes of checks into marks: points for tasks, bonus,
// caps, lateness, and which checks a student may see.
//
// A rubric is a JSON file such as this; every line of it may be left out:
//
//	{
//	  "name": "Networks 2, autumn",
//	  "points": {"1": 10, "3": 30, "3.4": 5},
//	  "bonus": ["3.16"],
//	  "weights": {"3.2/two-host-fields": 2},
//	  "caps": {"3": 25, "total": 40},
//	  "base": "better",
//	  "deadline": "2026-11-30T23:59:00+01:00",
//	  "late": {"percent_per_day": 10, "at_most": 50, "grace": "15m"},
//	  "hidden": ["3.2", "3.5/limits"],
//	  "shown": ["3.2/two-host-fields"],
//	  "brief": ["4"]
//	}
//
// These are its lines:
//
//   - points: of a task, or of a whole step, whose tasks share what is left of it by the
//     minutes that the course gives them. What is not named has none. Without this line
//     every step has 10.
//   - bonus: tasks whose points do not count towards the maximum.
//   - weights: a task's points are shared by its checks, and each check gets all of its
//     part or nothing. A check of weight 2 has twice the part of another.
//   - caps: the most that a step, or everything together, can give.
//   - base: "own" examines a step on the student's own earlier steps, "reference" on the
//     checker's, "better" takes what is better for each step, {"own": 70, "reference": 30}
//     a part of each.
//   - late: for each day that has begun after the deadline so many percent of the mark are
//     taken off, at most so many. Within the grace nothing is.
//   - hidden, shown: steps, tasks or checks whose outcomes students do not see, or do after
//     all; the narrower wins. Hidden checks count like any other.
//   - brief: steps, tasks or checks of which students see the outcome, and not the input
//     that it came of.
//
// It leaves out what is checked: that is package exam's.
//
// Read this file first, then grade.go; read.go and tree.go read the file.
package rubric

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"barewire/checker/course"
	"barewire/checker/grader/result"
)

// perStep is what every step has without a file.
const perStep = 10

// Bases of which one or the other counts; see the package comment.
const Better = "better"

// A Rubric says what is worth how much.
type Rubric struct {
	Name     string
	Tasks    []result.Task // those that have points, in the order of the course
	Weights  map[string]float64
	StepCaps map[int]float64
	Cap      *float64 // of everything together
	Base     string   // own, reference, better or weighted
	OwnPart  float64  // of 100, if weighted
	Deadline time.Time
	Late     Late
	Hidden   []string
	Shown    []string
	Brief    []string

	titles map[int]string
}

// Late says what lateness costs.
type Late struct {
	PerDay float64 // percent of the mark, for each day that has begun
	AtMost float64 // percent
	Grace  time.Duration
}

// Default returns the rubric that holds without a file.
func Default(c *course.Course) *Rubric {
	r := &Rubric{Name: "default", Base: Better, Late: Late{AtMost: 100}, titles: make(map[int]string)}
	points := make(map[string]float64)
	for _, s := range c.Steps {
		r.titles[s.Number] = s.Title
		points[strconv.Itoa(s.Number)] = perStep
	}
	r.share(c, points)
	return r
}

// share gives the tasks their points. A step's points are for those of its tasks that
// are not named themselves, by their minutes.
func (r *Rubric) share(c *course.Course, points map[string]float64) {
	r.Tasks = nil
	for _, s := range c.Steps {
		left, minutes := points[strconv.Itoa(s.Number)], 0
		for _, t := range s.Tasks {
			if own, ok := points[t.ID]; ok {
				left -= own
			} else {
				minutes += t.Minutes
			}
		}
		for _, t := range s.Tasks {
			own, ok := points[t.ID]
			if !ok {
				own = max(left, 0) * float64(t.Minutes) / float64(minutes)
			}
			if own > 0 {
				r.Tasks = append(r.Tasks, result.Task{ID: t.ID, Step: s.Number, Title: t.Title, MaxPoints: own})
			}
		}
	}
}

// Steps returns the numbers of the steps that have points: the others need not be
// examined.
func (r *Rubric) Steps() []int {
	var all []int
	for _, t := range r.Tasks {
		if n := len(all); n == 0 || all[n-1] != t.Step {
			all = append(all, t.Step)
		}
	}
	return all
}

// MaxScore returns the best mark without bonus.
func (r *Rubric) MaxScore() float64 {
	sum := 0.0
	for _, step := range r.Steps() {
		sum += r.stepMax(step)
	}
	if r.Cap != nil {
		sum = min(sum, *r.Cap)
	}
	return round(sum)
}

// stepMax returns the best mark for a step, without bonus and not rounded.
func (r *Rubric) stepMax(step int) float64 {
	sum := 0.0
	for _, t := range r.Tasks {
		if t.Step == step && !t.Bonus {
			sum += t.MaxPoints
		}
	}
	if most, ok := r.StepCaps[step]; ok {
		sum = min(sum, most)
	}
	return sum
}

// ID returns the name of the rubric and a digest of all that it says.
func (r *Rubric) ID() result.Rubric {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // only of numbers and text
	}
	sum := sha256.Sum256(text)
	return result.Rubric{Name: r.Name, Hash: hex.EncodeToString(sum[:])}
}

// round rounds to the two decimals that gradebooks keep.
func round(x float64) float64 { return math.Round(x*100) / 100 }
