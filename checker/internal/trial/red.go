package trial

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"barewire/checker/wrong"
)

// formatReds writes the texts of a step's programs.
func formatReds(reds wrong.Reds, step string, programs []wrong.Program) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What a wrong %s is told\n\n", step)
	b.WriteString("Each mistake of `checker/wrong/" + step + "`, and what its test says to the one who made it.\n" +
		"`UPDATE=1 go tool checker check -only wrong -step " + step[:2] + "` writes this file; the gate compares it, numbers apart.\n")
	for _, p := range programs {
		if p.Step == step && reds[p.Name()] != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```text\n%s\n```\n", p.Name(), p.About, reds[p.Name()])
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
func CheckReds(root string, programs []wrong.Program, results []Result, update bool) (problems []string) {
	var steps []string
	for _, p := range programs {
		if !slices.Contains(steps, p.Step) {
			steps = append(steps, p.Step)
		}
	}
	for _, step := range steps {
		file := filepath.Join(root, filepath.FromSlash(wrong.RedFile(step)))
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			problems = append(problems, err.Error())
			continue
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		old, now := wrong.ParseReds(text), wrong.Reds{}
		differ := 0
		for i, p := range programs {
			if p.Step != step {
				continue
			}
			name, red := p.Name(), results[i].Red
			switch {
			case results[i].Err != nil || sameRed(old[name], red) || p.Varies && old[name] != "":
				now[name] = old[name]
			default:
				now[name] = red
				differ++
				if !update {
					problems = append(problems, fmt.Sprintf("%s: the test says another text than %s has:\n%s", p.File, wrong.RedFile(step), red))
				}
			}
		}
		switch whole := formatReds(now, step, programs); {
		case bytes.Equal(whole, text):
		case update:
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, whole, 0o666)); err != nil {
				problems = append(problems, err.Error())
			}
		case differ == 0:
			problems = append(problems, fmt.Sprintf("%s is out of date: UPDATE=1 go tool checker check -only wrong -step %s", wrong.RedFile(step), step[:2]))
		}
	}
	return problems
}
