// Package compare holds the two commands that bring the learner's code and what
// the workshop has together: solution, which shows the reference beside it, and
// reset, which goes back to the beginning and keeps what was there.
//
// The differences are found by git where it is installed. Read solution.go and
// reset.go, in either order.
package compare

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/show"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

// The folders that are compared; git shows them in front of each file's name.
const (
	yours     = "yours"
	reference = "reference"
)

// Solution shows the learner's code of a step beside the reference's, as the
// lines that differ.
func Solution(ctx context.Context, w *workshop.Workshop, args []string) int {
	names, err := workshop.Parse(flag.NewFlagSet("solution", flag.ContinueOnError), args)
	if err == nil && len(names) != 1 {
		err = errors.New("solution: of which step? For example: " + w.Command("solution", "STEP=1"))
	}
	var step course.Step
	if err == nil {
		step, err = w.Step(names[0])
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	if err := showSolution(ctx, w, step); err != nil {
		return w.Fail(workshop.Red, fmt.Errorf("solution: %w", err))
	}
	return workshop.Green
}

func showSolution(ctx context.Context, w *workshop.Workshop, step course.Step) error {
	if !w.HasReference(step) {
		return fmt.Errorf("the reference of step %d is not here: the folder solutions/%s", step.Number, step.Dir)
	}
	dir, err := os.MkdirTemp("", "barewire-solution-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(w.Path("steps/"+step.Dir), filepath.Join(dir, yours), nil); err != nil {
		return err
	}
	if err := copyTree(w.Path("solutions/"+step.Dir), filepath.Join(dir, reference), clean); err != nil {
		return err
	}
	w.Lines(w.Style.Bold(fmt.Sprintf("Step %d, %s: your code and the reference", step.Number, step.Title)), "")
	w.Lines(show.Wrap("This gives the answer away. It is one answer of many: where the tests are green, yours is right too. "+
		"Lines with - are only in yours, lines with + only in the reference.", show.Width)...)
	w.Lines("")
	if _, err := exec.LookPath("git"); err != nil {
		return printAll(w, filepath.Join(dir, reference))
	}
	return diff(ctx, w, dir)
}

// diff lets git print what differs.
func diff(ctx context.Context, w *workshop.Workshop, dir string) error {
	color := "--color=never"
	if w.Style.Color {
		color = "--color=always"
	}
	cmd := exec.CommandContext(ctx, "git", "--no-pager", "diff", "--no-index", "--no-ext-diff", "--no-textconv",
		"--no-prefix", "--ignore-cr-at-eol", "--patience", color, yours, reference)
	cmd.Dir = dir
	cmd.Stdout = w.Out
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		w.Lines("Your code and the reference are the same.")
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return nil // they differ
	}
	return fmt.Errorf("git diff: %w: %s", err, strings.TrimSpace(stderr.String()))
}

// printAll prints every file in dir.
func printAll(w *workshop.Workshop, dir string) error {
	w.Lines("git is not installed, so the reference is shown as it is.")
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		w.Printf("\n%s\n\n%s", w.Style.Bold(filepath.ToSlash(rel)), text)
		return nil
	})
}

// copyTree copies the files of a step, tests and testdata apart, through change.
func copyTree(from, to string, change func([]byte) []byte) error {
	return walk(from, func(rel string) error {
		text, err := os.ReadFile(filepath.Join(from, rel))
		if err != nil {
			return err
		}
		if change != nil && strings.HasSuffix(rel, ".go") {
			text = change(text)
		}
		path := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, text, 0o666)
	})
}

// walk calls f with the path of each regular file in dir that is a learner's to
// write, relative to dir.
func walk(dir string, f func(rel string) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !d.Type().IsRegular() || strings.HasSuffix(d.Name(), "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return f(rel)
	})
}

// clean takes the maintainers' directives out of a file of the reference, with
// the empty comment lines before them, and imports the steps.
func clean(text []byte) []byte {
	var out []string
	for line := range strings.Lines(string(starter.ToSteps(text))) {
		if strings.HasPrefix(strings.TrimSpace(line), "//starter:") {
			for n := len(out); n > 0 && strings.TrimSpace(out[n-1]) == "//"; n-- {
				out = out[:n-1]
			}
			continue
		}
		out = append(out, line)
	}
	return []byte(strings.TrimLeft(strings.Join(out, ""), "\n"))
}
