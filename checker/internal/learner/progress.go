package learner

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/report"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// A standing is how far a step is.
type standing struct {
	step  course.Step
	here  bool
	tasks []*report.Task
	green bool
	build bool // it does not compile
}

// done returns how many of the step's tasks are done, and how many there are.
func (s standing) done() (done, all int) {
	for _, t := range s.tasks {
		if t.ID != "" {
			all++
			if t.Done() {
				done++
			}
		}
	}
	return done, max(all, len(s.step.Tasks))
}

// Progress shows the ten steps, and where the learner is.
func Progress(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("progress", flag.ContinueOnError)
	base := flags.String("base", "", "`reference` lays the reference under each step")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "progress", names)
	}
	if err == nil {
		*base, err = baseOf("progress", *base)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	defer Soothe(w)()
	all, err := standings(ctx, w, *base)
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	printProgress(w, all, *base)
	return workshop.Green
}

// standings runs the tests of every step that the learner has begun: in one go, if each
// is not to have the reference's earlier steps below it.
func standings(ctx context.Context, w *workshop.Workshop, base string) ([]standing, error) {
	var all []standing
	var begun []course.Step
	for _, s := range w.Course.Steps {
		st := standing{step: s, here: w.Here(s)}
		if st.here && !Untouched(w, s) {
			begun = append(begun, s)
		}
		all = append(all, st)
	}
	if len(begun) == 0 {
		return all, nil
	}
	together := [][]course.Step{begun}
	if base != "" {
		together = slices.Collect(slices.Chunk(begun, 1))
	}
	for _, steps := range together {
		packages, err := Run(ctx, w, Options{Base: base}, steps...)
		if err != nil {
			return nil, err
		}
		for i, s := range steps {
			all[s.Number-1].judge(packages[i])
		}
	}
	return all, nil
}

func (s *standing) judge(p *gotest.Package) {
	s.tasks = report.TasksOf(s.step, p)
	s.green = p.OK()
	s.build = len(p.Build) > 0
}

// printProgress prints a line for each step, then what to do next.
func printProgress(w *workshop.Workshop, all []standing, base string) {
	steps, tasks, of, width, here := 0, 0, 0, 0, -1
	for i, s := range all {
		done, n := s.done()
		tasks, of = tasks+done, of+n
		width = max(width, len([]rune(s.step.Title)))
		if s.green {
			steps++
		} else if s.here && here < 0 {
			here = i
		}
	}
	summary := fmt.Sprintf("%d of %s done", steps, show.Count(len(all), "step"))
	if of > 0 {
		summary += fmt.Sprintf(", %d of %s", tasks, show.Count(of, "task"))
	}
	w.Lines(w.Style.Bold("Barewire: "+summary), "")
	if base != "" {
		w.Lines("Each step was run on the reference's earlier steps.", "")
	}
	for i, s := range all {
		w.Lines(fmt.Sprintf("  %2d  %-*s  %s", s.step.Number, width, s.step.Title, s.status(w, i == here)))
	}
	w.Lines("")
	w.Lines(nextSteps(w, all, here, base)...)
}

// status is a bar and what it says in words.
func (s standing) status(w *workshop.Workshop, here bool) string {
	const length = 10
	if !s.here {
		return strings.Repeat(" ", length+2) + "  not here yet"
	}
	done, of := s.done()
	part := 0
	if of > 0 {
		part = done * length / of
	}
	bar := "[" + strings.Repeat("#", part) + strings.Repeat("-", length-part) + "]"
	words := "to do"
	if of > 0 {
		words = fmt.Sprintf("%d of %s", done, show.Count(of, "task"))
	}
	switch {
	case s.green:
		words = w.Style.Green("done") + ", " + show.Count(of, "task")
	case s.build:
		words = "does not compile yet"
	case of > 0 && done == of:
		words += ", but an example or a test outside them is red"
	}
	if here {
		words = w.Style.Bold("you are here") + ": " + words
	}
	return bar + "  " + words
}

// nextSteps says what to do: the first task that is not done.
func nextSteps(w *workshop.Workshop, all []standing, here int, base string) []string {
	if here < 0 {
		return []string{"Every step that is here is done."}
	}
	s := all[here]
	step := []string{fmt.Sprintf("STEP=%d", s.step.Number)}
	if base != "" {
		step = append(step, "BASE="+base)
	}
	var task course.Task
	if len(s.step.Tasks) > 0 {
		task = s.step.Tasks[0]
	}
	for _, t := range s.tasks {
		if t.ID != "" && !t.Done() {
			task = t.Task
			break
		}
	}
	lines := []string{"next   " + w.Style.Bold(w.Command("test", step...))}
	if task.Title != "" {
		about := fmt.Sprintf("       task %s %s", task.ID, task.Title)
		if task.Minutes > 0 {
			about += ", about " + show.Count(task.Minutes, "minute")
		}
		lines = append(lines, about)
	}
	lines = append(lines, "       your code is in steps/"+s.step.Dir)
	if chapter := w.Chapter(s.step); chapter != "" {
		lines = append(lines, "       the chapter is "+chapter)
	}
	return lines
}
