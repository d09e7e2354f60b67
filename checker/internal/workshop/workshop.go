// Package workshop is what every command of the learner shares: where the
// workshop is, which steps are in it, how a command is written for the one who
// reads it, and what is remembered between two commands.
//
// It leaves out what the commands do. Read this file first, then state.go.
package workshop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"barewire/checker/course"
	"barewire/checker/internal/show"

	"golang.org/x/mod/modfile"
)

// Statuses that a command exits with.
const (
	Green = 0 // everything that was asked for is as it should be
	Red   = 1 // a test is red, or the command failed
	Usage = 2 // the command was not understood
)

// A Workshop is one call of the program in one copy of the workshop.
type Workshop struct {
	Root   string
	Course *course.Course
	Out    io.Writer // what was asked for
	Err    io.Writer // complaints
	Style  show.Style
	ByMake bool // called by make: then commands are shown as make's
	Tty    bool // a human reads Out at a terminal
}

// FindRoot returns the root of the workshop around dir: the folder with the
// go.mod of module barewire.
func FindRoot(dir string) (string, error) {
	renamed := ""
	for at := dir; ; {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		switch name := modfile.ModulePath(text); {
		case err != nil:
		case name == "barewire":
			return at, nil
		default:
			if _, err := os.Stat(filepath.Join(at, "checker", "course")); err == nil {
				renamed = fmt.Sprintf("%s says module %s, and the workshop's module has to be barewire: all imports say so", filepath.Join(at, "go.mod"), name)
			}
		}
		up := filepath.Dir(at)
		if up == at && renamed != "" {
			return "", errors.New(renamed)
		}
		if up == at {
			return "", fmt.Errorf("%s is not inside the workshop: no folder around it has the go.mod of module barewire", dir)
		}
		at = up
	}
}

// Printf writes to the learner.
func (w *Workshop) Printf(format string, args ...any) {
	fmt.Fprintf(w.Out, format, args...)
}

// Lines writes lines to the learner.
func (w *Workshop) Lines(lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(w.Out, line)
	}
}

// Fail complains and returns status.
func (w *Workshop) Fail(status int, err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if len(line) > show.Width && !strings.HasPrefix(line, " ") {
			line = strings.Join(show.Wrap(line, show.Width), "\n")
		}
		fmt.Fprintln(w.Err, line)
	}
	return status
}

// Path returns the path of a slash-separated name below the root.
func (w *Workshop) Path(name string) string {
	return filepath.Join(w.Root, filepath.FromSlash(name))
}

// Here reports whether the learner has the step: a folder with tests.
func (w *Workshop) Here(s course.Step) bool {
	entries, _ := os.ReadDir(w.Path("steps/" + s.Dir)) // a folder that is not there is empty
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return strings.HasSuffix(e.Name(), "_test.go")
	})
}

// HasReference reports whether the reference of the step is here; copies that are handed
// out to students have none.
func (w *Workshop) HasReference(s course.Step) bool {
	_, err := os.Stat(w.Path("solutions/" + s.Dir))
	return err == nil
}

// Program returns the folder, in the tree "steps" or "solutions", of the program
// that a step has to try it by hand, or "" if it has none. It is slash-separated and
// below the root.
func (w *Workshop) Program(tree string, s course.Step) string {
	for _, name := range []string{"demo", "barewire"} {
		dir := tree + "/" + s.Dir + "/" + name
		if _, err := os.Stat(w.Path(dir)); err == nil {
			return dir
		}
	}
	return ""
}

// StepsHere returns the steps that the learner has.
func (w *Workshop) StepsHere() []course.Step {
	var here []course.Step
	for _, s := range w.Course.Steps {
		if w.Here(s) {
			here = append(here, s)
		}
	}
	return here
}

// Step returns the step that name means, which must be here.
func (w *Workshop) Step(name string) (course.Step, error) {
	s, err := w.Course.Step(name)
	if err != nil {
		return s, err
	}
	if !w.Here(s) {
		return s, w.notHere(s)
	}
	return s, nil
}

// Task returns the task with the number id, and its step, which must be here.
func (w *Workshop) Task(id string) (course.Step, course.Task, error) {
	s, t, err := w.Course.Task(id)
	if err == nil && !w.Here(s) {
		err = w.notHere(s)
	}
	return s, t, err
}

func (w *Workshop) notHere(s course.Step) error {
	if _, err := os.Stat(w.Path("checker/handout/" + s.Dir + ".txt")); err == nil {
		return fmt.Errorf("the tests of step %d are gone, which were handed out: git checkout steps/%s brings them back", s.Number, s.Dir)
	}
	var here []string
	for _, s := range w.StepsHere() {
		here = append(here, fmt.Sprintf("  %2d  %s", s.Number, s.Title))
	}
	if len(here) == 0 {
		return errors.New("no step is here yet: the folder steps is empty")
	}
	return fmt.Errorf("step %d, %s, is not here yet; the steps that are:\n%s", s.Number, s.Title, strings.Join(here, "\n"))
}

// Next returns the step after s that is here, and whether there is one.
func (w *Workshop) Next(s course.Step) (course.Step, bool) {
	for _, next := range w.StepsHere() {
		if next.Number > s.Number {
			return next, true
		}
	}
	return course.Step{}, false
}

// Chapter returns the path of the step's chapter in docs, or "" if it is not
// written yet.
func (w *Workshop) Chapter(s course.Step) string {
	name := "docs/" + s.Dir + ".md"
	if _, err := os.Stat(w.Path(name)); err != nil {
		return ""
	}
	return name
}

// Command returns a command as it is typed: "make hint TASK=3.2" for a learner
// who uses make, "go tool checker hint 3.2" for one who does not. vars are
// written as for make; a step is left out where a task says it.
func (w *Workshop) Command(name string, vars ...string) string {
	if w.ByMake {
		return strings.TrimSpace("make " + name + " " + strings.Join(vars, " "))
	}
	args := []string{"go tool checker", name}
	for _, v := range vars {
		key, value, _ := strings.Cut(v, "=")
		switch key {
		case "STEP", "TASK":
			args = append(args, value)
		case "RACE", "ALL", "REFERENCE":
			args = append(args, "-"+strings.ToLower(key))
		default:
			args = append(args, "-"+strings.ToLower(key), value)
		}
	}
	return strings.Join(args, " ")
}
