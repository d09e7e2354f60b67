package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"

	"barewire/checker/grader/sandbox"
	"barewire/checker/grader/selftest"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// selfTest grades a collection of hostile and honest submissions on this machine.
func selfTest(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("selftest", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a part of the collection")
	only := flags.String("only", "", "`REGEXP` of the names of submissions")
	name := flags.String("sandbox", "", "`NAME`, such as jail; without it, the best")
	seed := flags.Uint64("seed", rand.Uint64()>>16, "`N` of which the inputs are drawn")
	jobs := flags.Int("jobs", 0, "`N` submissions at a time; without it, one for each processor")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "selftest", names)
	}
	if err == nil && *name == sandbox.None {
		err = errors.New("selftest: without a sandbox, hostile submissions would do what they try")
	}
	pattern, bad := regexp.Compile(*only)
	if err = errors.Join(err, bad); err != nil {
		return w.Fail(usage, err)
	}
	cases, err := selftest.Cases()
	if err != nil {
		return w.Fail(someFaults, err)
	}
	cases = slices.DeleteFunc(cases, func(c selftest.Case) bool { return *quick && !c.Quick || !pattern.MatchString(c.Name) })
	if len(cases) == 0 {
		return w.Fail(usage, fmt.Errorf("selftest: no submission is called like %q", *only))
	}
	dir, err := sandbox.Private("")
	if err != nil {
		return w.Fail(someFaults, err)
	}
	defer os.RemoveAll(dir)
	setup := sandbox.Setup{Root: w.Root, Dir: dir}
	box, _, err := sandbox.Best(ctx, setup)
	if *name != "" {
		box, _, err = sandbox.Named(ctx, setup, *name)
	}
	if err != nil {
		return w.Fail(noSandbox, err)
	}
	w.Printf("%s in the sandbox %q, seed %d\n\n%-24s %-10s %-12s tries\n", show.Count(len(cases), "submission"), box.Name(), *seed, "name", "stopped by", "points")
	wrong := 0
	_, left, err := selftest.Run(ctx, selftest.Config{Root: w.Root, Box: box, Dir: dir, Cases: cases, Seed: *seed, Jobs: *jobs, Report: func(o selftest.Outcome) {
		w.Lines(show.Hang(fmt.Sprintf("%-24s %-10s %-12s ", o.Case.Name, o.Stopped, o.Mark()), o.Case.Tries)...)
		if len(o.Wrong) > 0 {
			wrong++
		}
		for _, what := range o.Wrong {
			w.Lines(show.Hang("    WRONG  ", what)...)
		}
	}})
	if err != nil {
		return w.Fail(someFaults, err)
	}
	w.Lines("")
	for _, what := range left {
		w.Lines("LEFT  " + what)
	}
	if wrong > 0 || len(left) > 0 {
		return w.Fail(someFaults, fmt.Errorf("%s did what none may do, and %s touched or left behind", show.Count(wrong, "submission"), show.Count(len(left), "thing")))
	}
	w.Lines("None earned more than its honest part, none less than it deserves; nothing was touched, and nothing is left.")
	return allGraded
}
