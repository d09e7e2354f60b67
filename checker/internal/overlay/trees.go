package overlay

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"barewire/checker/internal/starter"
)

// TestsOverSolution makes go see the step's tests, steps/<step>/*_test.go and
// what lies in testdata, in solutions/<step>, with their imports rewritten to
// the solutions. Messages of the compiler name the tests where they really are.
func (p *Plan) TestsOverSolution(step string) error {
	from, to := path.Join("steps", step), path.Join("solutions", step)
	return p.walk(from, func(name string) error {
		if !isTest(name) && !inTestdata(name) {
			return nil
		}
		return p.lay(path.Join(from, name), path.Join(to, name), starter.ToSolutions)
	})
}

// Reference returns a plan with the reference under every step.
func Reference(root string) (*Plan, error) {
	steps, err := starter.Steps(root)
	if err != nil {
		return nil, err
	}
	p := New(root)
	for _, step := range steps {
		if err := p.ReferenceUnder(step); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ReferenceUnder makes go see the reference, solutions/<step> without tests, in
// steps/<step>, with imports rewritten to the steps. Files that a learner added
// there are hidden; the step's tests stay.
func (p *Plan) ReferenceUnder(step string) error {
	from, to := path.Join("solutions", step), path.Join("steps", step)
	if err := p.hide(to); err != nil {
		return err
	}
	return p.walk(from, func(name string) error {
		if isTest(name) || inTestdata(name) {
			return nil
		}
		return p.lay(path.Join(from, name), path.Join(to, name), starter.ToSteps)
	})
}

// StarterUnder makes go see the starter, generated anew from solutions/<step>,
// in steps/<step>, whatever a learner wrote there.
func (p *Plan) StarterUnder(step string) error {
	files, err := starter.Generate(p.path(path.Join("solutions", step)))
	if err != nil {
		return err
	}
	to := path.Join("steps", step)
	if err := p.hide(to); err != nil {
		return err
	}
	for name, content := range files {
		p.Replace(path.Join(to, name), content)
	}
	return nil
}

// ProgramUnder makes go see the Go files in dir, a folder below the root, in
// steps/<step>, as if a learner had written them there: beside them lies what the
// starter has complete, such as the types that a task is about. A file of dir takes
// the place of one of the same name.
func (p *Plan) ProgramUnder(step, dir string) error {
	given, err := starter.Given(p.root, step)
	if err != nil {
		return err
	}
	to := path.Join("steps", step)
	if err := p.hide(to); err != nil {
		return err
	}
	for name, content := range given {
		p.Replace(path.Join(to, name), content)
	}
	return p.walk(dir, func(name string) error {
		return p.lay(path.Join(dir, name), path.Join(to, name), func(src []byte) []byte { return src })
	})
}

// hide maps the sources in a folder of a step, tests apart, to nothing.
func (p *Plan) hide(dir string) error {
	if _, err := os.Stat(p.path(dir)); os.IsNotExist(err) {
		return nil // a step that nobody started yet
	}
	return p.walk(dir, func(name string) error {
		if compiles(name) && !isTest(name) && !inTestdata(name) {
			p.files[path.Join(dir, name)] = entry{}
		}
		return nil
	})
}

// lay makes go see the file at from in the place of to. Go sources are
// rewritten, and a line directive says where they are from: go reports the
// place that an overlay covers, which may hold another file or none.
func (p *Plan) lay(from, to string, rewrite func([]byte) []byte) error {
	real := p.path(from)
	if path.Ext(from) != ".go" || inTestdata(from) {
		p.files[to] = entry{file: real}
		return nil
	}
	content, err := os.ReadFile(real)
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	line := fmt.Sprintf("//line %s:1\n", real)
	p.files[to] = entry{content: append([]byte(line), rewrite(content)...)}
	return nil
}

// walk calls do with every regular file below dir, by its slash-separated path
// relative to dir. Files that go ignores, named .x or _x, are left out.
func (p *Plan) walk(dir string, do func(name string) error) error {
	root := p.path(dir)
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ignored := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")
		switch {
		case d.IsDir() && ignored:
			return filepath.SkipDir
		case ignored || !d.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(name))
	})
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	return nil
}

// inTestdata reports whether a path leads through a folder named testdata.
func inTestdata(name string) bool {
	return strings.Contains("/"+name, "/testdata/")
}

// compiles reports whether go would make a file part of a package.
func compiles(name string) bool {
	switch path.Ext(name) {
	case ".go", ".s", ".S", ".c", ".h", ".syso":
		return true
	}
	return false
}
