package gate

import (
	"cmp"
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

// sentences returns the file for the tests that ran, as they follow each other in the
// source. Each line has a step, a test function, and behind a tab the sentence of one of
// its subtests, if it has any. The seeds of a fuzz target have none.
func (g *gate) sentences() string {
	tree := source.New(g.root)
	var b strings.Builder
	b.WriteString("# The tests of the steps. UPDATE=1 go tool checker check -only green writes this file.\n")
	for _, step := range slices.Sorted(maps.Keys(g.green)) {
		number, _, _ := strings.Cut(step, "-")
		for _, name := range inOrder(tree, step, leaves(g.green[step])) {
			top, _, sub := strings.Cut(name, "/")
			fmt.Fprintf(&b, "%s %s", number, top)
			if sub {
				fmt.Fprintf(&b, "\t%s", tree.Row(step, name).Sentence)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// leaves returns the tests that have no subtests, and fuzz targets without their seeds.
func leaves(names []string) (all []string) {
	parents := make(map[string]bool)
	for _, name := range names {
		if !strings.HasPrefix(name, "Fuzz") {
			parents[path.Dir(name)] = true
		}
	}
	for _, name := range names {
		if !parents[name] && !(strings.HasPrefix(name, "Fuzz") && strings.Contains(name, "/")) {
			all = append(all, name)
		}
	}
	return all
}

// inOrder sorts tests by where they are in the source: by the function, then by the row.
func inOrder(tree *source.Tree, step string, names []string) []string {
	rows := make(map[string][2]source.Row)
	for _, name := range names {
		top, _, _ := strings.Cut(name, "/")
		rows[name] = [2]source.Row{tree.Row(step, top), tree.Row(step, name)}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := rows[a], rows[b]
		return cmp.Or(strings.Compare(x[0].File, y[0].File), cmp.Compare(x[0].Line, y[0].Line),
			cmp.Compare(x[1].Line, y[1].Line), strings.Compare(a, b))
	})
	return names
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
