// Package starter turns the reference solutions into what a learner begins
// with: the same declarations and doc comments, with the bodies that are to be
// written replaced by a TODO line. The directives that say what to replace are
// described in checker/README.md.
//
// It cuts and pastes bytes at the positions that go/parser reports and never
// reprints a syntax tree, so everything that it does not mean to change stays
// as it was written. It leaves out type checking: a starter is compiled, and
// seen to be red, by barewire/checker/internal/gate.
//
// Read generate.go first, then directive.go, stub.go, zero.go and imports.go.
package starter

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Generate returns the starter of the step whose reference solution lies in
// solutionDir, such as "solutions/02-request-line": the content of each file by
// its slash-separated path relative to solutionDir. Tests, testdata and files
// that go ignores are left out; in files that are not Go, such as a Containerfile, the
// folder solutions becomes steps.
//
// The error joins one message, "file:line: …", for each directive that is
// misused and each file that does not parse.
func Generate(solutionDir string) (map[string][]byte, error) {
	names, err := starterFiles(solutionDir)
	if err != nil {
		return nil, fmt.Errorf("starter: %w", err)
	}
	folders := map[string][]string{} // the names of the Go files of a package
	out := map[string][]byte{}
	for _, name := range names {
		if path.Ext(name) == ".go" {
			folders[path.Dir(name)] = append(folders[path.Dir(name)], name)
			continue
		}
		text, err := os.ReadFile(filepath.Join(solutionDir, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("starter: %w", err)
		}
		out[name] = solutionsFolder.ReplaceAll(text, []byte("steps"))
	}
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		p, err := load(solutionDir, folders[dir])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, p.generate(out)...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

// Given returns the files of a step's starter in which there is nothing to be written:
// the reference has them as they are.
func Given(root, step string) (map[string][]byte, error) {
	dir := filepath.Join(root, "solutions", step)
	files, err := Generate(dir)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		solution, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if path.Ext(name) == ".go" && !bytes.Equal(ToSteps(solution), text) {
			delete(files, name)
		}
	}
	return files, nil
}

// solutionsFolder is the name of the folder, as a word.
var solutionsFolder = regexp.MustCompile(`\bsolutions\b`)

// starterFiles lists the files below dir that a starter is made from or made
// of: neither tests, nor testdata, nor what go ignores. A dir that does not
// exist has none.
func starterFiles(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			if file == dir && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		skip := d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")
		switch {
		case file == dir:
			return nil
		case d.IsDir() && skip:
			return filepath.SkipDir
		case skip || !d.Type().IsRegular() || strings.HasSuffix(d.Name(), "_test.go"):
			return nil
		}
		name, err := filepath.Rel(dir, file)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	return names, err
}

// A source is one Go file of a solution and what is to be changed in it.
type source struct {
	name  string // slash-separated, relative to the solution
	src   []byte
	file  *ast.File
	edits []edit
}

// A pkg is the package in one folder of a solution.
type pkg struct {
	step    int // the step's number, 0 if its folder has none
	fset    *token.FileSet
	sources []*source
	types   *typeTable
}

// load parses the Go files named, which are one package.
func load(solutionDir string, names []string) (*pkg, error) {
	p := &pkg{step: stepNumber(solutionDir), fset: token.NewFileSet(), types: newTypeTable(solutionDir)}
	var errs []error
	for _, name := range names {
		file := filepath.Join(solutionDir, filepath.FromSlash(name))
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(p.fset, file, src, parser.ParseComments)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.sources = append(p.sources, &source{name: name, src: src, file: f})
		p.types.add("", f)
	}
	return p, errors.Join(errs...)
}

// stepNumber returns the number that a step's folder begins with, or 0.
func stepNumber(dir string) int {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	digits, _, _ := strings.Cut(filepath.Base(dir), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// generate adds the package's starter to out and returns what is wrong with
// its directives.
func (p *pkg) generate(out map[string][]byte) []error {
	var errs []error
	for _, s := range p.sources {
		d := newDirectives(p, s)
		if !d.omitsFile() {
			d.declarations()
		}
		d.leftOver()
		errs = append(errs, d.errs...)
		if len(d.errs) > 0 || d.omitsFile() {
			continue
		}
		text, err := p.finish(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: the starter made from it is wrong: %w", p.fset.Position(s.file.Package).Filename, err))
			continue
		}
		out[s.name] = text
	}
	return errs
}

// finish applies the edits of a source, mends its imports and formats it.
func (p *pkg) finish(s *source) ([]byte, error) {
	text := apply(s.src, s.edits)
	if len(s.edits) > 0 {
		var err error
		if text, err = mendImports(text, p.types); err != nil {
			return nil, err
		}
	}
	return format.Source(ToSteps(text))
}

// An edit replaces the bytes from one offset to another.
type edit struct {
	from, to int
	text     string
}

// apply makes the edits in src. An edit that lies in the range of another one
// goes with it.
func apply(src []byte, edits []edit) []byte {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var out bytes.Buffer
	at := 0
	for _, e := range sorted {
		if e.from < at {
			continue
		}
		out.Write(src[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(src[at:])
	return out.Bytes()
}
