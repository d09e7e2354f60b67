package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/grader/exam"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/result"
	"barewire/checker/grader/rubric"
	"barewire/checker/grader/run"
	"barewire/checker/internal/workshop"
)

// options are the flags of grade and regrade.
type options struct {
	out, rubric, seed, sandbox, shard string
	from, id, roster, check           string
	jobs                              int
	race, noCache                     bool
	limit                             time.Duration
	allow                             map[int][]string
}

func (o *options) flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.StringVar(&o.out, "o", "", "`DIR` for results.json, index.html and the reports; without it nothing is kept")
	f.StringVar(&o.rubric, "rubric", "", "`FILE` with points, deadline and what is hidden")
	f.StringVar(&o.seed, "seed", "", "`N` of which the inputs are drawn; without it, another one each time")
	f.StringVar(&o.sandbox, "sandbox", "", "`NAME`, such as jail; none is for code that is trusted, and stamped on the results")
	f.IntVar(&o.jobs, "jobs", 0, "`N` submissions at a time; without it, two for each processor")
	f.BoolVar(&o.race, "race", false, "look for data races, too: feedback only, several times as long, and much longer the first time")
	f.BoolVar(&o.noCache, "no-cache", false, "examine what has not changed, too")
	f.DurationVar(&o.limit, "limit", run.DefaultLimit, "`TIME` for one submission")
	f.Func("allow", "`STEP:PACKAGE` that the step may import, too; may be repeated", o.readAllow)
	o.sources(f)
	return f
}

// readAllow reads a package that a step may import, such as "6:net".
func (o *options) readAllow(text string) error {
	step, pkg, ok := strings.Cut(text, ":")
	n, err := strconv.Atoi(step)
	if !ok || err != nil || pkg == "" {
		return errors.New("write the step and the package, such as 6:net")
	}
	if o.allow == nil {
		o.allow = make(map[int][]string)
	}
	o.allow[n] = append(o.allow[n], pkg)
	return nil
}

// sources are the flags that say how submissions are found.
func (o *options) sources(f *flag.FlagSet) {
	f.StringVar(&o.from, "from", "", "`FORMAT`: "+strings.Join(intake.Formats, ", ")+"; without it, found out")
	f.StringVar(&o.id, "id-regexp", "", "`REGEXP` with (?P<student>…) for the names of folders or files")
	f.StringVar(&o.roster, "roster", "", "`FILE.csv` that names the students")
}

// intake returns how to find submissions.
func (o *options) intake(w *workshop.Workshop) (intake.Options, error) {
	opt := intake.Options{From: o.from, Report: func(text string) { fmt.Fprintln(w.Err, result.Visible(text)) }}
	var err error
	if o.id != "" {
		if opt.ID, err = regexp.Compile(o.id); err != nil {
			return opt, fmt.Errorf("--id-regexp: %w", err)
		}
	}
	if o.roster != "" {
		opt.Roster, err = intake.OpenRoster(o.roster)
	}
	return opt, err
}

// chooseSeed returns the seed that was asked for, or that of a grading that was begun,
// or a new one. Shards must all be given the same.
func (o *options) chooseSeed(begun *result.Shard) (uint64, error) {
	switch {
	case o.seed != "":
		seed, err := strconv.ParseUint(o.seed, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("--seed %q is no number", o.seed)
		}
		return seed, nil
	case begun != nil:
		return begun.Document.Seed, nil
	case o.shard != "":
		return 0, errors.New("--shard takes --seed N as well, the same for all shards: they are one exam")
	}
	return rand.Uint64() >> 16, nil // short enough to be typed
}

// readRubric reads the rubric, without the tasks that have no checks yet.
func (o *options) readRubric(w *workshop.Workshop) (*rubric.Rubric, error) {
	var ids []string
	for _, s := range w.Course.Steps {
		for _, c := range exam.Checks(s.Number) {
			ids = append(ids, c.ID)
		}
	}
	r := rubric.Default(w.Course)
	if o.rubric != "" {
		var err error
		if r, err = rubric.ReadFile(o.rubric, w.Course, ids); err != nil {
			return nil, err
		}
	}
	var without []string
	r.Tasks = slices.DeleteFunc(r.Tasks, func(t result.Task) bool {
		has := slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, t.ID+"/") })
		if !has {
			without = append(without, t.ID)
		}
		return !has
	})
	if len(without) > 0 {
		fmt.Fprintf(w.Err, "no points for what has no checks yet: %s\n", strings.Join(without, ", "))
	}
	if len(r.Tasks) == 0 {
		return nil, errors.New("by this rubric nothing has points")
	}
	return r, nil
}
