package wrong

import (
	"os"
	"strings"
	"testing"
)

// TestReds reads what every wrong program is told: each text says what was done, what
// was wanted or came, and why it matters. It prints how many there are, by step.
func TestReds(t *testing.T) {
	const root = "../.."
	steps, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range steps {
		if !dir.IsDir() {
			continue
		}
		step := dir.Name()
		programs, err := LoadStep(root, step)
		if err != nil {
			t.Fatal(err)
		}
		reds, err := LoadReds(root, step)
		if err != nil {
			t.Fatal(err)
		}
		texts, ended := 0, 0
		for _, p := range programs {
			red := reds[p.Name()]
			switch {
			case red != "":
				texts++
			case p.EndsWith != "":
				ended++ // a panic or a hang, which the report puts into words
				continue
			default:
				t.Errorf("%s: nothing is known of what it is told", p.Name())
				continue
			}
			for _, labels := range [][]string{{"sent", "while"}, {"want", "got"}, {"why"}} {
				if !hasAny(red, labels) {
					t.Errorf("%s: what it is told has no %s:\n%s", p.Name(), strings.Join(labels, " and no "), red)
				}
			}
		}
		t.Logf("%s: %d wrong programs, %d are told what, what for and why, %d end in a panic or a hang", step, len(programs), texts, ended)
	}
}

// hasAny says whether a line of a report begins with one of the labels.
func hasAny(red string, labels []string) bool {
	for line := range strings.Lines(red) {
		for _, label := range labels {
			if strings.HasPrefix(line, label+" ") {
				return true
			}
		}
	}
	return false
}
