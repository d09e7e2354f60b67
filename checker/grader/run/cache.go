package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"barewire/checker/grader/result"
)

// A Cache keeps examinations, so that what has not changed is not examined again. Who
// can write to its folder can change marks, as who can write to the results: it lies
// beside them.
type Cache struct{ dir string }

// errCache marks an error of writing a cache.
var errCache = errors.New("run: what was found out cannot be kept")

// OpenCache opens a cache in a folder, which it makes if it is not there.
func OpenCache(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return &Cache{dir}, nil
}

// key names an examination by all that it depends on.
func (g *Grader) key(digest string) string {
	box, version := "", ""
	if g.Box != nil {
		box = g.Box.Name()
	}
	if g.Builder != nil {
		version = g.Builder.Version
	}
	text, err := json.Marshal([]any{digest, g.Seed, g.steps, g.Checker, version, box, g.Race, g.Allow})
	if err != nil {
		panic(err) // only of numbers, text and lists
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (c *Cache) path(key string) string { return filepath.Join(c.dir, key+".json") }

// get returns what is kept, or nil. A file that was cut off is as good as none.
func (c *Cache) get(key string) *Examination {
	if c == nil {
		return nil
	}
	text, err := os.ReadFile(c.path(key))
	e := new(Examination)
	if err != nil || json.Unmarshal(text, e) != nil || e.Status == "" {
		return nil
	}
	return e
}

func (c *Cache) put(key string, e *Examination) error {
	if c == nil {
		return nil
	}
	text, err := json.Marshal(e)
	if err == nil {
		err = result.Replace(c.path(key), text)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errCache, err)
	}
	return nil
}

// Version returns a digest of all that decides what an examination finds: the
// reference, the course and the grader itself, as they are in the workshop at root.
// Where it is the same, so is the exam.
func Version(root string) (string, error) {
	sum := sha256.New()
	for _, dir := range []string{"go.mod", "solutions", "checker/course", "checker/grader", "checker/internal/starter"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := d.Name()
			if d.IsDir() {
				if name == "convert" || name == "testdata" {
					return fs.SkipDir
				}
				return nil
			}
			if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && name != "go.mod" && filepath.Ext(name) != ".md" {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(rel), len(text))
			sum.Write(text)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("run: %w", err)
		}
	}
	return "barewire " + hex.EncodeToString(sum.Sum(nil))[:12], nil
}
