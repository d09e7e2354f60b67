package selftest_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/sandbox"
	"barewire/checker/grader/selftest"
)

var (
	everything = flag.Bool("everything", false, "grade the whole collection, not only what is quick")
	only       = flag.String("only", "", "`REGEXP` of the cases to grade")
)

// TestSelftest grades the quick part of the collection, in the best sandbox here.
func TestSelftest(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := sandbox.Private("")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	box, _, err := sandbox.Best(t.Context(), sandbox.Setup{Root: root, Dir: dir})
	if errors.Is(err, sandbox.ErrRefused) {
		t.Skipf("not run: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	cases, err := selftest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(*only)
	cases = slices.DeleteFunc(cases, func(c selftest.Case) bool {
		return !c.Quick && !*everything && *only == "" || !pattern.MatchString(c.Name)
	})
	seed := rand.Uint64() >> 16
	_, left, err := selftest.Run(t.Context(), selftest.Config{Root: root, Box: box, Dir: dir, Cases: cases, Seed: seed, Report: func(o selftest.Outcome) {
		t.Logf("%-30s %-10s %s %.1fs", o.Case.Name, o.Stopped, o.Mark(), o.Seconds)
		if len(o.Wrong) > 0 {
			t.Errorf("%s: %s (seed %d)", o.Case.Name, strings.Join(o.Wrong, "; "), seed)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range left {
		t.Errorf("left behind or touched: %s", what)
	}
}
