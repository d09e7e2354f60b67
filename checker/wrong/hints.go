package wrong

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"barewire/checker/course"
)

// HintsFile says, below the root, which wrong programs get hints for their own kind of
// failure, and which kind that is.
const HintsFile = "checker/red/hints.md"

// CheckHints chooses hints for all programs, as hint would for those who make these
// mistakes, and compares the choice with the file. Every kind of failure of a task must be
// that of a program. With update it writes the file anew instead.
func CheckHints(root string, c *course.Course, programs []Program, update bool) (problems []string) {
	var b bytes.Buffer
	b.WriteString("# Which mistakes have hints of their own\n\n" +
		"Each wrong program of `checker/wrong` whose failure is of a kind that `checker/course` has hints for, and that kind. All others get the hints of their task.\n" +
		"`UPDATE=1 go tool checker check -only course` writes this file; the gate compares it.\n")
	for _, step := range c.Steps {
		reds, err := LoadReds(root, step.Dir)
		if err != nil {
			return append(problems, err.Error())
		}
		used := make(map[string]bool)
		list := fmt.Sprintf("\n## %s\n\n", step.Dir)
		for _, p := range programs {
			_, task, err := c.Task(p.Task)
			if p.Step != step.Dir || err != nil {
				continue
			}
			if _, kind := task.HintsFor(p.CaughtBy, reds[p.Name()]+ends[p.EndsWith]); kind != "" {
				used[task.ID+" "+kind] = true
				b.WriteString(list)
				list = ""
				fmt.Fprintf(&b, "- %s: `%s`\n", p.Name(), kind)
			}
		}
		for _, task := range step.Tasks {
			for _, k := range task.Kinds {
				if !used[task.ID+" "+k.Pattern] {
					problems = append(problems, fmt.Sprintf("checker/course/%s.md: no wrong program of %s fails like `%s`", step.Dir, task.ID, k.Pattern))
				}
			}
		}
	}
	file := filepath.Join(root, filepath.FromSlash(HintsFile))
	old, err := os.ReadFile(file)
	switch old = bytes.ReplaceAll(old, []byte("\r\n"), []byte("\n")); {
	case err == nil && bytes.Equal(old, b.Bytes()):
	case !update:
		problems = append(problems, HintsFile+" is out of date: UPDATE=1 go tool checker check -only course")
	default:
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			problems = append(problems, err.Error())
		}
	}
	return problems
}

// ends are what the report says of programs that are caught by their end.
var ends = map[string]string{"panic": " got a panic:", "hang": " got no end:"}
