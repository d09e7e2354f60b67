package gate

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"barewire/checker/internal/source"
)

// sentencesFile has the names of all tests of the steps, as they were written: what
// the docs say about a task comes from there. A subtest's name is known only when it
// has run, so the file is compared with what did.
const sentencesFile = "docs/site/tests.txt"

// sentences returns the file for the tests that ran. Each line has a step, a test
// function, and behind a tab the sentence of one of its subtests, if it has any.
func (g *gate) sentences() string {
	tree := source.New(g.root)
	var b strings.Builder
	b.WriteString("# The tests of the steps. UPDATE=1 go tool checker check -only green writes this file.\n")
	for _, step := range slices.Sorted(maps.Keys(g.green)) {
		names := g.green[step]
		parents := make(map[string]bool)
		for _, name := range names {
			parents[path.Dir(name)] = true
		}
		for _, name := range names {
			top, _, sub := strings.Cut(name, "/")
			if parents[name] {
				continue // its subtests say it
			}
			number, _, _ := strings.Cut(step, "-")
			fmt.Fprintf(&b, "%s %s", number, top)
			if sub {
				fmt.Fprintf(&b, "\t%s", tree.Row(step, name).Sentence)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// sentences compares the file with the tests that ran, or writes it with UPDATE=1.
func (v *verdict) sentences(g *gate) {
	update := os.Getenv("UPDATE") == "1"
	// Elsewhere than on Linux some tests have nothing to run on.
	if g.step != "" || g.green == nil || runtime.GOOS != "linux" || len(v.failures) > 0 && !update {
		return
	}
	name := filepath.Join(g.root, filepath.FromSlash(sentencesFile))
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return // a copy without the docs
	}
	ran := g.sentences()
	if update {
		if err := os.WriteFile(name, []byte(ran), 0o666); err != nil {
			v.failf("%v", err)
		}
		return
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != ran {
		v.failf("%s is not what ran: \"UPDATE=1 go tool checker check -only green\" writes it", sentencesFile)
		return
	}
	v.passed++
}
