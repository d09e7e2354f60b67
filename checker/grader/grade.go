package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"barewire/checker/grader/build"
	"barewire/checker/grader/convert"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
	"barewire/checker/grader/run"
	"barewire/checker/grader/sandbox"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// Files in the folder of the results.
const (
	resultsFile = "results.json"
	logFile     = "grading.jsonl"
	cacheDir    = "cache"
)

// grade grades submissions, or goes on with a grading that was stopped.
func grade(ctx context.Context, w *workshop.Workshop, args []string) int {
	var o options
	flags := o.flags("grade")
	flags.StringVar(&o.check, "check", "", "`ID`, such as 3.2/members: run this check alone, with -seed N, and show its inputs; nothing is graded")
	flags.StringVar(&o.shard, "shard", "", "`I/N`, counted from 0, or auto: one part of the class, for merge")
	paths, err := workshop.Parse(flags, args)
	if err == nil && len(paths) == 0 {
		err = errors.New("grade: what? Name a folder, an archive, or what the course system lets you download")
	}
	if err == nil && o.shard != "" && o.out == "" {
		err = errors.New("grade: --shard takes -o DIR: the parts are merged from there")
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	g := &grading{options: o, w: w}
	defer g.close()
	if o.check != "" {
		return g.status(ctx, g.replay(ctx, paths))
	}
	return g.status(ctx, g.grade(ctx, paths))
}

// A grading is one call of grade or regrade.
type grading struct {
	options
	w       *workshop.Workshop
	dir     string // private, removed at the end
	part    run.Shard
	log     string // the path of the log
	all     []intake.Submission
	grader  *run.Grader
	similar []convert.Pair
	faults  int
	keep    bool
}

// usageError is an error of what was typed.
type usageError struct{ error }

// grade does all of it.
func (g *grading) grade(ctx context.Context, paths []string) error {
	g.part = run.Whole
	name := logFile
	if g.shard != "" {
		var err error
		if g.part, err = run.ParseShard(g.shard, os.Getenv); err != nil {
			return usageError{err}
		}
		name = fmt.Sprintf("shard-%d-of-%d.jsonl", g.part.Index, g.part.Count)
	}
	shard, err := g.into(ctx, paths, name)
	if err != nil {
		return err
	}
	if g.shard != "" {
		g.w.Printf("shard %v, of %s, is in %s; when all shards are done: %s\n", g.part, show.Count(len(shard.IDs), "submission"), g.log,
			"go tool checker merge -o DIR "+filepath.Join(filepath.Dir(g.log), "shard-*.jsonl"))
		return nil
	}
	return g.finish(ctx)
}

// into grades into a log of that name.
func (g *grading) into(ctx context.Context, paths []string, name string) (result.Shard, error) {
	shard, err := g.ready(ctx, paths, name)
	if err != nil {
		return shard, err
	}
	return shard, g.run(ctx, shard)
}

// ready opens and prepares.
func (g *grading) ready(ctx context.Context, paths []string, name string) (result.Shard, error) {
	if err := g.open(ctx, paths, name); err != nil {
		return result.Shard{}, err
	}
	return g.prepare(ctx)
}

// open finds the submissions and makes the folders.
func (g *grading) open(ctx context.Context, paths []string, log string) error {
	opt, err := g.intake(g.w)
	if err != nil {
		return usageError{err}
	}
	if g.all, err = intake.Open(ctx, paths, opt); err != nil {
		return usageError{err}
	}
	if g.dir, err = sandbox.Private(""); err != nil {
		return err
	}
	if g.keep = g.out != ""; !g.keep {
		g.out = filepath.Join(g.dir, "results")
	}
	g.log = filepath.Join(g.out, log)
	return os.MkdirAll(g.out, 0o777)
}

// mostAlone is how many submissions are a class, in which what the reference gets is found
// out once for all: see [run.Config].
const mostAlone = 10

// prepare makes everything ready, and says which part of the class is to be graded.
func (g *grading) prepare(ctx context.Context) (result.Shard, error) {
	rules, err := g.readRubric(g.w)
	if err != nil {
		return result.Shard{}, usageError{err}
	}
	seed, err := g.chooseSeed(begun(g.log))
	if err != nil {
		return result.Shard{}, usageError{err}
	}
	box, err := g.box(ctx)
	if err != nil {
		return result.Shard{}, err
	}
	checker, err := run.Version(g.w.Root)
	if err != nil {
		return result.Shard{}, err
	}
	fmt.Fprintf(g.w.Err, "%s, in the sandbox %q, seed %d\n", show.Count(len(g.all), "submission"), box.Name(), seed)
	late := time.AfterFunc(3*time.Second, func() { fmt.Fprintln(g.w.Err, "compiling the reference, which takes a minute the first time") })
	config := build.Config{Root: g.w.Root, Box: box, Dir: g.dir}
	if len(g.all) > 1 && g.jobs != 1 {
		config.Parallel = 1 // others use the other processors
	}
	builder, err := build.New(ctx, config)
	late.Stop()
	if err != nil {
		return result.Shard{}, err
	}
	if err := builder.Race(); err != nil && g.race {
		return result.Shard{}, usageError{err}
	}
	grading := run.Config{Root: g.w.Root, Box: box, Builder: builder, Dir: g.dir, Rubric: rules, Seed: seed, Checker: checker, Race: g.race, Limit: g.limit, Allow: g.allow,
		Share: len(g.part.Of(g.all)) >= mostAlone}
	if grading.Corpus, err = policy.NewCorpus(g.w.Root); err != nil {
		return result.Shard{}, err
	}
	if !g.noCache && g.keep {
		if grading.Cache, err = run.OpenCache(filepath.Join(g.out, cacheDir)); err != nil {
			return result.Shard{}, err
		}
	}
	if g.grader, err = run.New(grading); err != nil {
		return result.Shard{}, err
	}
	return result.Shard{
		Index: g.part.Index, Count: g.part.Count, Class: result.Class(ids(g.all)), IDs: ids(g.part.Of(g.all)),
		Document: result.Document{
			Checker: checker, Go: builder.Version, Sandbox: box.Name(), Trusted: box.Trusted(), Seed: seed,
			Started: time.Now().UTC().Truncate(time.Second), Rubric: rules.ID(), MaxScore: rules.MaxScore(), Tasks: rules.Tasks,
		},
	}, nil
}

// ids are those of submissions, as the results write them.
func ids(all []intake.Submission) []string {
	names := []string{}
	for _, s := range all {
		names = append(names, result.Visible(s.ID))
	}
	slices.Sort(names)
	return names
}

// box returns the sandbox.
func (g *grading) box(ctx context.Context) (sandbox.Box, error) {
	setup := sandbox.Setup{Root: g.w.Root, Dir: g.dir}
	if g.sandbox == "" {
		box, _, err := sandbox.Best(ctx, setup)
		return box, err
	}
	box, _, err := sandbox.Named(ctx, setup, g.sandbox)
	if err != nil && !errors.Is(err, sandbox.ErrRefused) && ctx.Err() == nil {
		err = usageError{err}
	}
	return box, err
}

// begun returns the first line of a log, or nil.
func begun(path string) *result.Shard {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	s := new(result.Shard)
	if err != nil || json.Unmarshal(line, s) != nil || s.Schema != result.ShardSchema {
		return nil // who opens the log says what is wrong with it
	}
	return s
}

// run grades what the log does not have.
func (g *grading) run(ctx context.Context, shard result.Shard) error {
	log, done, notes, err := result.OpenLog(g.log, shard)
	if err != nil {
		return fmt.Errorf("%w\nName another folder, or grade this class anew with regrade", err)
	}
	defer log.Close()
	for _, note := range notes {
		fmt.Fprintln(g.w.Err, note)
	}
	class := &run.Class{Grade: g.grader.One, Submissions: g.part.Of(g.all), Log: log, Done: done, Jobs: g.jobs}
	left, err := class.Left(ctx)
	if err != nil {
		return err
	}
	if len(done) > 0 {
		fmt.Fprintf(g.w.Err, "going on: %d of %d are graded already\n", len(class.Submissions)-len(left), len(class.Submissions))
	}
	progress := &run.Progress{Out: g.w.Err, Tty: g.w.Tty, Total: len(left), Now: time.Now}
	class.Report = progress.Event
	stop := every(time.Second, progress.Draw)
	err = class.Run(ctx, left)
	stop()
	progress.End()
	for _, s := range class.Done {
		if s.Status == result.Fault {
			g.faults++
		}
	}
	if ctx.Err() != nil && g.keep {
		fmt.Fprintf(g.w.Err, "stopped: %d of %d are graded; the same command goes on\n", len(class.Done), len(class.Submissions))
	}
	return err
}

// every calls f again and again, until stop is called.
func every(d time.Duration, f func()) (stop func()) {
	ticker, done := time.NewTicker(d), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}

// finish writes the results of a whole class.
func (g *grading) finish(ctx context.Context) error {
	doc, _, err := result.Merge([]string{g.log})
	if err != nil {
		return err
	}
	return g.write(ctx, doc)
}

// write adds what is alike in the class, writes the results and says what came of it.
func (g *grading) write(ctx context.Context, doc *result.Document) error {
	if err := g.compare(ctx, doc); err != nil {
		return err
	}
	if g.keep {
		if err := site(doc, g.out, g.similar); err != nil {
			return err
		}
	}
	g.w.Printf("%s", convert.Terminal(doc, convert.Instructor, g.w.Style))
	if g.keep {
		g.w.Lines("", "results   "+filepath.Join(g.out, resultsFile), "overview  "+filepath.Join(g.out, "index.html"), "reports   "+filepath.Join(g.out, "reports"))
	}
	return nil
}

// close removes what is not kept.
func (g *grading) close() {
	if g.dir != "" {
		os.RemoveAll(g.dir)
	}
}

// status says with which status an error ends.
func (g *grading) status(ctx context.Context, err error) int {
	var typed usageError
	var path *fs.PathError
	switch {
	case err == nil && g.faults > 0:
		fmt.Fprintf(g.w.Err, "%s: no mark, and the same command tries again\n", show.Count(g.faults, "fault"))
		return someFaults
	case err == nil:
		return allGraded
	case ctx.Err() != nil:
		return interrupted
	case errors.Is(err, sandbox.ErrRefused):
		return g.w.Fail(noSandbox, err)
	case errors.As(err, &typed), errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return g.w.Fail(usage, err)
	}
	return g.w.Fail(someFaults, err)
}
