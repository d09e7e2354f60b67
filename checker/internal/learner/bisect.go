package learner

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/gotest"
	"barewire/checker/internal/overlay"
	"barewire/checker/internal/report"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// Bisect finds out which of the learner's earlier steps makes a step red: it
// runs the step on all of them, on none of them, and on each of them alone, with
// the reference in the place of the others.
func Bisect(ctx context.Context, w *workshop.Workshop, args []string) int {
	names, err := workshop.Parse(flag.NewFlagSet("bisect", flag.ContinueOnError), args)
	if err == nil && len(names) != 1 {
		err = errors.New("bisect: which step is red although you think it is right? For example: " + w.Command("bisect", "STEP=4"))
	}
	var step course.Step
	if err == nil {
		step, err = w.Step(names[0])
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	b := &bisection{w: w, step: step, below: dependencies(w, step)}
	if len(b.below) == 0 {
		w.Lines(show.Wrap(fmt.Sprintf("Step %d stands alone: it uses no earlier step, so none of them can break it.", step.Number), show.Width)...)
		w.Lines("", "next   "+w.Command("test", fmt.Sprintf("STEP=%d", step.Number)))
		return workshop.Green
	}
	if err := hasReference(w, b.below); err != nil {
		return w.Fail(workshop.Red, err)
	}
	status, err := b.run(ctx)
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	return status
}

// dependencies returns the steps that s imports, directly or through another, in order.
func dependencies(w *workshop.Workshop, s course.Step) []course.Step {
	imported := make(map[string]bool)
	var visit func(dir string)
	visit = func(dir string) {
		entries, _ := os.ReadDir(w.Path("steps/" + dir)) // a step that is not here imports nothing
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			f, _ := parser.ParseFile(token.NewFileSet(), w.Path("steps/"+dir+"/"+e.Name()), nil, parser.ImportsOnly)
			if f == nil {
				continue
			}
			for _, spec := range f.Imports {
				path, _ := strconv.Unquote(spec.Path.Value)
				if below, ok := strings.CutPrefix(path, "barewire/steps/"); ok && !imported[below] && below != s.Dir {
					imported[below] = true
					visit(below)
				}
			}
		}
	}
	visit(s.Dir)
	return slices.DeleteFunc(slices.Clone(w.Course.Steps), func(e course.Step) bool { return !imported[e.Dir] })
}

// A bisection is one search for the step to blame.
type bisection struct {
	w     *workshop.Workshop
	step  course.Step
	below []course.Step
	blame []blamed
}

// A blamed step makes the step red by itself.
type blamed struct {
	step course.Step
	with *gotest.Package
}

// run prints a line for each combination, then the conclusion.
func (b *bisection) run(ctx context.Context) (int, error) {
	n := b.step.Number
	b.w.Lines(b.w.Style.Bold(fmt.Sprintf("Which earlier step breaks step %d, %s?", n, b.step.Title)), "")
	mine, err := b.try(ctx, "on your own earlier steps", nil)
	if err != nil {
		return 0, err
	}
	if mine.OK() {
		b.conclude(fmt.Sprintf("None: step %d is green on your own steps.", n), b.w.Command("progress"))
		return workshop.Green, nil
	}
	reference, err := b.try(ctx, "on the reference's steps", b.below)
	if err != nil {
		return 0, err
	}
	if !reference.OK() {
		b.conclude(fmt.Sprintf("Step %d is red on the reference's steps too, so what is wrong is in step %d itself. "+
			"When it is green there, run this again.", n, n), b.w.Command("test", fmt.Sprintf("STEP=%d", n), "BASE=reference"))
		return workshop.Red, nil
	}
	for _, s := range b.below {
		others := slices.DeleteFunc(slices.Clone(b.below), func(o course.Step) bool { return o.Number == s.Number })
		p, err := b.try(ctx, fmt.Sprintf("on your step %d, the reference for the rest", s.Number), others)
		if err != nil {
			return 0, err
		}
		if !p.OK() {
			b.blame = append(b.blame, blamed{s, p})
		}
	}
	return workshop.Red, b.verdict(ctx)
}

// try runs the step with the reference in the place of some earlier steps, and
// prints what came of it.
func (b *bisection) try(ctx context.Context, what string, reference []course.Step) (*gotest.Package, error) {
	plan := overlay.New(b.w.Root)
	for _, s := range reference {
		if err := plan.ReferenceUnder(s.Dir); err != nil {
			return nil, err
		}
	}
	p, err := first(runWith(ctx, plan, gotest.Run{
		Dir: b.w.Root, Packages: []string{"./steps/" + b.step.Dir}, Args: []string{"-timeout=" + timeLimit.String()},
	}))
	if err != nil {
		return nil, err
	}
	status := b.w.Style.Green("green")
	if !p.OK() {
		status = b.w.Style.Red("RED") + "    " + short(redTasks(b.step, p))
	}
	b.w.Lines(fmt.Sprintf("  step %d %-42s  %s", b.step.Number, what, status))
	return p, nil
}

// redTasks lists the tasks of a step that are red, by number, or why none is.
func redTasks(step course.Step, p *gotest.Package) []string {
	if len(p.Build) > 0 {
		return []string{"does not compile"}
	}
	var ids []string
	for _, t := range report.TasksOf(step, p) {
		switch {
		case len(t.Red) == 0:
		case t.ID == "":
			ids = append(ids, "examples")
		default:
			ids = append(ids, t.ID)
		}
	}
	if len(ids) == 0 {
		return []string{"no test ran"}
	}
	return ids
}

// short lists names in few columns.
func short(names []string) string {
	if n := len(names); n > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), n-2)
	}
	return strings.Join(names, ", ")
}

// verdict runs the own tests of the steps to blame and says where to look.
func (b *bisection) verdict(ctx context.Context) error {
	if len(b.blame) == 0 {
		b.conclude(fmt.Sprintf("No single step breaks step %d: it is green on each of yours alone, and red on all of them together. "+
			"Two of them must disagree about something they share. Look first at their own tests.", b.step.Number), b.w.Command("progress"))
		return nil
	}
	for _, s := range b.blame {
		n := s.step.Number
		own, err := first(Run(ctx, b.w, Options{}, s.step))
		if err != nil {
			return err
		}
		text := fmt.Sprintf("Your step %d, %s, breaks it. ", n, s.step.Title)
		if own.OK() {
			text += fmt.Sprintf("Its own tests are green, so they do not notice what step %d does: that is a gap in our tests, too. "+
				"Read the red test of step %d, then compare your step %d with the reference.", b.step.Number, b.step.Number, n)
			b.conclude(text, b.w.Command("solution", fmt.Sprintf("STEP=%d", n)))
			continue
		}
		red := redTasks(s.step, own)
		text += "Red in its own tests: " + show.List(red) + "."
		next := []string{fmt.Sprintf("STEP=%d", n)}
		if isTask(red[0]) {
			next = []string{"TASK=" + red[0]}
		}
		b.conclude(text, b.w.Command("test", next...))
	}
	return nil
}

// conclude prints a conclusion and what to do.
func (b *bisection) conclude(text, next string) {
	b.w.Lines("")
	b.w.Lines(show.Wrap(text, show.Width)...)
	b.w.Lines("", "next   "+b.w.Style.Bold(next))
}
