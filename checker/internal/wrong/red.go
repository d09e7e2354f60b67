package wrong

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// RedFile returns the file, below the root, with what the tests of a step say about its
// wrong programs: what a learner reads who makes each of those mistakes.
func RedFile(step string) string { return "checker/red/" + step + ".md" }

// Reds are the texts with which tests have caught programs, by the names of these.
type Reds map[string]string

// parseReds reads the texts of a step.
func parseReds(file []byte) Reds {
	reds := Reds{}
	for part := range strings.SplitSeq("\n"+string(file), "\n## ") {
		name, rest, _ := strings.Cut(part, "\n")
		_, block, ok := strings.Cut(rest, "\n```text\n")
		block, _, closed := strings.Cut(block, "\n```\n")
		if ok && closed {
			reds[name] = block
		}
	}
	return reds
}

// format writes the texts of a step's programs.
func (reds Reds) format(step string, programs []Program) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What a wrong %s is told\n\n", step)
	b.WriteString("Each mistake of `checker/wrong/" + step + "`, and what its test says to the one who made it.\n" +
		"`UPDATE=1 go tool checker check -only wrong -step " + step[:2] + "` writes this file; the gate compares it, numbers apart.\n")
	for _, p := range programs {
		if p.Step == step && reds[p.name()] != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```text\n%s\n```\n", p.name(), p.About, reds[p.name()])
		}
	}
	return b.Bytes()
}

var (
	// changing is what differs from run to run: times, ports, counts, addresses.
	changing = regexp.MustCompile(`0x[0-9a-f]+|\d+(\.\d+)?`)
	units    = regexp.MustCompile(`#(ns|µs|ms|m|s)\b`)
	stack    = regexp.MustCompile(`(?s)(stack=|goroutine #).*`)
)

// sameRed reports whether two texts differ in nothing but what changes from run to run.
func sameRed(a, b string) bool { return unchanging(a) == unchanging(b) }

func unchanging(text string) string {
	text = strings.Join(strings.Fields(text), " ") // long lines are broken elsewhere
	text = changing.ReplaceAllString(text, "#")
	text = units.ReplaceAllString(text, "#s")
	text = strings.ReplaceAll(text, "# #", "#")
	return stack.ReplaceAllString(text, "$1")
}

// CheckReds compares what the tests said with the files, and says what is another text.
// With update it writes the files anew instead; a text that is the same stays.
func CheckReds(root string, programs []Program, results []Result, update bool) (problems []string) {
	var steps []string
	for _, p := range programs {
		if !slices.Contains(steps, p.Step) {
			steps = append(steps, p.Step)
		}
	}
	for _, step := range steps {
		file := filepath.Join(root, filepath.FromSlash(RedFile(step)))
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			problems = append(problems, err.Error())
			continue
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		old, now := parseReds(text), Reds{}
		differ := 0
		for i, p := range programs {
			if p.Step != step {
				continue
			}
			name, red := p.name(), results[i].Red
			switch {
			case results[i].Err != nil || sameRed(old[name], red) || p.Varies && old[name] != "":
				now[name] = old[name]
			default:
				now[name] = red
				differ++
				if !update {
					problems = append(problems, fmt.Sprintf("%s: the test says another text than %s has:\n%s", p.File, RedFile(step), red))
				}
			}
		}
		switch whole := now.format(step, programs); {
		case bytes.Equal(whole, text):
		case update:
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, whole, 0o666)); err != nil {
				problems = append(problems, err.Error())
			}
		case differ == 0:
			problems = append(problems, fmt.Sprintf("%s is out of date: UPDATE=1 go tool checker check -only wrong -step %s", RedFile(step), step[:2]))
		}
	}
	return problems
}
