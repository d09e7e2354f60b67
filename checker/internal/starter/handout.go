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
// handed out: its tests with a digest of each, and the names of the starter's files.
func handoutFile(step string) string { return "checker/handout/" + step + ".txt" }

// CompareHandout returns the file that says what is handed out of a step, if it is not
// what it should be.
func CompareHandout(root, step string) ([]Stale, error) {
	files, err := Generate(filepath.Join(root, "solutions", step))
	if err != nil {
		return nil, err
	}
	var lines []string
	for name := range files {
		lines = append(lines, name+" -\n")
	}
	tests, err := filepath.Glob(filepath.Join(root, "steps", step, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, test := range tests {
		sum, err := digest(test)
		if err != nil {
			return nil, err
		}
		lines = append(lines, filepath.Base(test)+" "+sum+"\n")
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
	list, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(handoutFile(step)))) // an empty list says nothing
	for line := range strings.Lines(string(list)) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), " ")
		file := path.Join("steps", step, name)
		onDisk := filepath.Join(root, filepath.FromSlash(file))
		if _, err := os.Stat(onDisk); os.IsNotExist(err) {
			gone = append(gone, file)
		} else if sum == "-" {
			continue
		}
		if now, err := digest(onDisk); err == nil && sum != now {
			changed = append(changed, file)
		}
	}
	return changed, gone
}

// digest tells one text from another, whatever its line ends.
func digest(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(unix(text)))[:16], nil
}

// unix returns a text with the line ends of Unix.
func unix(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}
