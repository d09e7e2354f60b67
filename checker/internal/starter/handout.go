package starter

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// handoutFile has, below the root, what the folder of a step had in it when it was
// handed out: its tests with a digest of each, and the starter's files, whose digests have
// a minus in front, as they are there to be changed.
func handoutFile(step string) string { return "checker/handout/" + step + ".txt" }

// CompareStep returns what is not as it should be of a step's starter, and of the list of
// what is handed out of it.
func CompareStep(root, step string) ([]Stale, error) {
	stale, err := Compare(root, step)
	if err != nil {
		return nil, err
	}
	list, err := CompareHandout(root, step)
	return append(stale, list...), err
}

// CompareHandout returns the file that says what is handed out of a step, if it is not
// what it should be.
func CompareHandout(root, step string) ([]Stale, error) {
	files, err := Generate(filepath.Join(root, "solutions", step))
	if err != nil {
		return nil, err
	}
	var lines []string
	for name, text := range files {
		lines = append(lines, name+" -"+digest(text)+"\n")
	}
	tests, err := filepath.Glob(filepath.Join(root, "steps", step, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, test := range tests {
		text, err := os.ReadFile(test)
		if err != nil {
			return nil, err
		}
		lines = append(lines, filepath.Base(test)+" "+digest(text)+"\n")
	}
	slices.Sort(lines)
	want := []byte(strings.Join(lines, ""))
	have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(handoutFile(step))))
	if err != nil && !os.IsNotExist(err) || bytes.Equal(unix(have), want) {
		return nil, err
	}
	return []Stale{{Path: handoutFile(step), Have: have, Want: want}}, nil
}

// Handout says how the folder of a step differs from what was handed out: tests that
// were changed, and files that are gone. All are named below the root. What is not known
// is not said.
func Handout(root, step string) (changed, gone []string) {
	for _, h := range handedOut(root, step) {
		switch text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file))); {
		case os.IsNotExist(err):
			gone = append(gone, h.file)
		case err == nil && !h.mine && digest(text) != h.sum:
			changed = append(changed, h.file)
		}
	}
	return changed, gone
}

// Untouched reports whether a step is as it was handed out, with no file of Go besides.
// Where no list says how that was, it is compared with what the reference gives.
func Untouched(root, step string) bool {
	list := handedOut(root, step)
	if len(list) == 0 {
		stale, err := Compare(root, step)
		return err == nil && len(stale) == 0
	}
	names := map[string]bool{}
	for _, h := range list {
		names[h.file] = true
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file)))
		if err != nil || digest(text) != h.sum {
			return false
		}
	}
	files, _ := filepath.Glob(filepath.Join(root, "steps", step, "*.go"))
	for _, file := range files {
		if !names[path.Join("steps", step, filepath.Base(file))] {
			return false
		}
	}
	return true
}

// A handed is a file that was handed out.
type handed struct {
	file string // below the root
	sum  string
	mine bool // the learner's, to be changed
}

// handedOut reads the list of a step. Where there is none, nothing is known.
func handedOut(root, step string) (all []handed) {
	list, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(handoutFile(step))))
	for line := range strings.Lines(string(list)) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), " ")
		sum, mine := strings.CutPrefix(sum, "-")
		all = append(all, handed{path.Join("steps", step, name), sum, mine})
	}
	return all
}

// digest tells one text from another, whatever its line ends.
func digest(text []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(unix(text)))[:16]
}

// unix returns a text with the line ends of Unix.
func unix(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}
