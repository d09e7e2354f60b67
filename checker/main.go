// Command checker is everything that is typed in this workshop: what a learner
// uses, and what keeps the workshop itself right. "go tool checker help" lists
// its commands; the Makefile calls it.
//
// This file only chooses; each command is a function of a package in internal, or
// one of barewire/checker/traffic or barewire/checker/grader.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"barewire/checker/internal/compare"
	"barewire/checker/internal/demo"
	"barewire/checker/internal/docs"
	"barewire/checker/internal/fuzz"
	"barewire/checker/internal/gate"
	"barewire/checker/internal/learner"
	"barewire/checker/internal/right"
	"barewire/checker/internal/show"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/watch"
	"barewire/checker/internal/workshop"
)

// A command is what stands after "go tool checker".
type command struct {
	name  string
	about string
	forms []form
	run   func(ctx context.Context, w *workshop.Workshop, args []string) int
}

// A form is one way to type a command: with make, and without.
type form struct{ withMake, without string }

// forLearners, forInstructors and forMaintainers are the commands, in the order of help.
var (
	forLearners = []command{
		{"test", "run the tests of a step; without a step, of the one you are on", []form{
			{"test", "test"},
			{"test STEP=3", "test 3"},
			{"test TASK=3.2", "test 3.2"},
			{"test STEP=3 ALL=1", "test 3 -all"},
			{"test STEP=3 BASE=reference", "test 3 -base reference"},
			{"test STEP=3 RACE=1", "test 3 -race"},
		}, learner.Test},
		{"watch", "run them again whenever you save a file", []form{{"watch STEP=3", "watch 3"}}, watch.Watch},
		{"hint", "one hint for the first red task, or for the one you name", []form{
			{"hint", "hint"},
			{"hint STEP=3", "hint 3"},
			{"hint TASK=3.2", "hint 3.2"},
		}, learner.Hint},
		{"progress", "how far you are, and what comes next", []form{{"progress", "progress"}}, learner.Progress},
		{"run", "start the program of a step, with your code", []form{
			{"run STEP=3", "run 3"},
			{"run STEP=3 REFERENCE=1", "run 3 -reference"},
			{"run STEP=6 BASE=reference", "run 6 -base reference"},
			{"run STEP=3 ADDR=:9000", "run 3 -addr :9000"},
			{"run STEP=10 ARGS='-root docs'", "run 10 -- -root docs"},
		}, demo.Run},
		{"load", "send a server many requests, and see how long each took", []form{
			{"load URL=:8080", "load :8080"},
			{"load URL=:8080 RATE=500", "load :8080 -rate 500"},
			{"load URL=:8080 URL2=:9000", "load :8080 :9000"},
		}, traffic("load")},
		{"bench", "what a request costs our server, yours, and others", []form{
			{"bench", "bench"},
			{"bench WHO=mine", "bench -who mine"},
			{"bench ROUNDS=20", "bench -rounds 20"},
			{"bench SHAPES=get,post", "bench -shapes get,post"},
		}, traffic("bench")},
		{"exercise", "after step 10: is what you have built on it right?", []form{
			{"exercise NAME=websocket", "exercise websocket"},
			{"exercise NAME=proxy ADDR=:80", "exercise proxy -addr :80"},
		}, traffic("exercise")},
		{"docs", "the chapters and the wire lab, for a browser", []form{
			{"docs", "docs"},
			{"docs WHO=mine", "docs -who mine"},
		}, docs.Serve},
		{"solution", "your code beside the reference: this gives the answer away", []form{{"solution STEP=3", "solution 3"}}, compare.Solution},
		{"reset", "begin a step anew; what you wrote is kept", []form{{"reset STEP=3", "reset 3"}}, compare.Reset},
		{"bisect", "which of your earlier steps makes this one red", []form{{"bisect STEP=4", "bisect 4"}}, learner.Bisect},
	}
	forInstructors = []command{
		{"grade", "marks for one submission or a whole class, in a sandbox", []form{
			{"grade SUBMISSIONS=class.zip", "grade class.zip"},
			{"grade OUT=DIR SUBMISSIONS=...", "grade -o DIR ..."},
		}, grader("grade")},
		{"regrade", "again, with the same inputs: what has changed?", []form{{"regrade OUT=DIR SUBMISSIONS=..", "regrade -o DIR ..."}}, grader("regrade")},
		{"merge", "the parts of a class that several machines graded", []form{{"merge LOGS='...' OUT=DIR", "merge -o DIR FILE..."}}, grader("merge")},
		{"convert", "results for Canvas, Moodle, Gradescope, JUnit and others", []form{{"convert OUT=DIR TO=junit", "convert -to junit DIR"}}, grader("convert")},
		{"bundle", "files with which Slurm, Kubernetes, GitHub or Gradescope grade", []form{{"bundle FOR=slurm OUT=DIR", "bundle slurm -o DIR"}, {"bundle FOR=student OUT=DIR", "bundle student -o DIR"}}, grader("bundle")},
		{"doctor", "which sandbox this machine has", []form{{"doctor", "doctor"}}, grader("doctor")},
		{"selftest", "hostile submissions on this machine: what stops each?", []form{{"selftest", "selftest"}, {"selftest FLAGS=-quick", "selftest -quick"}}, grader("selftest")},
	}
	forMaintainers = []command{
		{"conformance", "several hundred odd requests, and what servers answer", []form{
			{"conformance", "conformance"},
			{"conformance FLAGS=-peers", "conformance -peers"},
			{"conformance ADDR=:8080", "conformance -addr :8080"},
		}, traffic("conformance")},
		{"fuzz", "odd inputs for every parser, for as long as you say", []form{
			{"fuzz", "fuzz"},
			{"fuzz TIME=1h", "fuzz -time 1h"},
			{"fuzz STEP=03 ONLY=Field", "fuzz -step 03 -only Field"},
		}, fuzz.Main},
		{"site", "build the docs as static pages, into docs/public", []form{{"site", "site"}}, docs.Site},
		{"mutants", "small changes of the reference: do the tests see them?", []form{
			{"mutants STEP=03", "mutants -step 03"},
			{"mutants FLAGS='-n 100'", "mutants -n 100"},
		}, mutants},
		{"right", "right programs by several authors: are the tests green?", []form{
			{"right STEP=03", "right -step 03"},
			{"right WAYS=all", "right -ways all"},
		}, right.Main},
		{"starters", "write the starters anew from the solutions", []form{{"starters", "starters"}}, starters},
		{"nightly", "what must hold too, and takes hours", []form{{"nightly", "nightly"}, {"nightly SEED=7", "nightly -seed 7"}}, nightly},
		{"check", "everything that must hold before a change may land", []form{{"check", "check"}}, check},
	}
)

func starters(ctx context.Context, w *workshop.Workshop, args []string) int {
	return starter.Main(ctx, w.Root, args, w.Out, w.Err)
}

func check(ctx context.Context, w *workshop.Workshop, args []string) int {
	return gate.Main(ctx, w.Root, args, w.Out, w.Err)
}

// nightly is the part of check that nobody waits for.
func nightly(ctx context.Context, w *workshop.Workshop, args []string) int {
	return gate.Nightly(ctx, w.Root, args, w.Out, w.Err)
}

// traffic is a command of barewire/checker/traffic, which says why it is there.
func traffic(name string) func(context.Context, *workshop.Workshop, []string) int {
	return func(ctx context.Context, w *workshop.Workshop, args []string) int {
		return w.Call(ctx, "barewire/checker/traffic", append([]string{name}, args...)...)
	}
}

// grader is a command of barewire/checker/grader.
func grader(name string) func(context.Context, *workshop.Workshop, []string) int {
	return func(ctx context.Context, w *workshop.Workshop, args []string) int {
		return w.Call(ctx, "barewire/checker/grader", append([]string{name}, args...)...)
	}
}

// mutants is barewire/checker/mutants: only maintainers have to compile it.
func mutants(ctx context.Context, w *workshop.Workshop, args []string) int {
	return w.Call(ctx, "barewire/checker/mutants", args...)
}

// commands are all of them.
func commands() []command { return slices.Concat(forLearners, forInstructors, forMaintainers) }

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := workshop.Signals()
	defer stop()
	w := workshop.Open()
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		help(w)
		return workshop.Green
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return start(ctx, w, c, args[1:])
		}
	}
	fmt.Fprintf(w.Err, "there is no command %q; the commands are %s\n", args[0], names())
	return workshop.Usage
}

// alone are the commands of which something is left without the reference, which is
// missing in what "bundle student" makes.
var alone = []string{"test", "watch", "hint", "progress", "run", "load", "exercise", "solution", "bisect", "conformance"}

// start finds the workshop and runs a command in it.
func start(ctx context.Context, w *workshop.Workshop, c command, args []string) int {
	if err := w.Find(); err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if _, err := os.Stat(w.Path("solutions")); os.IsNotExist(err) && !slices.Contains(alone, c.name) {
		return w.Fail(workshop.Usage, fmt.Errorf("%s needs the reference, and this copy of the course has none: there is no folder solutions%s", c.name, instead[c.name]))
	}
	return c.run(ctx, w, args)
}

// instead is what helps where there is no reference.
var instead = map[string]string{
	"docs":  "; the chapters are in the folder docs",
	"reset": "; git stash puts your changes aside, and git checkout steps/NN-topic brings the starter back",
}

// names lists the commands in a sentence.
func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return show.List(append(all, "help"))
}

// help lists the commands as they are typed with make and without.
func help(w *workshop.Workshop) {
	w.Lines(w.Style.Bold("Barewire: an HTTP/1.1 server from a raw TCP socket, one red test at a time"), "")
	table := func(commands []command) {
		for _, c := range commands {
			w.Lines("  " + w.Style.Bold(fmt.Sprintf("%-10s", c.name)) + "  " + c.about)
			for _, f := range c.forms {
				w.Printf("    make %-29s go tool checker %s\n", f.withMake, f.without)
			}
		}
	}
	table(forLearners)
	w.Lines("", "For instructors (README.md):", "")
	table(forInstructors)
	w.Lines("", "For maintainers (checker/README.md):", "")
	table(forMaintainers)
	w.Lines("")
	w.Lines(show.Wrap("Where there is no make, as on Windows, type the form on the right. "+
		"The exit status is 0 if all is green, 1 if something is red, 2 if the command was not understood. "+
		"NO_COLOR=1 turns colours off.", show.Width)...)
	next := "go tool checker progress"
	if w.ByMake {
		next = "make progress"
	}
	w.Lines("", "next   "+w.Style.Bold(strings.TrimSpace(next)))
}
