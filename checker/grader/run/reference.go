package run

import (
	"bytes"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/grader/build"
)

// reference is the reference solution, to compare with.
type reference struct {
	files   build.Sources
	imports map[int][]int // which steps each step imports
}

// loadReference reads the solutions as a submission would have them.
func loadReference(root string) (reference, error) {
	r := reference{imports: make(map[int][]int)}
	var err error
	if r.files, _, err = build.ReadSteps(filepath.Join(root, "solutions")); err != nil {
		return r, err
	}
	for n, files := range r.files {
		r.imports[n] = imported(files)
	}
	return r, nil
}

// number is that of a step's folder, or 0.
func number(dir string) int {
	n, _, _ := strings.Cut(dir, "-")
	step, _ := strconv.Atoi(n)
	return step
}

// imported returns the steps that files import.
func imported(files map[string][]byte) []int {
	all := make(map[int]bool)
	for name, text := range files {
		f, _ := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if f == nil {
			continue
		}
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if dir, ok := strings.CutPrefix(path, "barewire/steps/"); ok && number(dir) > 0 {
				all[number(dir)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// same reports whether files are those of the reference's step.
func (r reference) same(step int, files map[string][]byte) bool {
	return maps.EqualFunc(files, r.files[step], bytes.Equal)
}

// below returns the steps that a step stands on, directly or not: those that the
// reference imports and those that the student does.
func (r reference) below(step int, sources build.Sources) []int {
	seen := map[int]bool{step: true}
	for todo := []int{step}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, d := range slices.Concat(r.imports[n], imported(sources[n])) {
			if !seen[d] {
				seen[d] = true
				todo = append(todo, d)
			}
		}
	}
	delete(seen, step)
	return slices.Sorted(maps.Keys(seen))
}
