package build

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/internal/starter"
)

// Reference returns the steps of the reference.
func (b *Builder) Reference() Sources {
	all := make(Sources)
	for _, s := range b.steps {
		all[s.number] = s.files
	}
	return all
}

// Same reports whether files are those of the reference's step, of whose command some may
// be missing.
func (b *Builder) Same(number int, files map[string][]byte) bool {
	s := b.step(number)
	had := 0
	for name, text := range files {
		want, ok := s.files[name]
		if ok {
			had++
		} else if want, ok = s.command[name]; !ok {
			return false
		}
		if !bytes.Equal(text, want) {
			return false
		}
	}
	return had == len(s.files)
}

// Untouched reports whether files are those that a learner begins the step with.
func (b *Builder) Untouched(number int, files map[string][]byte) bool {
	given := b.step(number).starter
	for name, text := range files {
		if was, ok := given[name]; !ok || !bytes.Equal(was, text) {
			return false
		}
	}
	for name := range given {
		if _, ok := files[name]; !ok && !strings.Contains(name, "/") {
			return false
		}
	}
	return len(files) > 0
}

// Below returns the steps that a step stands on, directly or not: those that the
// reference imports and those that the student does.
func (b *Builder) Below(number int, sources Sources) []int {
	return closure(number, func(n int) []int { return slices.Concat(b.step(n).imports, b.imports(sources[n])) })
}

// Linked returns the steps that are in every program with a step, where sources are those
// of the student's that are built.
func (b *Builder) Linked(number int, sources Sources) []int {
	return closure(number, func(n int) []int {
		if files := sources[n]; len(files) > 0 {
			return b.imports(files)
		}
		return b.step(n).imports
	})
}

// closure returns all that a step imports, directly or not.
func closure(number int, imports func(int) []int) []int {
	seen := map[int]bool{number: true}
	for todo := []int{number}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, d := range imports(n) {
			if !seen[d] {
				seen[d] = true
				todo = append(todo, d)
			}
		}
	}
	delete(seen, number)
	return slices.Sorted(maps.Keys(seen))
}

// step returns a step by its number; one that there is not has nothing.
func (b *Builder) step(number int) step {
	for _, s := range b.steps {
		if s.number == number {
			return s
		}
	}
	return step{}
}

// loadStarters makes what learners begin with.
func (b *Builder) loadStarters() error {
	for i := range b.steps {
		s := &b.steps[i]
		s.imports = b.imports(s.files)
		files, err := starter.Generate(filepath.Join(b.Root, "solutions", s.dir))
		if err != nil {
			return err
		}
		s.starter = map[string][]byte{}
		for name, text := range files {
			if strings.HasSuffix(name, ".go") {
				s.starter[name] = text
			}
		}
	}
	return nil
}
