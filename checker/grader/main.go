// Command grader is the instructor's part of the checker: it grades submissions that
// nobody trusts. "go tool checker" calls it for grade, regrade, merge, convert, bundle,
// doctor and selftest; it is a program of its own so that a learner's first test need not wait for
// it to be compiled.
//
// This folder has what is typed and what is written to disk; grading is package run.
// Read grade.go first.
package main

import (
	"context"
	"fmt"
	"os"

	"barewire/checker/internal/workshop"
)

// Statuses that it exits with.
const (
	allGraded   = 0
	someFaults  = 1 // or it could not be done
	usage       = 2
	noSandbox   = 3
	interrupted = 130
)

// commands are what stands after "go tool checker".
var commands = map[string]func(ctx context.Context, w *workshop.Workshop, args []string) int{
	"grade":    grade,
	"regrade":  regrade,
	"merge":    merge,
	"convert":  convertMain,
	"doctor":   doctor,
	"bundle":   bundleMain,
	"selftest": selfTest,
}

func main() { os.Exit(command(os.Args[1:])) }

func command(args []string) int {
	ctx, stop := workshop.Signals()
	defer stop()
	w := workshop.Open()
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintln(w.Err, "this is called by the checker: go tool checker help")
		return usage
	}
	if err := w.Find(); err != nil {
		return w.Fail(usage, err)
	}
	return commands[args[0]](ctx, w, args[1:])
}
