package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"

	"barewire/checker/grader/bundle"
	"barewire/checker/internal/workshop"
)

// bundleMain writes the files with which an engine or a course system grades.
func bundleMain(ctx context.Context, w *workshop.Workshop, args []string) int {
	o := bundle.Options{Root: w.Root, Go: strings.TrimPrefix(strings.Fields(runtime.Version())[0], "go")}
	var dir string
	f := flag.NewFlagSet("bundle", flag.ContinueOnError)
	f.StringVar(&dir, "o", "", "`DIR` for the files")
	f.IntVar(&o.Shards, "shards", 4, "`N` parts that the class is graded in")
	f.Uint64Var(&o.Seed, "seed", 0, "`N` of which all parts draw the inputs; without it, another one each time")
	f.StringVar(&o.Rubric, "rubric", "", "`FILE` with points, deadline and what is hidden")
	f.StringVar(&o.Image, "image", "registry.example/barewire", "`NAME` of the image for kubernetes")
	f.StringVar(&o.Repository, "repository", "", "`OWNER/NAME` of the workshop on GitHub, for classroom and classroom50")
	f.StringVar(&o.Ref, "ref", "", "`COMMIT` there; without it, the one that is checked out here")
	f.StringVar(&o.Steps, "steps", "", "`STEPS` for student, such as 1-4; without it, all")
	names, err := workshop.Parse(f, args)
	if err == nil && (len(names) != 1 || dir == "") {
		err = fmt.Errorf("bundle: write what for, and -o DIR:\n%s", bundleTable())
	}
	if err != nil {
		return w.Fail(usage, err)
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64() >> 16
	}
	if o.Ref == "" {
		git := exec.CommandContext(ctx, "git", "rev-parse", "HEAD")
		git.Dir = w.Root
		out, _ := git.Output() // bundle says what is missing
		o.Ref = strings.TrimSpace(string(out))
	}
	next, err := bundle.Write(ctx, names[0], dir, o)
	if err != nil {
		return w.Fail(someFaults, err)
	}
	w.Lines(next)
	return allGraded
}

func bundleTable() string {
	var lines []string
	for _, k := range bundle.Kinds {
		lines = append(lines, fmt.Sprintf("  %-12s  %s", k.Name, k.About))
	}
	return strings.Join(lines, "\n")
}
