package starter

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

const usage = `usage: go tool checker starters [-check] [step ...]

Writes the starters of all steps, or of those named, from the solutions,
and the lists of what is handed out, by which a changed test is noticed.
What it replaces is kept below .barewire/replaced. This is for maintainers:
it overwrites what a learner wrote. A learner wants "make reset".

`

// Main runs the command "starters" and returns its exit status.
func Main(_ context.Context, root string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("starters", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "write nothing; fail if a starter is not what its solution generates")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	steps, err := named(root, flags.Args())
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	var stale []Stale
	for _, step := range steps {
		s, err := CompareStep(root, step)
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		stale = append(stale, s...)
	}
	if *check {
		return report(steps, stale, stdout)
	}
	backup := filepath.Join(root, ".barewire", "replaced", time.Now().Format("20060102-150405.000"))
	if err := Write(root, backup, stale); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, s := range stale {
		fmt.Fprintln(stdout, s.Path)
	}
	fmt.Fprintf(stdout, "%d file(s) written, %d step(s) looked at\n", len(stale), len(steps))
	return 0
}

// report prints what is stale and returns the exit status.
func report(steps []string, stale []Stale, stdout io.Writer) int {
	for _, s := range stale {
		fmt.Fprintln(stdout, s)
	}
	if len(stale) > 0 {
		fmt.Fprintf(stdout, "%d stale file(s); \"make starters\" writes them\n", len(stale))
		return 1
	}
	fmt.Fprintf(stdout, "the starters of %d step(s) are as their solutions generate them\n", len(steps))
	return 0
}

// named returns the steps that are asked for, by folder or by number, or all.
func named(root string, args []string) ([]string, error) {
	all, err := Steps(root)
	if err != nil || len(args) == 0 {
		return all, err
	}
	var steps []string
	for _, arg := range args {
		found := ""
		for _, step := range all {
			if step == arg || stepNumber(arg) > 0 && stepNumber(step) == stepNumber(arg) {
				found = step
			}
		}
		if found == "" {
			return nil, fmt.Errorf("starters: no solution is named %q; there are %s", arg, strings.Join(all, ", "))
		}
		steps = append(steps, found)
	}
	return steps, nil
}
