package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/internal/overlay"
)

//go:embed runtime.txt
var runtimeSource string

// A step is the test program of a step, with all mutants of its reference in it.
type step struct {
	dir     string // where the tests run
	temp    string // a folder for the program
	mutants []Mutant
	tests   []test   // those that pass on the reference: the step's, the quickest first, and then its own
	red     []string // those that do not
	long    []string // those of its own that take longer than they may
}

// A test is one test function.
type test struct {
	name string
	took time.Duration
	sees map[int]bool // the mutants that it comes by
}

// rank is 0 for a test of the step and 1 for one of the reference's own.
func (t test) rank() int {
	if ofStep.MatchString(t.name) {
		return 0
	}
	return 1
}

func (s *step) remove() { _ = os.RemoveAll(s.temp) }

func (s *step) program() string { return filepath.Join(s.temp, "mutants.exe") }

// build makes the mutants of a step, compiles them, and finds out which test comes by
// which of them.
func build(ctx context.Context, root, name string, longest time.Duration) (*step, error) {
	temp, err := os.MkdirTemp("", "barewire-mutants-")
	if err != nil {
		return nil, err
	}
	s := &step{dir: filepath.Join(root, "solutions", name), temp: temp}
	if err := s.compile(ctx, root, name); err != nil {
		s.remove()
		return nil, err
	}
	if err := s.try(ctx, longest); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// compile writes the mutants and builds the program.
func (s *step) compile(ctx context.Context, root, name string) error {
	files, exports, err := list(ctx, root, "./solutions/"+name)
	if err != nil {
		return err
	}
	sources, err := s.mutate(files, exports)
	if err != nil {
		return err
	}
	plan := overlay.New(root)
	if err := plan.TestsOverSolution(name); err != nil {
		return err
	}
	for file, src := range sources {
		plan.Replace(path.Join("solutions", name, file), src)
	}
	file, remove, err := plan.Write()
	if err != nil {
		return err
	}
	defer remove()
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", s.program(), "-overlay="+file, "./solutions/"+name)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	return nil
}

// list returns the files of a package, and where the compiler left what it knows of each
// package that it imports.
func list(ctx context.Context, root, pkg string) (files []string, exports map[string]string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps",
		"-f", `{{.ImportPath}}|{{.Export}}|{{if not .DepOnly}}{{range .GoFiles}}{{$.Dir}}/{{.}}|{{end}}{{end}}`, pkg)
	cmd.Dir = root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, complaint.Bytes())
	}
	exports = map[string]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		exports[fields[0]] = fields[1]
		files = append(files, slices.DeleteFunc(fields[2:], func(f string) bool { return f == "" })...)
	}
	return files, exports, nil
}

// mutate returns the sources of the step with mutants, by the names of the files.
func (s *step) mutate(files []string, exports map[string]string) (map[string][]byte, error) {
	fset := token.NewFileSet()
	var trees []*ast.File
	var texts [][]byte
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		trees, texts = append(trees, tree), append(texts, src)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(pkg string) (io.ReadCloser, error) {
		return os.Open(exports[pkg])
	})}
	pkg, err := config.Check(trees[0].Name.Name, fset, trees, info)
	if err != nil {
		return nil, err
	}
	m := &mutator{fset: fset, info: info, pkg: pkg}
	sources := map[string][]byte{}
	for i, tree := range trees {
		if sources[filepath.Base(files[i])], err = m.mutate(tree, texts[i]); err != nil {
			return nil, err
		}
	}
	s.mutants = m.mutants
	sources["zz_mutants.go"] = fmt.Appendf(nil, "package %s\n\n%s\nconst mutantCount = %d\n", pkg.Name(), runtimeSource, len(m.mutants))
	return sources, nil
}

// limit is how long a test may take on a mutant beyond what it took on the reference.
const limit = 10 * time.Second

// exec runs tests of the program on a mutant and reports whether they passed.
func (s *step) exec(ctx context.Context, tests string, mutant int, limit time.Duration, env ...string) (bool, error) {
	// The program's own limit would print all goroutines; nobody reads them.
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program(), "-test.run="+tests, "-test.failfast", "-test.paniconexit0", "-test.timeout=0")
	cmd.Dir = s.dir
	cmd.Env = append(cmd.Environ(), append(env, "BAREWIRE_MUTANT="+strconv.Itoa(mutant))...)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return false, err
	}
	stop := watchMemory(cmd.Process)
	err := cmd.Wait()
	stop()
	return err == nil, nil
}

// try runs each test on the reference, and notes how long it takes and what it sees. One
// of the reference's own that takes longer than the longest is left out: a mutant that
// nothing catches would wait for all of them.
func (s *step) try(ctx context.Context, longest time.Duration) error {
	cmd := exec.CommandContext(ctx, s.program(), "-test.list=^(Test|Fuzz|Example)")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(out)) {
		seen := filepath.Join(s.temp, name)
		t := test{name: name, sees: map[int]bool{}}
		limit := 5 * time.Minute
		if longest > 0 && t.rank() > 0 {
			limit = longest
		}
		// The second time as on a mutant: without a file to write to, which the process has
		// from its start, a test may find other descriptors than with it.
		var passed bool
		for _, env := range [][]string{{"BAREWIRE_MUTANT_SEEN=" + seen}, nil} {
			start := time.Now()
			var err error
			if passed, err = s.exec(ctx, "^"+name+"$", 0, limit, env...); err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if t.took = time.Since(start); !passed {
				break
			}
		}
		if !passed {
			if t.took < limit {
				s.red = append(s.red, name)
			} else {
				s.long = append(s.long, name)
			}
			continue
		}
		text, _ := os.ReadFile(seen) // a test that comes by none leaves no file
		for id := range strings.FieldsSeq(string(text)) {
			n, _ := strconv.Atoi(id)
			t.sees[n] = true
		}
		s.tests = append(s.tests, t)
	}
	slices.SortStableFunc(s.tests, func(a, b test) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.took, b.took))
	})
	if len(s.tests) == 0 {
		return errors.New("no test passes on the reference")
	}
	return nil
}

// runAll runs mutants, some at a time, and calls done with each of them, in their order,
// and the test that caught it, or "".
func (s *step) runAll(ctx context.Context, mutants []Mutant, atOnce int, done func(m Mutant, by string)) error {
	type outcome struct {
		by  string
		err error
	}
	outcomes := make([]chan outcome, len(mutants))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	go func() {
		places := make(chan struct{}, atOnce)
		for i, m := range mutants {
			places <- struct{}{}
			go func() {
				by, err := s.catch(ctx, m)
				outcomes[i] <- outcome{by, err}
				<-places
			}()
		}
	}()
	for i, m := range mutants {
		select {
		case o := <-outcomes[i]:
			if o.err != nil {
				return o.err
			}
			done(m, o.by)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// catch runs the tests that come by a mutant until one of them fails, the quickest
// first, and returns its name.
func (s *step) catch(ctx context.Context, m Mutant) (string, error) {
	for _, t := range s.tests {
		if !t.sees[m.ID] {
			continue
		}
		passed, err := s.exec(ctx, "^"+t.name+"$", m.ID, limit+5*t.took)
		if err != nil || ctx.Err() != nil {
			return "", errors.Join(err, ctx.Err())
		}
		// A server's tests of its own are about times, and a machine that is busy may turn
		// one red: it has to be red twice.
		if !passed && t.rank() > 0 {
			if passed, err = s.exec(ctx, "^"+t.name+"$", m.ID, limit+5*t.took); err != nil || ctx.Err() != nil {
				return "", errors.Join(err, ctx.Err())
			}
		}
		if !passed {
			return t.name, nil
		}
	}
	return "", nil
}
