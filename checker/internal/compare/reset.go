package compare

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"barewire/checker/course"
	"barewire/checker/internal/show"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

// Reset makes a step what it was in the beginning. What the learner wrote is
// copied to a dated folder first; the tests are not touched.
func Reset(ctx context.Context, w *workshop.Workshop, args []string) int {
	names, err := workshop.Parse(flag.NewFlagSet("reset", flag.ContinueOnError), args)
	if err == nil && len(names) != 1 {
		err = errors.New("reset: which step? For example: " + w.Command("reset", "STEP=1"))
	}
	var step course.Step
	if err == nil {
		step, err = w.Step(names[0])
	}
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	r := &reset{root: w.Root, step: step, now: time.Now()}
	if err := r.run(); err != nil {
		err = fmt.Errorf("reset: %w", err)
		if r.kept {
			err = fmt.Errorf("%w\nNothing is lost: what you wrote is in %s", err, r.backup)
		}
		return w.Fail(workshop.Red, err)
	}
	r.print(ctx, w)
	return workshop.Green
}

// A reset is one way back to the beginning.
type reset struct {
	root string
	step course.Step
	now  time.Time

	changed []string // the learner's files that become those of the starter
	added   []string // the learner's files that the starter does not have
	missing []string // the starter's files that the learner does not have
	backup  string   // where changed and added were copied to, below the root
	kept    bool     // they are all there

	fail func(path string) error // for tests: called before each change
}

// run does all of it: look, copy, and only then change.
func (r *reset) run() error {
	files, err := starter.Generate(filepath.Join(r.root, "solutions", r.step.Dir))
	if err != nil {
		return err
	}
	if err := r.look(files); err != nil {
		return err
	}
	if len(r.changed)+len(r.added) > 0 {
		if err := r.keep(); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(r.changed, r.missing) {
		if err := r.replace(name, files[name]); err != nil {
			return err
		}
	}
	for _, name := range r.added {
		if err := r.remove(name); err != nil {
			return err
		}
	}
	return nil
}

func (r *reset) path(name string) string {
	return filepath.Join(r.root, "steps", r.step.Dir, filepath.FromSlash(name))
}

// look finds out which files have to change.
func (r *reset) look(files map[string][]byte) error {
	there := make(map[string]bool)
	err := walk(r.path("."), func(rel string) error {
		name := filepath.ToSlash(rel)
		there[name] = true
		text, err := os.ReadFile(r.path(name))
		want, ok := files[name]
		switch {
		case err != nil:
			return err
		case !ok:
			r.added = append(r.added, name)
		case !bytes.Equal(text, want):
			r.changed = append(r.changed, name)
		}
		return nil
	})
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !there[name] {
			r.missing = append(r.missing, name)
		}
	}
	return err
}

// keep copies what will change into a new folder, and reads it back.
func (r *reset) keep() error {
	parent := filepath.Join(r.root, workshop.StateDir, "backup")
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	stamp := r.now.Format("2006-01-02-150405") + "-" + r.step.Dir
	dir := filepath.Join(parent, stamp)
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		dir = filepath.Join(parent, fmt.Sprintf("%s-%d", stamp, n))
	}
	r.backup = workshop.StateDir + "/backup/" + filepath.Base(dir)
	for _, name := range slices.Concat(r.changed, r.added) {
		text, err := os.ReadFile(r.path(name))
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := writeSynced(to, text); err != nil {
			return fmt.Errorf("nothing was changed, because the copy failed: %w", err)
		}
		if copied, err := os.ReadFile(to); err != nil || !bytes.Equal(copied, text) {
			return fmt.Errorf("nothing was changed, because the copy %s is not like your file", to)
		}
	}
	r.kept = true
	return nil
}

// replace puts text where name is. The file is never half written.
func (r *reset) replace(name string, text []byte) error {
	path := r.path(name)
	if err := r.before(path); err != nil {
		return err
	}
	temp := path + ".new"
	if err := writeSynced(temp, text); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return err
	}
	return nil
}

// remove deletes a file that the learner added, and its folder if that is empty.
func (r *reset) remove(name string) error {
	path := r.path(name)
	if err := r.before(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	if dir := filepath.Dir(path); dir != r.path(".") {
		_ = os.Remove(dir) // it stays if anything is in it
	}
	return nil
}

func (r *reset) before(path string) error {
	if r.fail == nil {
		return nil
	}
	return r.fail(path)
}

// writeSynced writes a file that is on the disk when it returns.
func writeSynced(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// print says what was done, and where everything is.
func (r *reset) print(ctx context.Context, w *workshop.Workshop) {
	step := fmt.Sprintf("STEP=%d", r.step.Number)
	if len(r.changed)+len(r.added)+len(r.missing) == 0 {
		w.Lines(fmt.Sprintf("Step %d, %s, is as it was in the beginning; there is nothing to reset.", r.step.Number, r.step.Title))
	} else {
		w.Lines(w.Style.Bold(fmt.Sprintf("Step %d, %s, is as it was in the beginning.", r.step.Number, r.step.Title)), "")
		list := func(what string, names []string) {
			if len(names) > 0 {
				w.Lines(show.Hang(fmt.Sprintf("  %-14s", what), strings.Join(names, ", "))...)
			}
		}
		list("back again", r.missing)
		list("begun anew", r.changed)
		list("taken away", r.added)
		if r.backup != "" {
			w.Lines("", "What you wrote is kept in", "  "+r.backup, "Copy a file from there to steps/"+r.step.Dir+" to have it back.")
		}
	}
	if tests := changedTests(ctx, r.root, r.step); len(tests) > 0 {
		w.Lines("")
		w.Lines(show.Wrap("Reset leaves tests alone. These are not as git has them:", show.Width)...)
		for _, name := range tests {
			w.Lines("  " + name)
		}
	}
	w.Lines("", "next   "+w.Command("test", step))
}

// changedTests returns the tests of a step that differ from what git has, if git
// is here and knows.
func changedTests(ctx context.Context, root string, step course.Step) []string {
	cmd := exec.CommandContext(ctx, "git", "-c", "core.quotePath=false", "status", "--porcelain", "--no-renames", "--untracked-files=all",
		"--", "steps/"+step.Dir)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(strings.TrimSuffix(line, "\n"))
		if _, name, _ = strings.Cut(name, " "); strings.HasSuffix(name, "_test.go") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}
