// Package gate is "make check": everything that must hold before a change to the
// workshop may land. It runs stages one after another, says of each what it found,
// and what it could not run on this machine and why.
//
// It leaves out how the parts do their work: starters are compared by starter,
// trees laid by overlay, tests run by gotest.
//
// Read this file first; each stage is a function in one of the others.
package gate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A stage is one thing that must hold.
type stage struct {
	name  string
	about string
	run   func(context.Context, *gate) *verdict
}

// stages are all of them: what is quick and often wrong comes first.
var stages = []stage{
	{"format", "every Go file is as gofmt writes it", checkFormat},
	{"course", "tasks, hints, tests, wrong programs and todo comments belong together", checkCourse},
	{"fresh", "the starters are what the solutions generate", checkFresh},
	{"vet", "go vet, also for macOS and Windows, in every module", checkVet},
	{"staticcheck", "staticcheck in every module", checkStatic},
	{"green", "every test of every solution passes, with -race and -shuffle", checkGreen},
	{"red", "every test of every starter fails, without a panic or a hang", checkRed},
	{"wrong", "every wrong program is caught by the test that it names", checkWrong},
	{"right", "every right program, by several authors, passes every test", checkRight},
	{"checker", "the checker's own tests", checkOwn},
	{"docs", "the docs can be built, and their own tests, in a browser too", checkDocs},
	{"fuzz", "each fuzz target for some thousand runs", checkFuzz},
}

// A verdict is what a stage found.
type verdict struct {
	passed   int
	failures []string // each may have several lines
	said     []string // what is worth to be read if all is well
	notRun   []string // what this machine lacks, and the command that installs it
}

func (v *verdict) failf(format string, args ...any) {
	v.failures = append(v.failures, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

// gate is one run.
type gate struct {
	root     string
	ci       bool   // anything not run is a failure
	fuzzTime string // for each target, as go test takes it
	step     string // the start of the steps' names that red, wrong and fuzz look at; "" for all
	seed     uint64 // by which right programs are mixed and graded
	junit    string // where the JUnit file of the checker's own tests goes, or ""
	green    map[string][]string
}

// mostLines is how many lines of a stage's failures are printed.
const mostLines = 60

// Main runs the command "check" and returns its exit status: 0 if all is as it
// should be, 1 if something is not, 2 if the command was not understood. With
// CI=true in the environment, what could not be run is a failure.
func Main(ctx context.Context, root string, args []string, stdout, stderr io.Writer) int {
	// A number of runs and not a time: at the end of a time, go test now and then
	// reports "context deadline exceeded" as if it were a finding (golang/go#75804).
	return command(ctx, root, "check", stages, "30000x", args, stdout, stderr)
}

// Nightly is Main for the command "nightly", whose stages take hours.
func Nightly(ctx context.Context, root string, args []string, stdout, stderr io.Writer) int {
	return command(ctx, root, "nightly", nightly, "1m", args, stdout, stderr)
}

// command runs some stages as they are asked for.
func command(ctx context.Context, root, name string, stages []stage, fuzzTime string, args []string, stdout, stderr io.Writer) int {
	g := &gate{root: root, ci: os.Getenv("CI") == "true"}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "run only these stages, separated by commas")
	flags.StringVar(&g.fuzzTime, "fuzztime", fuzzTime, "how long each fuzz target runs, such as 1m or 10000x; 0 for not at all")
	flags.StringVar(&g.step, "step", "", "in the stages about steps, look only at those whose folders start so, such as 04")
	flags.Uint64Var(&g.seed, "seed", uint64(time.Now().Unix()/86400), "`N` by which \"nightly\" mixes and grades; each day has its own")
	flags.StringVar(&g.junit, "junit", "", "write a JUnit file of the checker's own tests (CI: .barewire/junit.xml)")
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: go tool checker %s [flags]\n\n", name)
		flags.PrintDefaults()
		fmt.Fprintf(stderr, "\nThe stages:\n")
		for _, s := range stages {
			fmt.Fprintf(stderr, "  %-12s %s\n", s.name, s.about)
		}
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	chosen, err := choose(stages, *only)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	return g.run(ctx, chosen, stdout)
}

// choose returns those of the stages that are named, or all.
func choose(stages []stage, only string) ([]stage, error) {
	if only == "" {
		return stages, nil
	}
	var chosen []stage
	var names []string
	for _, s := range stages {
		names = append(names, s.name)
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, fmt.Errorf("there is no stage %q; there are %s", name, strings.Join(names, ", "))
		}
		chosen = append(chosen, stages[i])
	}
	return chosen, nil
}

// run runs the stages and prints what they found. The last line has the form that
// test runners close with, for whoever reads only that.
func (g *gate) run(ctx context.Context, chosen []stage, out io.Writer) int {
	passed, failed := 0, 0
	var notRun []string
	begun := time.Now()
	for _, s := range chosen {
		fmt.Fprintf(out, "%-12s %s ...\n", s.name, s.about)
		start := time.Now()
		v := s.run(ctx, g)
		if ctx.Err() != nil {
			v.failf("stopped: %v", context.Cause(ctx))
		}
		if len(v.failures) == 0 && v.passed == 0 && len(v.notRun) == 0 {
			v.failf("the stage checked nothing at all")
		}
		passed += v.passed
		failed += len(v.failures)
		for _, what := range v.notRun {
			if !slices.Contains(notRun, what) {
				notRun = append(notRun, what)
			}
		}
		printVerdict(out, s, v, time.Since(start))
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Fprintf(out, "\n%d stage(s) in %s\n", len(chosen), time.Since(begun).Round(time.Second))
	for _, what := range notRun {
		fmt.Fprintf(out, "not run: %s\n", what)
	}
	if g.ci {
		failed += len(notRun)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, len(notRun))
	if failed > 0 {
		return 1
	}
	return 0
}

// printVerdict prints one line for a stage that found nothing, and the first lines
// of what another one found.
func printVerdict(out io.Writer, s stage, v *verdict, took time.Duration) {
	word := "ok"
	if len(v.failures) > 0 {
		word = "FAILED"
	} else if v.passed == 0 {
		word = "not run"
	}
	fmt.Fprintf(out, "%-12s %s: %d passed, %d failed, %.1f s\n", s.name, word, v.passed, len(v.failures), took.Seconds())
	for _, line := range v.said {
		fmt.Fprintf(out, "    %s\n", line)
	}
	lines := 0
	for i, failure := range v.failures {
		if lines += strings.Count(failure, "\n") + 1; lines > mostLines && i > 0 {
			fmt.Fprintf(out, "    and %d more; \"go tool checker check -only %s\" runs this stage alone\n", len(v.failures)-i, s.name)
			break
		}
		for line := range strings.SplitSeq(failure, "\n") {
			fmt.Fprintf(out, "    %s\n", line)
		}
	}
}
