package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"barewire/checker/grader/result"
	"barewire/checker/grader/run"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// newLog is the log of a regrading, until it is done.
const newLog = "regrading.jsonl"

// regrade grades a class again, with the same seed, and says what changed. What the
// cache has is not examined.
func regrade(ctx context.Context, w *workshop.Workshop, args []string) int {
	var o options
	paths, err := workshop.Parse(o.flags("regrade"), args)
	switch {
	case err != nil:
	case o.out == "":
		err = errors.New("regrade: -o DIR says where the results are")
	case len(paths) == 0:
		err = errors.New("regrade: what? Name the submissions, as for grade")
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	old, err := result.ReadFile(filepath.Join(o.out, resultsFile))
	if err != nil {
		return w.Fail(usage, err)
	}
	if o.seed == "" {
		o.seed = strconv.FormatUint(old.Seed, 10)
	}
	g := &grading{options: o, w: w}
	defer g.close()
	return g.status(ctx, g.regrade(ctx, old, paths))
}

func (g *grading) regrade(ctx context.Context, old *result.Document, paths []string) error {
	g.part = run.Whole
	if _, err := g.into(ctx, paths, newLog); err != nil {
		return err
	}
	doc, _, err := result.Merge([]string{g.log})
	if err != nil {
		return err
	}
	if err := g.write(ctx, doc); err != nil {
		return err
	}
	changes := result.Compare(old, doc)
	g.w.Lines("", show.Count(len(changes), "change")+" of marks and outcomes")
	for _, c := range changes {
		g.w.Lines("  " + c.String())
	}
	return os.Rename(g.log, filepath.Join(g.out, logFile))
}

// merge joins the logs of all shards.
func merge(ctx context.Context, w *workshop.Workshop, args []string) int {
	var o options
	var submissions string
	flags := o.flags("merge")
	flags.StringVar(&submissions, "submissions", "", "`PATH` of the class, to find what is alike in it")
	logs, err := workshop.Parse(flags, args)
	switch {
	case err != nil:
	case len(logs) == 0:
		err = errors.New("merge: what? Name the logs of all shards, such as DIR/shard-*.jsonl")
	case o.out == "":
		err = errors.New("merge: -o DIR says where the results go")
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	g := &grading{options: o, w: w}
	defer g.close()
	return g.status(ctx, g.merge(ctx, logs, submissions))
}

func (g *grading) merge(ctx context.Context, logs []string, submissions string) error {
	if submissions != "" {
		if err := g.open(ctx, []string{submissions}, logFile); err != nil {
			return err
		}
	}
	doc, notes, err := result.Merge(logs)
	for _, note := range notes {
		fmt.Fprintln(g.w.Err, note)
	}
	if err != nil {
		return err
	}
	for _, s := range doc.Submissions {
		if s.Status == result.Fault {
			g.faults++
		}
	}
	g.keep = true
	if err := os.MkdirAll(g.out, 0o777); err != nil {
		return err
	}
	return g.write(ctx, doc)
}
