// Package wrong reads the wrong programs, which lie beside this file: small edits of
// the reference, of the kind that people make, each of which a test has to catch.
//
// It leaves out which programs there have to be, which the gate counts, and what the
// tests make of them, which checker/internal/trial finds out.
//
// Read this file first, then red.go.
package wrong

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// A Program is one wrong program.
type Program struct {
	File     string // its file below the root, with slashes
	Step     string // the folder of the step, such as "03-headers-bodies"
	Task     string // such as "3.2", from the name of the file
	About    string // the mistake, in a sentence
	CaughtBy string // the test that has to fail, with its subtest
	EndsWith string // "", or "panic" or "hang" where that is how it is caught
	Varies   bool   // what the test says depends on who is first
	Edits    []Edit
}

// An Edit replaces text that stands exactly once in a file of the reference.
type Edit struct{ File, Old, New string }

// Name is that of its file, such as "3.2-last-host".
func (p Program) Name() string { return strings.TrimSuffix(path.Base(p.File), ".txtar") }

// fileName is how the file of a wrong program is named: task, then what it is.
var fileName = regexp.MustCompile(`^(\d+\.\d+)-[a-z0-9.-]+\.txtar$`)

// Load reads every program below checker/wrong, in the order of their names. The
// error has a line for each file that is none.
func Load(root string) ([]Program, error) { return LoadStep(root, "") }

// LoadStep reads the programs of one step, such as "03-headers-bodies".
func LoadStep(root, step string) ([]Program, error) {
	var programs []Program
	var bad []error
	fsys := os.DirFS(root)
	err := fs.WalkDir(fsys, path.Join("checker/wrong", step), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".go" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if p, err := parse(name, text); err != nil {
			bad = append(bad, err)
		} else {
			programs = append(programs, p)
		}
		return nil
	})
	return programs, errors.Join(append(bad, err)...)
}

// parse reads one program.
func parse(name string, text []byte) (Program, error) {
	p := Program{File: name, Step: path.Base(path.Dir(name))}
	m := fileName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return p, fmt.Errorf("%s: the name of a wrong program is n.m-what.txtar", name)
	}
	p.Task = m[1]
	archive := txtar.Parse(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	var about []string
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if test, ok := strings.CutPrefix(line, "caught-by:"); ok {
			p.CaughtBy = strings.TrimSpace(test)
		} else if how, ok := strings.CutPrefix(line, "ends-with:"); ok {
			p.EndsWith = strings.TrimSpace(how)
		} else if line == "red: varies" {
			p.Varies = true
		} else if line != "" {
			about = append(about, line)
		}
	}
	p.About = strings.Join(about, " ")
	for pair := range slices.Chunk(archive.Files, 2) {
		if len(pair) < 2 || pair[1].Name != "with" {
			return p, fmt.Errorf("%s: after the text of %s comes a part named \"with\"", name, pair[0].Name)
		}
		p.Edits = append(p.Edits, Edit{pair[0].Name, part(pair[0].Data), part(pair[1].Data)})
	}
	switch {
	case p.About == "":
		return p, fmt.Errorf("%s: no sentence says what the mistake is", name)
	case p.CaughtBy == "":
		return p, fmt.Errorf("%s: no line \"caught-by:\" names a test", name)
	case p.EndsWith != "" && p.EndsWith != "panic" && p.EndsWith != "hang":
		return p, fmt.Errorf("%s: ends-with is panic or hang, not %q", name, p.EndsWith)
	case len(p.Edits) == 0:
		return p, fmt.Errorf("%s: nothing is edited", name)
	}
	return p, nil
}

// part returns the text of a part without its last line end, so that an edit may
// be a piece of a line.
func part(data []byte) string { return strings.TrimSuffix(string(data), "\n") }

// Sources returns the files of the reference that the program edits, edited, by
// name. The old text must stand exactly once in its file.
func (p Program) Sources(root string) (map[string][]byte, error) {
	sources := map[string][]byte{}
	for _, e := range p.Edits {
		src, ok := sources[e.File]
		if !ok {
			var err error
			src, err = os.ReadFile(filepath.Join(root, "solutions", p.Step, filepath.FromSlash(e.File)))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.File, err)
			}
		}
		if n := bytes.Count(src, []byte(e.Old)); n != 1 {
			return nil, fmt.Errorf("%s: the text to replace stands %d times in %s, not once:\n%s", p.File, n, e.File, e.Old)
		}
		sources[e.File] = bytes.Replace(src, []byte(e.Old), []byte(e.New), 1)
	}
	for file, src := range sources {
		if _, err := format.Source(src); err != nil {
			return nil, fmt.Errorf("%s: %s is no Go any more: %w", p.File, file, err)
		}
	}
	return sources, nil
}
