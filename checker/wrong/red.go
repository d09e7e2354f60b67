package wrong

import (
	"os"
	"path/filepath"
	"strings"
)

// RedFile returns the file, below the root, with what the tests of a step say about its
// wrong programs: what a learner reads who makes each of those mistakes.
func RedFile(step string) string { return "checker/red/" + step + ".md" }

// Reds are the texts with which tests have caught programs, by the names of these.
type Reds map[string]string

// LoadReds reads the texts of a step, such as "03-headers-bodies". Where there is no
// file, there are none.
func LoadReds(root, step string) (Reds, error) {
	file, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(RedFile(step))))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return ParseReds(file), nil
}

// ParseReds finds the texts in such a file.
func ParseReds(file []byte) Reds {
	reds := Reds{}
	text := strings.ReplaceAll("\n"+string(file), "\r\n", "\n")
	for part := range strings.SplitSeq(text, "\n## ") {
		name, rest, _ := strings.Cut(part, "\n")
		_, block, ok := strings.Cut(rest, "\n```text\n")
		block, _, closed := strings.Cut(block, "\n```\n")
		if ok && closed {
			reds[name] = block
		}
	}
	return reds
}
