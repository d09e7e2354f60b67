package policy

import (
	"fmt"
	"go/build"
	"path/filepath"
	"slices"

	"barewire/checker/internal/starter"
)

// A Corpus is what submissions are compared with: the reference solution, and servers
// that anybody can download. What every submission begins with is not compared.
type Corpus struct {
	given map[uint32]bool     // of the starters
	works map[uint32][]string // by hash: which works have it
}

// NewCorpus returns the reference solution of the workshop at root, net/http as it comes
// with Go where its source is there, and the servers and routers in known.txtar.
func NewCorpus(root string) (*Corpus, error) {
	c := &Corpus{given: make(map[uint32]bool), works: make(map[uint32][]string)}
	steps, err := starter.Steps(root)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	for _, step := range steps {
		files, err := starter.Generate(filepath.Join(root, "solutions", step))
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		for _, text := range files {
			for _, m := range marks(text) {
				c.given[m.hash] = true
			}
		}
	}
	for _, step := range steps {
		for _, dir := range []string{"", "barewire"} {
			if err := c.addFolder(reference, filepath.Join(root, "solutions", step, dir)); err != nil {
				return nil, fmt.Errorf("policy: %w", err)
			}
		}
	}
	for _, pkg := range []string{"net/http", "net/textproto", "net/http/internal"} {
		if err := c.addFolder("net/http", filepath.Join(build.Default.GOROOT, "src", filepath.FromSlash(pkg))); err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
	}
	return c, c.addKnown()
}

// addFolder adds the package in a folder.
func (c *Corpus) addFolder(work, dir string) error {
	files, err := starter.Package(dir)
	for _, text := range files {
		for _, m := range marks(text) {
			c.add(work, m.hash)
		}
	}
	return err
}

// add says that a work has a hash.
func (c *Corpus) add(work string, hash uint32) {
	if !c.given[hash] && !slices.Contains(c.works[hash], work) {
		c.works[hash] = append(c.works[hash], work)
	}
}
