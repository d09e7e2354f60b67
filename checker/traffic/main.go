// Command traffic holds the commands of the checker that talk to servers: load, bench,
// conformance and exercise. "go tool checker" calls it for them.
//
// They are a program of their own because they need TLS and net/http, which take
// longer to compile than all that a learner's first test needs.
package main

import (
	"context"
	"fmt"
	"os"

	"barewire/checker/bench"
	"barewire/checker/conformance"
	"barewire/checker/exercise"
	"barewire/checker/internal/load"
	"barewire/checker/internal/workshop"
)

var commands = map[string]func(ctx context.Context, w *workshop.Workshop, args []string) int{
	"load":        load.Main,
	"bench":       bench.Main,
	"conformance": conformance.Main,
	"exercise":    exercise.Main,
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := workshop.Signals()
	defer stop()
	w := workshop.Open()
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintln(w.Err, "this is called by the checker: go tool checker help")
		return workshop.Usage
	}
	if err := w.Find(); err != nil {
		return w.Fail(workshop.Usage, err)
	}
	return commands[args[0]](ctx, w, args[1:])
}
