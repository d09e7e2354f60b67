package right

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/internal/show"
	"barewire/checker/internal/workshop"
)

// Main runs the command "right": it tries the right programs and prints the table.
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("right", flag.ContinueOnError)
	prefix := flags.String("step", "", "only steps whose `folders` start so, such as 03")
	only := flags.String("author", "", "only `programs` by this author, or by some, separated by commas")
	how := flags.String("ways", string(Own), "`how`: own, alone, race and mixed, separated by commas, or all")
	seed := flags.Uint64("seed", 1, "`N` by which authors are mixed")
	submit := flags.String("submit", "", "only write what each author would hand in to this `folder`, for the grader")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "right", names)
	}
	var ways []Way
	if err == nil {
		ways, err = parseWays(*how)
	}
	var c *Collection
	if err == nil {
		c, err = Load(w.Root)
	}
	if err == nil && *only != "" {
		err = c.keep(strings.Split(*only, ","))
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if *submit != "" {
		for _, author := range c.Authors {
			if err := c.Submit(author, filepath.Join(*submit, author)); err != nil {
				return w.Fail(workshop.Red, err)
			}
		}
		return workshop.Green
	}
	refused := 0
	s, err := c.Survey(ctx, ways, *prefix, *seed, func(way Way, v Verdict) {
		if !v.OK() {
			refused++
			w.Printf("%s: %s\n\n", way, v)
		}
	})
	if err != nil {
		return w.Fail(workshop.Red, err)
	}
	w.Lines(s.Table()...)
	if refused > 0 {
		w.Lines("", show.Count(refused, "refusal")+" of a program that is taken for right: is it the test that is wrong, or the program?")
		return workshop.Red
	}
	return workshop.Green
}

// parseWays reads a list of ways.
func parseWays(list string) ([]Way, error) {
	if list == "all" {
		return Ways, nil
	}
	var ways []Way
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(Ways, Way(name)) {
			return nil, fmt.Errorf("right: there is no way %q; there are own, alone, race, mixed and all", name)
		}
		ways = append(ways, Way(name))
	}
	return ways, nil
}

// keep leaves out all authors but some.
func (c *Collection) keep(authors []string) error {
	for _, author := range authors {
		if !slices.Contains(c.Authors, author) {
			return fmt.Errorf("right: there is no author %q; there are %s", author, show.List(slices.Clone(c.Authors)))
		}
	}
	c.Authors = authors
	return nil
}
