package build

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
	"barewire/checker/internal/starter"
)

// Where things are in a tree.
const (
	driverDir     = "checker/grader/driver" // with an adapter for each step in stepNN
	driverPackage = "./" + driverDir
	stepsDir      = "steps"
	ownDir        = "own" // the student's steps, where steps/ has the reference
	ownAdapters   = driverDir + "/own"
)

// Sources are the files that were handed in, by the number of the step and by their
// name in the step's folder.
type Sources map[int]map[string][]byte

// A plan says what goes into a tree.
type plan struct {
	base    string  // result.Own or result.Reference
	sources Sources // the student's steps that are in it; others are the reference's
	links   []int   // the steps that the driver calls

	commands []string // packages that are compiled as well
}

// tree returns the files of a tree, by their paths.
//
// On the student's base, steps/ has the student's steps. On the reference's, it has
// the reference, and each of the student's is in own/ with a copy of its adapter:
// so all ten stand on the reference at once.
func (b *Builder) tree(p plan) map[string][]byte {
	files := map[string][]byte{"go.mod": b.mod}
	maps.Copy(files, b.driver)
	imports, calls := &bytes.Buffer{}, &bytes.Buffer{}
	for _, s := range b.steps {
		lay(files, path.Join(stepsDir, s.dir), s.files)
		own, handedIn := p.sources[s.number]
		adapter := path.Join(driverDir, adapterName(s.number))
		switch {
		case handedIn && p.base == result.Own:
			maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, path.Join(stepsDir, s.dir)+"/") })
			lay(files, path.Join(stepsDir, s.dir), own)
		case handedIn:
			lay(files, path.Join(ownDir, s.dir), own)
			adapter = path.Join(ownAdapters, adapterName(s.number))
			b.ownAdapter(files, s, adapter)
		}
		if slices.Contains(p.links, s.number) {
			fmt.Fprintf(imports, "\t%q\n", "barewire/"+adapter)
			fmt.Fprintf(calls, "\t%s.Register,\n", adapterName(s.number))
		}
	}
	files[driverDir+"/links.go"] = fmt.Appendf(nil, "package main\n\nimport (\n%s)\n\nvar links = []func(){\n%s}\n", imports, calls)
	return files
}

// ownAdapter lays a copy of a step's adapter that calls the student's.
func (b *Builder) ownAdapter(files map[string][]byte, s step, adapter string) {
	from := path.Join(driverDir, adapterName(s.number)) + "/"
	for name, text := range b.driver {
		if rest, ok := strings.CutPrefix(name, from); ok {
			files[path.Join(adapter, rest)] = bytes.ReplaceAll(text,
				[]byte(strconv.Quote("barewire/steps/"+s.dir)), []byte(strconv.Quote("barewire/own/"+s.dir)))
		}
	}
}

// examined reports whether the driver has an adapter for a step.
func (b *Builder) examined(number int) bool {
	prefix := path.Join(driverDir, adapterName(number)) + "/"
	for name := range b.driver {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func adapterName(number int) string { return fmt.Sprintf("step%02d", number) }

func lay(files map[string][]byte, dir string, from map[string][]byte) {
	for name, text := range from {
		if full := path.Join(dir, name); strings.Contains(name, "/") {
			asPackage(files, full, text)
		} else {
			files[full] = text
		}
	}
}

// loadSteps reads the reference.
func loadSteps(dir string) ([]step, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "-")
		n, err := strconv.Atoi(number)
		if err != nil || !e.IsDir() {
			continue
		}
		s := step{number: n, dir: e.Name()}
		if s.files, err = starter.Package(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
		for name, text := range s.files {
			s.files[name] = starter.ToSteps(text)
		}
		command, err := starter.Package(filepath.Join(dir, e.Name(), commandDir))
		if err != nil {
			return nil, err
		}
		s.command = map[string][]byte{}
		for name, text := range command {
			s.command[path.Join(commandDir, name)] = starter.ToSteps(text)
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("there is no step in %s", dir)
	}
	return steps, nil
}

// ReadSteps reads the steps in a folder such as solutions as a submission would have
// them: Go files, tests apart, by their names. It returns the steps' own folders, too.
func ReadSteps(dir string) (Sources, map[int]string, error) {
	steps, err := loadSteps(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("build: %w", err)
	}
	all, dirs := make(Sources), make(map[int]string)
	for _, s := range steps {
		all[s.number], dirs[s.number] = s.files, s.dir
	}
	return all, dirs, nil
}

// loadDriver reads the driver, with the paths of the steps for those of the solutions.
func loadDriver(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[path.Join(driverDir, filepath.ToSlash(rel))] = starter.ToSteps(text)
		return err
	})
	return files, err
}

// write writes files below a folder, for whoever builds to read. They are as new as can be:
// go keeps in its cache what is in a package whose files are older than two seconds, and
// says that there is no such package where it cannot write to that.
func write(dir string, files map[string][]byte) error {
	made := map[string]bool{}
	new := time.Now().Add(time.Hour)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if parent := filepath.Dir(full); !made[parent] {
			if err := os.MkdirAll(parent, 0o755); err != nil {
				return err
			}
			made[parent] = true
		}
		if err := os.WriteFile(full, files[name], 0o644); err != nil {
			return err
		}
		if err := os.Chtimes(full, new, new); err != nil {
			return err
		}
	}
	return readable(dir)
}

// check finds what is wrong with a step before anything is compiled: names that are
// no Go files', and imports of what only the checker may import. Later steps are such,
// and the step itself: where steps/ has the reference, it would call that. What is wrong
// with the step's command is apart.
func (b *Builder) check(s step, files map[string][]byte) (found, command []result.Finding) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		full := path.Join(stepsDir, s.dir, name)
		if !plainName(name) {
			found = append(found, finding(sandbox.Printable(full), 0, 0, "this is no name of a Go file"))
			continue
		}
		fset := token.NewFileSet()
		f, _ := parser.ParseFile(fset, full, files[name], parser.ImportsOnly)
		if f == nil {
			continue // the compiler says it better
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			if why := b.refuses(s, name, p); why != "" {
				at := fset.PositionFor(spec.Pos(), false)
				f := finding(full, at.Line, at.Column, why)
				if IsCommand(full) {
					command = append(command, f)
				} else {
					found = append(found, f)
				}
			}
		}
	}
	return found, command
}

// imports returns the steps that files import.
func (b *Builder) imports(files map[string][]byte) []int {
	var numbers []int
	for name, text := range files {
		f, _ := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if f == nil {
			continue
		}
		for _, spec := range f.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			for _, s := range b.steps {
				if p == "barewire/steps/"+s.dir {
					numbers = append(numbers, s.number)
				}
			}
		}
	}
	return numbers
}

// refuses says why a step may not import a package, or "".
func (b *Builder) refuses(s step, name, p string) string {
	p = path.Clean(p)
	if p == "C" {
		return `"C" cannot be imported: the workshop is written in Go`
	}
	if p != "barewire" && !strings.HasPrefix(p, "barewire/") && !strings.HasPrefix(p, ".") && !strings.HasPrefix(p, "/") {
		return ""
	}
	for _, other := range b.steps {
		if p == "barewire/steps/"+other.dir && (other.number < s.number || other.number == s.number && strings.Contains(name, "/")) {
			return ""
		}
	}
	return fmt.Sprintf("%q cannot be imported: a step may import those before it", sandbox.Printable(p))
}

// plainName reports whether a file may have this name in a tree.
func plainName(name string) bool {
	if !filepath.IsLocal(name) || path.Clean(name) != name || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Count(name, "/") > 1 || len(name) > 200 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '\\' || r == ':' || r == '"' || r == '\'' || r == 0xfffd
	})
}

// finding is one of a build.
func finding(file string, line, column int, text string) result.Finding {
	return result.Finding{Kind: result.Build, File: file, Line: line, Column: column, Text: text}
}
