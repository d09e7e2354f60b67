// Package right holds the right programs: implementations of every step by people
// who had the chapter and the starter and not the reference, each in a manner of its
// own. A test that refuses one of them asks for what nobody has asked for.
//
// The programs are in checker/_right/AUTHOR/NN-topic; the underscore keeps the go
// command from taking them for packages of the workshop. An author is named by manner.
//
// It leaves out marks: the grader has them, and is asked by the gate.
//
// Read this file first, then run.go, survey.go and mix.go.
package right

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"barewire/checker/internal/overlay"
	"barewire/checker/internal/starter"
)

// Dir is where the programs are, below the root.
const Dir = "checker/_right"

// Reference is the author of the solutions.
const Reference = "reference"

// A Collection is all right programs of a workshop.
type Collection struct {
	root    string
	Steps   []string // the folders of the steps, in order
	Authors []string
	Lines   map[Program]int // how many lines an author has written for a step
}

// A Program is what an author wrote for a step.
type Program struct{ Author, Step string }

// Load reads which programs there are.
func Load(root string) (*Collection, error) {
	steps, err := starter.Steps(root)
	if err != nil {
		return nil, err
	}
	authors, err := os.ReadDir(filepath.Join(root, Dir))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	c := &Collection{root: root, Steps: steps, Lines: map[Program]int{}}
	for _, author := range authors {
		c.Authors = append(c.Authors, author.Name())
		for _, step := range steps {
			n, err := lines(filepath.Join(root, Dir, author.Name(), step))
			if err != nil {
				return nil, err
			}
			if n > 0 {
				c.Lines[Program{author.Name(), step}] = n
			}
		}
	}
	return c, nil
}

// lines returns how many lines the Go files in dir have, which may not be there.
func lines(dir string) (n int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		n += bytes.Count(text, []byte("\n"))
	}
	return n, nil
}

// Has reports whether the author has written the step.
func (c *Collection) Has(author, step string) bool {
	return author == Reference || c.Lines[Program{author, step}] > 0
}

// Of returns the authors of a step.
func (c *Collection) Of(step string) []string {
	return slices.DeleteFunc(slices.Clone(c.Authors), func(author string) bool { return !c.Has(author, step) })
}

// A Chain says whose program lies at each step.
type Chain map[string]string

// Own is the chain of one author. What they have not written is the reference's.
func (c *Collection) Own(author string) Chain {
	chain := Chain{}
	for _, step := range c.Steps {
		chain[step] = Reference
		if c.Has(author, step) {
			chain[step] = author
		}
	}
	return chain
}

// Alone is a chain in which all steps but one are the reference's.
func (c *Collection) Alone(author, step string) Chain {
	chain := c.Own(Reference)
	chain[step] = author
	return chain
}

// plan lays a chain over the steps.
func (c *Collection) plan(chain Chain) (*overlay.Plan, error) {
	p := overlay.New(c.root)
	for _, step := range c.Steps {
		author := chain[step]
		var err error
		switch {
		case author == Reference:
			err = p.ReferenceUnder(step)
		case c.Has(author, step):
			err = p.ProgramUnder(step, path.Join(Dir, author, step))
		default:
			err = fmt.Errorf("%s has not written %s", author, step)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Submit writes what an author would hand in to a folder: their programs and what the
// starters had complete. What they have not written is another author's, for the
// reference may not be handed in, or else as it was handed out.
func (c *Collection) Submit(author, dir string) error {
	for _, step := range c.Steps {
		author := author
		if of := c.Of(step); !c.Has(author, step) && len(of) > 0 {
			author = of[0]
		}
		files, err := starter.Generate(filepath.Join(c.root, "solutions", step))
		if c.Has(author, step) {
			files, err = starter.Given(c.root, step)
		}
		if err != nil {
			return err
		}
		to := filepath.Join(dir, "steps", step)
		for name, text := range files {
			file := filepath.Join(to, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(file, text, 0o666); err != nil {
				return err
			}
		}
		written, err := filepath.Glob(filepath.Join(c.root, Dir, author, step, "*.go"))
		if err != nil {
			return err
		}
		for _, file := range written {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}
