// Command mutants says how good the tests of the steps are: it changes the reference in
// one small place, a thousand times and more for each step, and looks whether a test
// turns red. "go tool checker mutants" calls it.
//
// All mutants of a step are in one program, which is compiled once, and the environment
// says which of them takes effect. The kinds are: a condition that is always "true" or
// "false", a "bound" that is moved by one (< for <=), a number "+1" or "-1", a duration of "zero", a "sign" (+
// for -), a "text" that is another one, a statement that is "removed", and "nil" for an
// error that is returned.
//
// A mutant is caught if a test fails, panics or hangs on it: one of the step, which come
// first, or one that the reference has for itself, and the table says how many these were.
// One that nothing
// could catch, as it does the same as the reference, is listed with the reason in
// checker/mutants/equivalent; it does not count.
//
// Read this file first, then step.go, mutate.go and runtime.txt.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"barewire/checker/internal/show"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

func main() {
	ctx, stop := workshop.Signals()
	defer stop()
	os.Exit(run(ctx, workshop.Open(), os.Args[1:]))
}

// least is how many of a hundred mutants the tests of a step have to catch.
const least = 95

func run(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	part := flags.String("step", "", "only steps whose `folders` start so, such as 03")
	most := flags.Int("n", 0, "so many mutants of each step, drawn by chance; 0 is all")
	seed := flags.Uint64("seed", 1, "`N` with which they are drawn")
	longest := flags.Duration("own", 2*time.Second, "the longest `time` that one of the reference's own tests may take; longer ones are left out, and 0 is any")
	only := flags.String("only", "", "only mutants whose line in the list matches this `regexp`")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "mutants", names)
	}
	var match *regexp.Regexp
	if err == nil {
		match, err = regexp.Compile(*only)
	}
	var steps []string
	if err == nil {
		steps, err = starter.Steps(w.Root)
	}
	steps = slices.DeleteFunc(steps, func(s string) bool { return !strings.HasPrefix(s, *part) })
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("mutants: no step's folder starts with %q", *part)
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	choose := func(all []Mutant) []Mutant {
		all = slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return !match.MatchString(m.Key()) })
		if *most > 0 && *most < len(all) {
			rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			all = all[:*most]
		}
		return all
	}
	status := workshop.Green
	var table []string
	for _, step := range steps {
		line, ok, err := one(ctx, w, step, *longest, choose)
		if err != nil {
			return w.Fail(workshop.Red, fmt.Errorf("mutants: %s: %w", step, err))
		}
		if !ok {
			status = workshop.Red
		}
		table = append(table, line)
	}
	w.Lines("", "| step | mutants | equivalent | caught | not caught | of 100 | by the reference's own tests |", "|---|---|---|---|---|---|---|")
	w.Lines(table...)
	return status
}

// ofStep matches the tests that learners have. The reference has others for itself, about
// what it promises beyond its tasks, such as that a request allocates nothing.
var ofStep = regexp.MustCompile(`^(TestTask|FuzzTask|Example)`)

// one runs the mutants of a step, lists those that were not caught, and returns the
// step's line of the table and whether it is good enough.
func one(ctx context.Context, w *workshop.Workshop, dir string, longest time.Duration, choose func([]Mutant) []Mutant) (string, bool, error) {
	s, err := build(ctx, w.Root, dir, longest)
	if err != nil {
		return "", false, err
	}
	defer s.remove()
	equal, err := readEquivalent(filepath.Join(w.Root, "checker", "mutants", "equivalent", dir+".txt"))
	if err != nil {
		return "", false, err
	}
	chosen := choose(s.mutants)
	w.Printf("%s: %s\n", dir, show.Count(len(chosen), "mutant"))
	for _, name := range s.red {
		w.Printf("  %s is red on the reference with mutants in it, and was left out\n", name)
	}
	if len(s.long) > 0 {
		w.Printf("  left out, as they take longer than %v: %s\n", longest, strings.Join(s.long, ", "))
	}
	var same, caught, own, missed int
	err = s.runAll(ctx, chosen, 2*runtime.NumCPU(), func(m Mutant, by string) {
		switch _, listed := equal[m.Key()]; {
		case by != "":
			if listed {
				w.Printf("  listed, and caught by %s: %s\n", by, m.Key())
			}
			caught++
			own += test{name: by}.rank()
		case listed:
			same++
		default:
			missed++
			w.Printf("  not caught: %s:%d %s: %s: %s\n", m.File, m.Line, m.Func, m.Kind, m.Code)
		}
	})
	if err != nil {
		return "", false, err
	}
	share := 100.0
	if caught+missed > 0 {
		share = 100 * float64(caught) / float64(caught+missed)
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %.1f | %d |", dir, len(chosen), same, caught, missed, share, own), share >= least, nil
}

// readEquivalent reads a list of mutants that do the same as the reference: a line with
// the mutant's key, and an indented one with the reason.
func readEquivalent(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	key := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		switch reason, indented := strings.CutPrefix(line, "    "); {
		case line == "":
		case !indented && key != "":
			return nil, fmt.Errorf("%s: no reason for %s", file, key)
		case !indented:
			key = line
		case key == "":
			return nil, fmt.Errorf("%s: a reason without a mutant: %s", file, reason)
		default:
			reasons[key] = reason
			key = ""
		}
	}
	if key != "" {
		return nil, fmt.Errorf("%s: no reason for %s", file, key)
	}
	return reasons, nil
}
