// Package overlay lays one of the repository's trees over another without
// copying anything into it: the step's tests over the reference, the reference
// under a learner's step, a wrong program over the right one.
//
// It writes the file that "go test -overlay" reads. Files whose import paths
// have to change are rewritten into a temporary folder; everything else is
// mapped as it lies. It leaves out running go; that is barewire/checker/internal/gotest.
//
// What an overlay cannot do: a running test sees the real disk, so testdata is
// where the package's folder really is (golang/go #66845), and coverage of files
// that exist only in an overlay is wrong (#73802). Measure coverage with
// [Plan.TestsOverSolution]; run everything else with [Plan.ReferenceUnder].
//
// Read overlay.go first, then trees.go.
package overlay

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Plan says which tree lies where; it becomes the file that go's -overlay
// flag reads. Later calls win over earlier ones where they name the same file.
type Plan struct {
	root  string
	files map[string]entry // by slash-separated path relative to root
}

// An entry is what go sees at a path: content, a file on disk, or nothing.
type entry struct {
	content []byte // a copy is written for it unless it is nil
	file    string // the absolute path of the file on disk that is seen
}

// New returns an empty plan for the module in root.
func New(root string) *Plan {
	if abs, err := filepath.Abs(root); err == nil {
		root = abs
	}
	return &Plan{root: root, files: map[string]entry{}}
}

// Replace makes go see content at path, which is relative to the root.
func (p *Plan) Replace(path string, content []byte) {
	if content == nil {
		content = []byte{}
	}
	p.files[filepath.ToSlash(filepath.Clean(path))] = entry{content: content}
}

// Write writes the overlay and the rewritten copies to a temporary folder and
// returns the path of the overlay, which is absolute. The caller must call
// close when go has ended; it removes the folder.
func (p *Plan) Write() (overlayJSON string, close func() error, err error) {
	dir, err := os.MkdirTemp("", "barewire-overlay-")
	if err != nil {
		return "", nil, fmt.Errorf("overlay: %w", err)
	}
	close = func() error { return os.RemoveAll(dir) }
	overlayJSON = filepath.Join(dir, "overlay.json")
	if err := p.writeTo(dir, overlayJSON); err != nil {
		_ = close()
		return "", nil, fmt.Errorf("overlay: %w", err)
	}
	return overlayJSON, close, nil
}

// writeTo writes the copies below dir and the overlay to the file named.
func (p *Plan) writeTo(dir, overlayJSON string) error {
	replace := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		e := p.files[name]
		seen := e.file
		if e.content != nil {
			// The copy keeps its path, for some messages of go name the copy.
			seen = filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(seen), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(seen, e.content, 0o666); err != nil {
				return err
			}
		}
		for _, root := range p.roots() {
			replace[filepath.Join(root, filepath.FromSlash(name))] = seen
		}
	}
	data, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(overlayJSON, data, 0o666)
}

// roots returns the names that the root goes by. An overlay whose paths do not
// match those that go uses is ignored without a word, and go may know the root
// by the name it was given or, through a symbolic link such as macOS's /tmp, by
// another.
func (p *Plan) roots() []string {
	roots := []string{p.root}
	if real, err := filepath.EvalSymlinks(p.root); err == nil && real != p.root {
		roots = append(roots, real)
	}
	return roots
}

// path returns the absolute path of a slash-separated one below the root.
func (p *Plan) path(slash string) string {
	return filepath.Join(p.root, filepath.FromSlash(slash))
}

// isTest reports whether a file is one of a package's tests.
func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }
