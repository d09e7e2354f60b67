package learner_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"barewire/checker/internal/fixture"
	"barewire/checker/internal/learner"
	"barewire/checker/internal/starter"
	"barewire/checker/internal/workshop"
)

// commands are what an archive's comment may call. write puts a file in the
// place of another, as a learner would.
var commands = map[string]func(context.Context, *workshop.Workshop, []string) int{
	"test":     learner.Test,
	"hint":     learner.Hint,
	"progress": learner.Progress,
	"bisect":   learner.Bisect,
	"write": func(_ context.Context, w *workshop.Workshop, args []string) int {
		text, err := os.ReadFile(w.Path(args[1]))
		if err == nil {
			err = os.WriteFile(w.Path(args[0]), text, 0o666)
		}
		if err != nil {
			return w.Fail(workshop.Red, err)
		}
		return workshop.Green
	},
	"remove": func(_ context.Context, w *workshop.Workshop, args []string) int {
		if err := os.RemoveAll(w.Path(args[0])); err != nil {
			return w.Fail(workshop.Red, err)
		}
		return workshop.Green
	},
	"handout": func(_ context.Context, w *workshop.Workshop, _ []string) int {
		for _, s := range w.StepsHere() {
			stale, err := starter.CompareHandout(w.Root, s.Dir)
			if err == nil {
				err = starter.Write(w.Root, w.Path("unused"), stale)
			}
			if err != nil {
				return w.Fail(workshop.Red, err)
			}
		}
		return workshop.Green
	},
}

// TestTranscripts runs the commands of each archive in testdata, one after the
// other, and compares all that is printed.
func TestTranscripts(t *testing.T) {
	for _, archive := range fixture.Archives(t) {
		t.Run(archive.Name(), func(t *testing.T) {
			if archive.Name() == "hint-race" && exec.Command("go", "test", "-race", "-run=^$", "sort").Run() != nil {
				t.Skip("the race detector does not work here")
			}
			archive.Compare(t, transcript(t, archive.Lay(t), archive))
		})
	}
}

// transcript runs the commands of an archive and returns what was typed and printed.
func transcript(t *testing.T, w *workshop.Workshop, archive fixture.Archive) string {
	t.Helper()
	var b bytes.Buffer
	w.Out, w.Err = &b, &b
	for _, command := range archive.Commands() {
		fmt.Fprintf(&b, "$ %s\n", strings.Join(command, " "))
		status := commands[command[0]](t.Context(), w, command[1:])
		fmt.Fprintf(&b, "(exit status %d)\n\n", status)
	}
	return b.String()
}

// TestCRLF says that whoever has files with the line ends of Windows reads the same.
func TestCRLF(t *testing.T) {
	for _, archive := range fixture.Archives(t) {
		if name := archive.Name(); name != "broken" && name != "hint" && name != "bisect-own" {
			continue
		}
		t.Run(archive.Name(), func(t *testing.T) {
			w := archive.Lay(t)
			err := filepath.WalkDir(w.Root, func(name string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				return os.WriteFile(name, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), 0o666)
			})
			if err != nil {
				t.Fatal(err)
			}
			archive.Compare(t, transcript(t, w, archive))
		})
	}
}

// ofMake is what only who uses make can type.
var ofMake = regexp.MustCompile(`make (test|hint|progress|run|solution|reset|bisect)\b|(STEP|TASK|BASE|ALL)=`)

// TestNoMake says that who does not use make never reads about it.
func TestNoMake(t *testing.T) {
	for _, archive := range fixture.Archives(t) {
		if name := archive.Name(); name != "test" && name != "hint" && name != "green" && name != "bisect-own" {
			continue
		}
		t.Run(archive.Name(), func(t *testing.T) {
			w := archive.Lay(t)
			var b bytes.Buffer
			w.Out, w.Err, w.ByMake = &b, &b, false
			for _, command := range archive.Commands() {
				commands[command[0]](t.Context(), w, command[1:])
			}
			if found := ofMake.FindString(b.String()); found != "" {
				t.Errorf("%q is mentioned:\n%s", found, &b)
			}
			fixture.Narrow(t, b.String())
		})
	}
}

// TestStateIsOptional says that a state that cannot be read is forgotten, and
// that one that cannot be written stops no test.
func TestStateIsOptional(t *testing.T) {
	archive := fixture.Archives(t)[0]
	w := archive.Lay(t)
	var b bytes.Buffer
	w.Out, w.Err = &b, &b
	if err := os.WriteFile(w.Path(workshop.StateDir), []byte("a file where a folder should be"), 0o666); err != nil {
		t.Fatal(err)
	}
	if status := learner.Test(t.Context(), w, []string{"1"}); status != workshop.Green {
		t.Errorf("exit status %d:\n%s", status, &b)
	}
}
