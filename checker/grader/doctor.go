package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"barewire/checker/grader/build"
	"barewire/checker/grader/sandbox"
	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// doctor says what this machine can do.
func doctor(ctx context.Context, w *workshop.Workshop, args []string) int {
	names, err := workshop.Parse(flag.NewFlagSet("doctor", flag.ContinueOnError), args)
	if err == nil {
		err = workshop.AtMost(0, "doctor", names)
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	dir, err := sandbox.Private("")
	if err != nil {
		return w.Fail(someFaults, err)
	}
	defer os.RemoveAll(dir)
	setup := sandbox.Setup{Root: w.Root, Dir: dir}
	probes, err := sandbox.Doctor(ctx, setup)
	for _, p := range probes {
		mark := "no "
		if p.OK {
			mark = "yes"
		}
		w.Lines(show.Hang(fmt.Sprintf("%s  %-20s  ", mark, p.Name), p.Why)...)
		if p.Install != "" {
			w.Lines("                           " + p.Install)
		}
	}
	if err != nil {
		return w.Fail(noSandbox, err)
	}
	box, _, err := sandbox.Best(ctx, setup)
	if err != nil {
		return w.Fail(noSandbox, err)
	}
	builder, err := build.New(ctx, build.Config{Root: w.Root, Box: box, Dir: dir})
	if err != nil {
		return w.Fail(someFaults, err)
	}
	w.Lines("", fmt.Sprintf("grade will use the sandbox %q, with %s.", box.Name(), builder.Version))
	if err := builder.Race(); err != nil {
		w.Lines("grade -race will not work: " + err.Error())
	}
	return allGraded
}
