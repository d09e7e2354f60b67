package fuzz

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// mostLines is how many lines of a finding are printed.
const mostLines = 40

// Main is the command "fuzz".
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	all := flags.Duration("time", 10*time.Minute, "how `long` in all; each target gets an equal share")
	var part string
	flags.StringVar(&part, "step", "", "only steps whose `folders` start so, such as 03")
	flags.StringVar(&part, "in", "", "only `folders` that start so, such as checker/grader")
	only := flags.String("only", "", "only targets whose name matches this `regexp`")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "fuzz", names)
	}
	if err == nil && *all <= 0 {
		err = fmt.Errorf("fuzz: -time %v: it must be more than nothing", *all)
	}
	var targets []Target
	if err == nil {
		targets, err = choose(w.Root, part, *only)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	each := max(*all/time.Duration(len(targets)), time.Second).Round(100 * time.Millisecond)
	w.Printf("%s, %v each, and the time that compiling takes\n\n", show.Count(len(targets), "target"), each)
	var s summary
	err = Run(ctx, w.Root, targets, each.String(), func(r Result) { s.add(w, r) })
	s.print(w)
	if err != nil {
		return w.Fail(workshop.Red, fmt.Errorf("fuzz: %w", err))
	}
	if s.findings > 0 {
		return workshop.Red
	}
	return workshop.Green
}

// choose returns the targets that were asked for.
func choose(root, part, only string) ([]Target, error) {
	name, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("fuzz: -only: %w", err)
	}
	targets, err := Targets(root, part)
	if err != nil {
		return nil, fmt.Errorf("fuzz: %w", err)
	}
	targets = slices.DeleteFunc(targets, func(t Target) bool { return !name.MatchString(t.Name) })
	if len(targets) == 0 {
		return nil, errors.New("fuzz: there is no such target")
	}
	return targets, nil
}

// A summary is what all targets had so far.
type summary struct {
	dir      string
	targets  int
	runs     int64
	elapsed  time.Duration
	findings int
}

// add prints the line of a target that has ended, below the name of its package, and
// what it found.
func (s *summary) add(w *workshop.Workshop, r Result) {
	if r.Dir != s.dir {
		s.dir = r.Dir
		w.Lines(s.dir)
	}
	s.targets++
	s.runs += r.Runs
	s.elapsed += r.Elapsed
	w.Printf("  %-26s %14s runs %6.0f s %6d new\n", r.Name, show.Number(r.Runs), r.Elapsed.Seconds(), r.New)
	if r.Finding == "" {
		return
	}
	s.findings++
	lines := strings.Split(strings.TrimSpace(r.Finding), "\n")
	if more := len(lines) - mostLines; more > 0 {
		lines = append(lines[:mostLines], fmt.Sprintf("and %s", show.Count(more, "more line")))
	}
	w.Lines("", w.Style.Red("FAIL")+" "+r.Name)
	for _, line := range lines {
		w.Lines(strings.TrimRight("  "+show.Clean(line), " "))
	}
	if r.File != "" {
		w.Lines("  input  " + r.File)
	}
	w.Lines("  again  "+Again(r.Target), "")
}

// print prints the last line.
func (s *summary) print(w *workshop.Workshop) {
	w.Printf("\n%s, %s runs in %v, %s\n", show.Count(s.targets, "target"), show.Number(s.runs),
		s.elapsed.Round(time.Second), show.Count(s.findings, "finding"))
}

// Again returns the command that runs a target again. It begins with the inputs in
// testdata, so a finding is met at once.
func Again(t Target) string {
	where := "-in " + t.Dir
	if tree, step, _ := strings.Cut(t.Dir, "/"); tree != "checker" {
		number, _, _ := strings.Cut(step, "-")
		where = "-step " + number
	}
	return fmt.Sprintf("go tool checker fuzz %s -only '^%s$' -time 1s", where, t.Name)
}
